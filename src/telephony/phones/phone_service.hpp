#pragma once
/// @file PhoneService: a phone is created with its station and its SIP account in one step; the account's password is
/// returned once.

#include <string>

#include "base/random.hpp"
#include "telephony/config/configuration_service.hpp"

namespace dp::telephony {

/// A phone as create() stores it, and the password that goes with its SIP account.
struct PhoneDraft {
    Phone phone;
    std::string sip_password;
};

struct CreatedPhone {
    Ptr<Phone> phone;
    std::string sip_password;  ///< shown this once
    Committed commit;
};

class PhoneService {
public:
    PhoneService(Store& store, const Secrets& secrets, Random& random)
        : store_(store), configuration_(store, random), secrets_(secrets), random_(random) {}

    /// `phone` with name, site, base settings and user; id, station and SIP user name are made when empty.
    Result<PhoneDraft> draft(const WriteContext& context, Phone phone) const;
    void create(WriteContext context, PhoneDraft draft, Executor& reply_on, Reply<CreatedPhone> reply);
    void create(WriteContext context, Phone phone, Executor& reply_on, Reply<CreatedPhone> reply);
    /// Keeps station and SIP account.
    void replace(WriteContext context, Phone phone, std::int64_t expected_version, Executor& reply_on,
                 Reply<Committed> reply);
    /// A new SIP password; the old one stops working.
    void reset_password(WriteContext context, const PhoneId& id, Executor& reply_on, Reply<CreatedPhone> reply);

private:
    Store& store_;
    ConfigurationService configuration_;
    const Secrets& secrets_;
    Random& random_;
};

}  // namespace dp::telephony

#pragma once
/// @file AccountService: carrier accounts and their caller IDs (seed 4): create, change, choose the default, remove; add
/// and remove numbers. Nothing here asks the carrier: a number added is active at once and unverified.
///
/// Threads: any; replies run on the executor named, or at once when a rule is broken. `Committed::entities` holds the
/// account (or number) asked for last. Errors: InvalidValue and MissingField (with the dotted field), Duplicate (name
/// taken; number taken), Conflict (number not active yet, changed meanwhile), NotFound.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.hpp"
#include "telephony/accounts/carrier_catalogue.hpp"
#include "telephony/ports/store.hpp"
#include "telephony/write_context.hpp"

namespace dp::telephony {

/// One value of `config` as it came: nothing clears it.
struct SettingChange {
    std::string name;
    std::optional<std::string> value;
};

/// What a create or an update says; what is absent stays.
struct AccountChange {
    std::optional<std::string> name;
    std::vector<SettingChange> settings;
    bool make_default = false;
};

struct CallerIdChange {
    std::optional<std::string> label;
    std::optional<std::string> country_code;
    std::optional<std::string> metadata;  ///< a JSON object as text
    std::optional<bool> active;
    std::optional<bool> is_default;
    std::optional<CallFlowId> inbound_flow;  ///< empty: none
};

class AccountService {
public:
    AccountService(Store& store, const Secrets& secrets, Random& random)
        : store_(store), secrets_(secrets), random_(random) {}

    void create(WriteContext context, std::string_view carrier, AccountChange change, Executor& reply_on,
                Reply<Committed> reply);
    void update(WriteContext context, const TelephonyConfigurationId& id, AccountChange change, Executor& reply_on,
                Reply<Committed> reply);
    /// The account that was the default before is none any more, in the same unit of work.
    void set_default(WriteContext context, const TelephonyConfigurationId& id, Executor& reply_on,
                     Reply<Committed> reply);
    /// Its numbers go with it, but for those that another provider brought: they leave the pool.
    void remove(WriteContext context, const TelephonyConfigurationId& id, Executor& reply_on, Reply<Committed> reply);

    /// `address` as written: `+`, or `00`, country code and number, with blanks, dashes, dots and brackets. A number that
    /// the organization has already joins the pool, if it is active.
    void add_number(WriteContext context, const TelephonyConfigurationId& id, const std::string& address,
                    CallerIdChange change, Executor& reply_on, Reply<Committed> reply);
    void update_number(WriteContext context, const NumberId& id, CallerIdChange change, Executor& reply_on,
                       Reply<Committed> reply);
    void remove_number(WriteContext context, const NumberId& id, Executor& reply_on, Reply<Committed> reply);

private:
    Result<void> apply(TelephonyConfiguration& account, const AccountChange& change) const;
    Result<void> apply_setting(TelephonyConfiguration& account, const CarrierField& field,
                               const SettingChange& change) const;
    std::string mask_of(const TelephonyConfigurationId& id, std::string_view name, std::string_view value) const;
    void submit(UnitOfWork unit, WriteContext context, Executor& reply_on, Reply<Committed> reply);
    void put_account(UnitOfWork& unit, const WriteContext& context, TelephonyConfiguration account,
                     std::int64_t expected_version, std::string_view action) const;
    void put_number(UnitOfWork& unit, const WriteContext& context, Number number, std::int64_t expected_version,
                    std::string_view action) const;
    /// A configuration has one default caller ID: the others stop being it.
    void demote_default(UnitOfWork& unit, const OrganizationConfig& config, const WriteContext& context,
                        const TelephonyConfigurationId& account, const NumberId& but) const;
    Ptr<OrganizationConfig> config_of(const WriteContext& context) const;

    Store& store_;
    const Secrets& secrets_;
    Random& random_;
};

/// What makes an account unfit for outbound calls, or nothing.
std::string_view outbound_blocked_by(const OrganizationConfig& config, const TelephonyConfiguration& account);

/// E.164 from what people write: `+1 (415) 555-0100`, `0014155550100`. InvalidValue for what has no country code.
Result<std::string> normalize_address(std::string_view address);

}  // namespace dp::telephony

#pragma once
/// @file Phone: the record of one user's phone at one site, with its SIP account. Its station (where it is reachable
/// now) is live state.
///
/// Digest secrets are stored as HA1 per algorithm, sealed (reliability-security 4, row 48): a password is shown once,
/// at creation.

#include <optional>
#include <string>

#include "base/result.hpp"
#include "telephony/ids.hpp"
#include "telephony/ports/secrets.hpp"

namespace dp::telephony {

enum class DigestPolicy : std::uint8_t { Md5AndSha256, Sha256Only };

/// `username` is unique within the organization's SIP domain, which is also the realm.
struct SipAccount {
    std::string username;
    Sealed ha1_md5;
    Sealed ha1_sha256;
    DigestPolicy digest = DigestPolicy::Md5AndSha256;
};

struct Phone {
    PhoneId id;
    EntityMeta meta;
    std::string name;
    SiteId site;
    PhoneBaseSettingsId base_settings;
    UserId user;        ///< empty: not assigned
    StationId station;  ///< made with the phone, never changes
    SipAccount sip;
    bool enabled = true;
};

/// RFC 7616 section 3.4.2: H(username ":" realm ":" password), as lower-case hex.
std::string digest_ha1_md5(std::string_view username, std::string_view realm, std::string_view password);
std::string digest_ha1_sha256(std::string_view username, std::string_view realm, std::string_view password);

/// The context under which an account's HA1 values are sealed.
std::string ha1_context(std::string_view username, std::string_view realm);

/// A SIP account for this username whose HA1 values are sealed.
SipAccount make_sip_account(const Secrets& secrets, std::string_view username, std::string_view realm,
                            std::string_view password);

}  // namespace dp::telephony

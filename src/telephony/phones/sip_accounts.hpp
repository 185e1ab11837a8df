#pragma once
/// @file SipAccounts: who a digest user name is, for the registrar and the proxy side of the control shard.
///
/// Threads: the caller's; reads one snapshot. An unknown name gives nothing: the caller still computes with a fake HA1
/// so that known and unknown names take the same time (sip-stack 5.1).

#include <optional>
#include <string>
#include <string_view>

#include "telephony/config/snapshot.hpp"

namespace dp::telephony {

enum class DigestAlgorithm : std::uint8_t { Md5, Sha256 };

struct SipIdentity {
    OrganizationId organization;
    Ptr<Phone> phone;
    std::string ha1;  ///< lower-case hex, for the algorithm asked
};

/// `auth_username` is a phone's SIP user name or a short-lived name of it; the realm is the organization's SIP domain.
/// Nothing for an unknown, disabled or expired one, or an algorithm that the account refuses.
std::optional<SipIdentity> find_sip_identity(const Snapshot& snapshot, const Secrets& secrets, std::string_view realm,
                                             std::string_view auth_username, DigestAlgorithm algorithm, WallTime now);

}  // namespace dp::telephony

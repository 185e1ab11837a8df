#include "telephony/phones/sip_accounts.hpp"

#include "telephony/phones/short_lived_credential.hpp"

namespace dp::telephony {
namespace {

std::optional<std::string> stored_ha1(const SipAccount& account, const Secrets& secrets, std::string_view realm,
                                      DigestAlgorithm algorithm) {
    const Sealed& sealed = algorithm == DigestAlgorithm::Md5 ? account.ha1_md5 : account.ha1_sha256;
    auto opened = secrets.open(sealed, ha1_context(account.username, realm));
    return opened ? std::optional(std::move(*opened)) : std::nullopt;
}

std::string short_lived_ha1(const Secrets& secrets, std::string_view auth_username, std::string_view realm,
                            DigestAlgorithm algorithm) {
    const std::string password = short_lived_password(secrets, auth_username, realm);
    return algorithm == DigestAlgorithm::Md5 ? digest_ha1_md5(auth_username, realm, password)
                                             : digest_ha1_sha256(auth_username, realm, password);
}

}  // namespace

std::optional<SipIdentity> find_sip_identity(const Snapshot& snapshot, const Secrets& secrets, std::string_view realm,
                                             std::string_view auth_username, DigestAlgorithm algorithm, WallTime now) {
    const auto& config = snapshot.organization_of_domain(realm);
    if (!config) return std::nullopt;
    const auto refused = [&](const Ptr<Phone>& phone) {
        return !phone || !phone->enabled ||
               (algorithm == DigestAlgorithm::Md5 && phone->sip.digest == DigestPolicy::Sha256Only);
    };
    if (const auto& phone = config->phone_by_sip_username(auth_username); !refused(phone)) {
        auto ha1 = stored_ha1(phone->sip, secrets, realm, algorithm);
        return ha1 ? std::optional(SipIdentity{config->id(), phone, std::move(*ha1)}) : std::nullopt;
    }
    const auto name = parse_short_lived(auth_username);
    if (!name || name->expires <= now) return std::nullopt;
    const auto& phone = config->phone_by_sip_username(name->sip_username);
    // A short-lived password is not a stored secret: browsers know MD5 alone on a WebSocket, whatever the account's own
    // policy.
    if (!phone || !phone->enabled) return std::nullopt;
    return SipIdentity{config->id(), phone, short_lived_ha1(secrets, auth_username, realm, algorithm)};
}

}  // namespace dp::telephony

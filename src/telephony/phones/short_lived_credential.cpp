#include "telephony/phones/short_lived_credential.hpp"

#include "base/ascii.hpp"
#include "base/crypto.hpp"

namespace dp::telephony {

std::string short_lived_password(const Secrets& secrets, std::string_view auth_username, std::string_view realm) {
    const std::string key = secrets.derive("short-lived-sip-password");
    const auto mac = crypto::hmac_sha256(key, std::string(auth_username).append("@").append(realm));
    return crypto::base64url(crypto::as_text(mac));
}

ShortLivedCredential issue_short_lived(const Secrets& secrets, std::string_view sip_username, std::string_view realm,
                                       WallTime now, std::chrono::seconds lifetime) {
    const auto expires = std::chrono::floor<std::chrono::seconds>(now + lifetime);
    ShortLivedCredential out;
    out.auth_username =
        std::string(sip_username).append(".").append(std::to_string(expires.time_since_epoch().count()));
    out.password = short_lived_password(secrets, out.auth_username, realm);
    out.expires = expires;
    return out;
}

std::optional<ShortLivedName> parse_short_lived(std::string_view auth_username) {
    const std::size_t dot = auth_username.rfind('.');
    if (dot == std::string_view::npos || dot == 0) return std::nullopt;
    // Ten digits: a SIP user name such as `john.1` is not mistaken for a short-lived one.
    const std::string_view digits = auth_username.substr(dot + 1);
    const auto seconds = ascii::parse_decimal<std::uint32_t>(digits);
    if (!seconds || digits.size() != 10) return std::nullopt;
    return ShortLivedName{auth_username.substr(0, dot), WallTime{std::chrono::seconds(*seconds)}};
}

}  // namespace dp::telephony

#pragma once
/// @file Short-lived SIP credentials for the browser phone: a page never holds a phone's long-lived password
/// (product.md "Console login").
///
/// The digest user name is `USERNAME.EXPIRY` (EXPIRY = decimal seconds since 1970), the password a MAC over it: nothing
/// is stored, the registrar recomputes. The address of record stays USERNAME.

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "telephony/ports/secrets.hpp"

namespace dp::telephony {

struct ShortLivedCredential {
    std::string auth_username;
    std::string password;
    WallTime expires{};
};

ShortLivedCredential issue_short_lived(const Secrets& secrets, std::string_view sip_username, std::string_view realm,
                                       WallTime now, std::chrono::seconds lifetime);

struct ShortLivedName {
    std::string_view sip_username;
    WallTime expires{};
};
/// Splits `USERNAME.EXPIRY`; nothing when it has no such form.
std::optional<ShortLivedName> parse_short_lived(std::string_view auth_username);
std::string short_lived_password(const Secrets& secrets, std::string_view auth_username, std::string_view realm);

}  // namespace dp::telephony

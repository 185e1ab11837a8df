#include "telephony/phones/turn_credential.hpp"

#include <fmt/format.h>

#include "base/crypto.hpp"

namespace dp::telephony {

TurnCredential issue_turn_credential(std::string_view secret, std::string_view user, WallTime now,
                                     std::chrono::seconds lifetime) {
    TurnCredential out;
    out.username = fmt::format("{}:{}", to_millis(now + lifetime) / 1000, user);
    out.password = crypto::base64(crypto::as_text(crypto::hmac_sha1(secret, out.username)));
    return out;
}

}  // namespace dp::telephony

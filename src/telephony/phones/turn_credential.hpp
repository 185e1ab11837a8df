#pragma once
/// @file TurnCredential: a user name and password that a TURN server accepts until it expires, made from the secret it
/// shares with us; nothing is stored on either side.
///
/// User name `EXPIRY:USER` (seconds since 1970), password base64(HMAC-SHA1(secret, user name)). Source: "A REST API for
/// Access to TURN Services" (draft-uberti-behave-turn-rest-00, section 2.2), which coturn calls `use-auth-secret`.

#include <chrono>
#include <string>
#include <string_view>

#include "base/clock.hpp"

namespace dp::telephony {

struct TurnCredential {
    std::string username;
    std::string password;
};

TurnCredential issue_turn_credential(std::string_view secret, std::string_view user, WallTime now,
                                     std::chrono::seconds lifetime);

}  // namespace dp::telephony

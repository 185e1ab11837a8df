#pragma once
/// @file Standard Webhooks signatures: `v1,` and base64 of HMAC-SHA256 over `id.timestamp.body`, keyed with what stands
/// behind `whsec_`. Pure. Source: the Standard Webhooks specification.

#include <string>
#include <string_view>

#include "base/random.hpp"

namespace dp::events {

/// `whsec_` and 32 random octets as base64.
std::string make_secret(Random& random);

/// `timestamp` in seconds since 1970, as in the header.
std::string sign(std::string_view secret, std::string_view id, std::string_view timestamp, std::string_view body);

}  // namespace dp::events

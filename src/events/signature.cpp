#include "events/signature.hpp"

#include <array>

#include "base/crypto.hpp"

namespace dp::events {
namespace {

constexpr std::string_view kPrefix = "whsec_";

}  // namespace

std::string make_secret(Random& random) {
    std::array<std::uint8_t, 32> key{};
    random.fill(key);
    return std::string(kPrefix) + crypto::base64(crypto::as_text(key));
}

std::string sign(std::string_view secret, std::string_view id, std::string_view timestamp, std::string_view body) {
    if (secret.starts_with(kPrefix)) secret.remove_prefix(kPrefix.size());
    const auto key = crypto::base64_decode(secret);
    std::string content(id);
    content.append(".").append(timestamp).append(".").append(body);
    return "v1," + crypto::base64(crypto::as_text(crypto::hmac_sha256(key.value_or(std::string(secret)), content)));
}

}  // namespace dp::events

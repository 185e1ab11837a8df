#pragma once
/// @file Hashes, MACs, encodings, password hashing and sealing. OpenSSL and libsodium stay behind this header.
///
/// All functions may be called from any thread. SHA-1 and MD5 exist for the protocols that demand them (STUN, RFC 7616)
/// only.

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace dp::crypto {

using Sha256 = std::array<std::uint8_t, 32>;
using Sha1 = std::array<std::uint8_t, 20>;
using Md5 = std::array<std::uint8_t, 16>;

Sha256 sha256(std::string_view data);
Md5 md5(std::string_view data);
Sha256 hmac_sha256(std::string_view key, std::string_view data);
Sha1 hmac_sha1(std::string_view key, std::string_view data);

std::string hex(std::span<const std::uint8_t> data);
std::string base64(std::string_view data);
std::string base64url(std::string_view data);  ///< RFC 4648 section 5, no padding
/// Standard alphabet, padding optional; nothing on any other octet.
std::optional<std::string> base64_decode(std::string_view text);

/// Constant time for equal lengths.
bool equal(std::string_view a, std::string_view b);

/// Argon2id (19 MiB, t=2: about 30 ms), in libsodium's self-describing form. For people's passwords only.
std::string hash_password(std::string_view password);
bool verify_password(std::string_view hash, std::string_view password);

/// XChaCha20-Poly1305 with a random nonce in front; `context` is authenticated, not stored (table and row of the
/// secret).
std::string seal(const std::array<std::uint8_t, 32>& key, std::string_view plain, std::string_view context);
Result<std::string> open(const std::array<std::uint8_t, 32>& key, std::string_view sealed, std::string_view context);

inline std::string_view as_text(std::span<const std::uint8_t> bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace dp::crypto

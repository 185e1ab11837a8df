#pragma once
/// @file Public-key signature checks for JSON Web Signatures (RFC 7518 section 3, RFC 8037). Keys and signatures are the
/// raw octets that a JWK and a JWS carry; whatever is malformed, of the wrong length or off the curve is false.
///
/// Threads: any. RSA moduli between 2048 and 4096 bits, so that a key cannot buy our time; its exponent at most 2^32.

#include <string_view>

namespace dp::crypto {

/// RSASSA-PKCS1-v1_5 with SHA-256.
bool verify_rs256(std::string_view modulus, std::string_view exponent, std::string_view data,
                  std::string_view signature);
/// ECDSA on P-256 with SHA-256; the signature is R and S of 32 octets each.
bool verify_es256(std::string_view x, std::string_view y, std::string_view data, std::string_view signature);
bool verify_ed25519(std::string_view key, std::string_view data, std::string_view signature);

/// Would the checks above take this key at all? For an answer when it is registered rather than at its first use.
bool is_rsa_key(std::string_view modulus, std::string_view exponent);
bool is_p256_key(std::string_view x, std::string_view y);
bool is_ed25519_key(std::string_view key);

}  // namespace dp::crypto

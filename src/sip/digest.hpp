#pragma once
/// @file HTTP digest authentication as SIP uses it (RFC 3261 22, RFC 7616, RFC 8760): challenges, credentials and the
/// arithmetic that both ends share. The two ends are digest_client.hpp and digest_server.hpp.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "sip/message.hpp"

namespace dp::sip {

enum class DigestAlgorithm : std::uint8_t { Md5, Sha256 };
std::string_view algorithm_name(DigestAlgorithm algorithm);
/// Nothing for `-sess`, SHA-512-256 and strangers. An absent algorithm is MD5 (RFC 7616 3.3).
std::optional<DigestAlgorithm> algorithm_of(std::string_view name);

/// One `WWW-Authenticate` or `Proxy-Authenticate` line of scheme Digest.
struct DigestChallenge {
    std::string realm;
    std::string nonce;
    std::string opaque;
    bool has_opaque = false;
    bool stale = false;
    bool qop_auth = false;                     ///< offers `auth`
    bool has_qop = false;                      ///< offers some qop: without `auth` we cannot answer
    std::optional<DigestAlgorithm> algorithm;  ///< nothing: one we do not have
};

/// One `Authorization` or `Proxy-Authorization` line of scheme Digest.
struct DigestCredentials {
    std::string username;
    std::string realm;
    std::string nonce;
    std::string uri;
    std::string response;
    std::string cnonce;
    std::string opaque;
    std::string qop;
    std::string nc;
    std::optional<DigestAlgorithm> algorithm;
};

/// NotFound for another scheme (RFC 4475 3.3.7, regaut01: unknown scheme is no credentials), MalformedInput for
/// nonsense.
Result<DigestChallenge> parse_challenge(std::string_view value);
Result<DigestCredentials> parse_credentials(std::string_view value);
/// All Digest challenges of a 401 or 407, in order; others are skipped.
std::vector<DigestChallenge> challenges(const MessageView& response);

/// H(username:realm:password) in hex: what is stored instead of a password, one for each algorithm and realm.
std::string digest_ha1(DigestAlgorithm algorithm, std::string_view username, std::string_view realm,
                       std::string_view password);

struct DigestInput {
    DigestAlgorithm algorithm = DigestAlgorithm::Md5;
    std::string_view ha1;
    std::string_view nonce;
    std::string_view method;
    std::string_view uri;
    std::string_view qop;  ///< `auth` or empty (RFC 2069 form)
    std::string_view nc;
    std::string_view cnonce;
};
/// The response value of RFC 7616 3.4.1, in hex.
std::string digest_response(const DigestInput& input);

}  // namespace dp::sip

#pragma once
/// @file Jwt: a signed assertion (RFC 7515 compact form, RFC 7519 claims) taken apart and checked. Sans-I/O: keys and
/// time are handed in. The algorithm is the registered key's, never the header's; keys named in a header (`jwk`, `jku`,
/// `x5u`, `x5c`) are a reason to refuse, nothing is ever fetched.
///
/// Pure; any thread. Bounded: 8 KiB in all. Errors: InvalidValue with the rule that was broken.
/// Source: RFC 7523 section 3, RFC 8725, reliability-security section 3.

#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "telephony/identity/credentials.hpp"

namespace dp::api {

/// Unpadded base64url in its one canonical spelling.
Result<std::string> base64url_decode(std::string_view text);

struct Jwt {
    std::string algorithm;  ///< as the header says, not yet believed
    std::string kid;
    std::string issuer;
    std::string subject;
    std::vector<std::string> audience;
    WallTime expires{}, not_before{}, issued{};  ///< the latter two 1970 when absent
    std::string id;                              ///< `jti`
    std::string scope;                           ///< empty when absent
    std::string_view signed_part;                ///< header and payload as sent, of the text given
    std::string signature;
};

/// Structure, header and claims' types. `text` must outlive the result.
Result<Jwt> parse_jwt(std::string_view text);

/// `exp` still to come and at most 5 minutes away; `nbf` and `iat` not in the future.
Result<void> check_times(const Jwt& jwt, WallTime now);

/// By one of these keys: the one that `kid` names, or all of the algorithm when it names none.
bool is_signed_by(const Jwt& jwt, const std::vector<telephony::ClientKey>& keys);

/// A JWK (RFC 7517) as fields: `kty`, `crv`, `alg`, `kid`, `n`, `e`, `x`, `y`.
struct JwkFields {
    std::string type, curve, algorithm, kid, n, e, x, y;
};
/// InvalidValue when it is no public key of RS256, ES256 or EdDSA.
Result<telephony::ClientKey> client_key(const JwkFields& fields);

}  // namespace dp::api

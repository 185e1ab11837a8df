#include "api/auth/jwt.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cctype>
#include <set>

#include "base/ascii.hpp"
#include "base/crypto.hpp"
#include "base/crypto_signatures.hpp"
#include "telephony/names.hpp"

namespace dp::api {

namespace json = boost::json;
using telephony::ClientKey;
using telephony::KeyAlgorithm;

namespace {

constexpr std::size_t kMaxLength = 8192;
constexpr std::size_t kMaxClaim = 512;
constexpr std::size_t kMaxAudience = 16;

std::unexpected<Error> bad(std::string why) {
    return fail(ErrorCode::InvalidValue, std::move(why), "assertion");
}

// The parser keeps the last of two members of one name, other readers the first: RFC 8725 section 2.4 has what comes of
// it. Works on text that has been parsed, so strings and brackets are known to be whole.
bool has_duplicate_members(std::string_view text) {
    std::set<std::string_view> seen;
    int depth = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '{' || text[i] == '[') ++depth;
        if (text[i] == '}' || text[i] == ']') --depth;
        if (text[i] != '"') continue;
        const std::size_t begin = ++i;
        while (text[i] != '"') i += text[i] == '\\' ? 2 : 1;
        auto next = text.find_first_not_of(" \t\r\n", i + 1);
        const bool is_name = depth == 1 && next != std::string_view::npos && text[next] == ':';
        const auto name = text.substr(begin, i - begin);
        // An escaped name could spell another one again.
        if (is_name && (name.contains('\\') || !seen.insert(name).second)) return true;
    }
    return false;
}

Result<json::object> part(std::string_view encoded, std::string_view what) {
    DP_TRY(text, base64url_decode(encoded));
    boost::system::error_code problem;
    json::parse_options options;
    options.max_depth = 8;
    auto parsed = json::parse({text.data(), text.size()}, problem, {}, options);
    if (problem || !parsed.is_object()) return bad(fmt::format("The assertion's {} is not a JSON object.", what));
    if (has_duplicate_members(text)) return bad(fmt::format("The assertion's {} has a member twice.", what));
    return std::move(parsed.get_object());
}

Result<std::string> text_of(const json::object& in, std::string_view name, bool required) {
    const auto* value = in.if_contains(name);
    if (!value && !required) return std::string();
    if (!value) return bad(fmt::format("The assertion lacks {}.", name));
    if (!value->is_string() || value->get_string().size() > kMaxClaim || (required && value->get_string().empty()))
        return bad(fmt::format("The assertion's {} must be a string of at most {} characters.", name, kMaxClaim));
    return std::string(value->get_string());
}

// NumericDate (RFC 7519 section 2); ours are whole seconds. No string, no fraction, no 1e400.
Result<std::optional<WallTime>> time_of(const json::object& in, std::string_view name) {
    const auto* value = in.if_contains(name);
    if (!value) return std::optional<WallTime>();
    constexpr std::int64_t kLatest = 253'402'300'799;  // the end of the year 9999
    if (!value->is_int64() || value->get_int64() < 0 || value->get_int64() > kLatest)
        return bad(fmt::format("The assertion's {} must be a whole number of seconds.", name));
    return std::optional(from_millis(value->get_int64() * 1000));
}

Result<std::vector<std::string>> audience_of(const json::object& in) {
    const auto* value = in.if_contains("aud");
    if (!value) return bad("The assertion lacks aud.");
    if (value->is_string()) return std::vector<std::string>{std::string(value->get_string())};
    if (!value->is_array() || value->get_array().size() > kMaxAudience)
        return bad("The assertion's aud must be a string or an array of strings.");
    std::vector<std::string> out;
    for (const auto& item : value->get_array()) {
        if (!item.is_string()) return bad("The assertion's aud must be a string or an array of strings.");
        out.emplace_back(item.get_string());
    }
    return out;
}

Result<void> read_header(const json::object& header, Jwt& out) {
    for (std::string_view name : {"jwk", "jku", "x5u", "x5c", "crit", "enc", "zip", "b64"})
        if (header.contains(name)) return bad(fmt::format("The assertion's header may not have {}.", name));
    DP_TRY(type, text_of(header, "typ", false));
    if (!type.empty() && !ascii::iequals(type, "JWT")) return bad("The assertion's typ must be JWT.");
    DP_TRY(algorithm, text_of(header, "alg", true));
    if (!telephony::from_name<KeyAlgorithm>(algorithm))
        return bad("The assertion's alg must be RS256, ES256 or EdDSA.");
    DP_TRY(kid, text_of(header, "kid", false));
    out.algorithm = std::move(algorithm);
    out.kid = std::move(kid);
    return {};
}

constexpr std::chrono::seconds kLeeway{5};  // between two clocks
constexpr std::chrono::minutes kLongest{5};

Result<void> read_claims(const json::object& claims, Jwt& out) {
    DP_TRY(issuer, text_of(claims, "iss", true));
    DP_TRY(subject, text_of(claims, "sub", true));
    DP_TRY(id, text_of(claims, "jti", true));
    DP_TRY(scope, text_of(claims, "scope", false));
    DP_TRY(audience, audience_of(claims));
    DP_TRY(expires, time_of(claims, "exp"));
    DP_TRY(not_before, time_of(claims, "nbf"));
    DP_TRY(issued, time_of(claims, "iat"));
    if (!expires) return bad("The assertion lacks exp.");
    out.issuer = std::move(issuer);
    out.subject = std::move(subject);
    out.id = std::move(id);
    out.scope = std::move(scope);
    out.audience = std::move(audience);
    out.expires = *expires;
    out.not_before = not_before.value_or(WallTime{});
    out.issued = issued.value_or(WallTime{});
    return {};
}

bool verifies(const Jwt& jwt, const ClientKey& key) {
    const auto first = base64url_decode(key.first);
    const auto second = base64url_decode(key.second);
    if (!first || !second) return false;
    switch (key.algorithm) {
        case KeyAlgorithm::Rs256:
            return crypto::verify_rs256(*first, *second, jwt.signed_part, jwt.signature);
        case KeyAlgorithm::Es256:
            return crypto::verify_es256(*first, *second, jwt.signed_part, jwt.signature);
        case KeyAlgorithm::EdDsa:
            return crypto::verify_ed25519(*first, jwt.signed_part, jwt.signature);
    }
    return false;
}

}  // namespace

Result<std::string> base64url_decode(std::string_view text) {
    std::string standard(text);
    for (auto& c : standard) {
        if (c == '+' || c == '/' || c == '=') return bad("The assertion is not base64url.");
        if (c == '-') c = '+';
        if (c == '_') c = '/';
    }
    auto out = crypto::base64_decode(standard);
    if (!out || crypto::base64url(*out) != text) return bad("The assertion is not base64url.");
    return std::move(*out);
}

Result<Jwt> parse_jwt(std::string_view text) {
    if (text.size() > kMaxLength) return bad("The assertion is longer than 8192 characters.");
    const auto parts = ascii::split(text, '.');
    if (parts.size() != 3) return bad("The assertion must be a signed JWT of three parts.");
    Jwt out;
    DP_TRY(header, part(parts[0], "header"));
    DP_CHECK(read_header(header, out));
    DP_TRY(claims, part(parts[1], "payload"));
    DP_CHECK(read_claims(claims, out));
    DP_TRY(signature, base64url_decode(parts[2]));
    out.signature = std::move(signature);
    out.signed_part = text.substr(0, parts[0].size() + 1 + parts[1].size());
    return out;
}

Result<void> check_times(const Jwt& jwt, WallTime now) {
    if (jwt.expires <= now) return bad("The assertion has expired (exp).");
    if (jwt.expires > now + kLongest + kLeeway) return bad("The assertion may be valid for at most 5 minutes (exp).");
    if (jwt.not_before > now + kLeeway) return bad("The assertion is not valid yet (nbf).");
    if (jwt.issued > now + kLeeway) return bad("The assertion was issued in the future (iat).");
    return {};
}

bool is_signed_by(const Jwt& jwt, const std::vector<ClientKey>& keys) {
    return std::ranges::any_of(keys, [&](const ClientKey& key) {
        return (jwt.kid.empty() || key.kid == jwt.kid) && telephony::name_of(key.algorithm) == jwt.algorithm &&
               verifies(jwt, key);
    });
}

Result<ClientKey> client_key(const JwkFields& fields) {
    ClientKey out{fields.kid, KeyAlgorithm::Rs256, fields.n, fields.e};
    if (fields.type == "EC" && fields.curve == "P-256")
        out = {fields.kid, KeyAlgorithm::Es256, fields.x, fields.y};
    else if (fields.type == "OKP" && fields.curve == "Ed25519")
        out = {fields.kid, KeyAlgorithm::EdDsa, fields.x, ""};
    else if (fields.type != "RSA")
        return fail(ErrorCode::InvalidValue, "A key must be RSA, EC P-256 or OKP Ed25519.", "kty");
    if (!fields.algorithm.empty() && fields.algorithm != telephony::name_of(out.algorithm))
        return fail(ErrorCode::InvalidValue, "alg does not belong to this kind of key.", "alg");
    const auto first = base64url_decode(out.first);
    const auto second = base64url_decode(out.second);
    const bool sound = first && second &&
                       (out.algorithm == KeyAlgorithm::Rs256   ? crypto::is_rsa_key(*first, *second)
                        : out.algorithm == KeyAlgorithm::Es256 ? crypto::is_p256_key(*first, *second)
                                                               : crypto::is_ed25519_key(*first));
    if (!sound)
        return fail(ErrorCode::InvalidValue, "The key is not a sound public key (RSA needs 2048 to 4096 bits).",
                    "keys");
    return out;
}

}  // namespace dp::api

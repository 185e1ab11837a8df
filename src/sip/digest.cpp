#include "sip/digest.hpp"

#include "base/crypto.hpp"
#include "sip/grammar.hpp"

namespace dp::sip {
namespace {

constexpr std::string_view kScheme = "Digest";
constexpr std::size_t kMaxParams = 32;

std::unexpected<Error> malformed() {
    return fail(ErrorCode::MalformedInput, "The digest header is malformed.");
}

// Behind the scheme; NotFound when it is another one.
Result<std::string_view> digest_params(std::string_view value) {
    value = ascii::trim(value);
    const std::size_t space = std::min(value.find_first_of(" \t"), value.size());
    if (!ascii::iequals(value.substr(0, space), kScheme)) return fail(ErrorCode::NotFound, "The scheme is not Digest.");
    return value.substr(space);
}

// Calls `take(name, value)` with the plain value of each `name=value`; false on nonsense or on a name that came twice.
template <class Take>
bool read_params(std::string_view text, Take&& take) {
    std::array<std::string_view, kMaxParams> seen;
    std::size_t count = 0;
    while (!text.empty()) {
        const std::size_t comma = std::min(find_outside_quotes(text, ',', Angles::Plain), text.size());
        const std::string_view item = ascii::trim(text.substr(0, comma));
        text.remove_prefix(std::min(comma + 1, text.size()));
        if (item.empty()) continue;
        const std::size_t equals = item.find('=');
        if (equals == std::string_view::npos || count == kMaxParams) return false;
        const std::string_view name = ascii::trim(item.substr(0, equals));
        const std::string_view value = ascii::trim(item.substr(equals + 1));
        if (!is_token(name) || value.empty()) return false;
        if (value.front() == '"' && quoted_end(value) != value.size()) return false;
        for (std::size_t i = 0; i < count; ++i)
            if (ascii::iequals(seen[i], name)) return false;
        seen[count++] = name;
        take(name, unquote(value));
    }
    return true;
}

bool lists_auth(std::string_view qop) {
    for (std::string_view item : ascii::split(qop, ','))
        if (ascii::iequals(ascii::trim(item), "auth")) return true;
    return false;
}

std::string hash(DigestAlgorithm algorithm, std::string_view text) {
    return algorithm == DigestAlgorithm::Md5 ? crypto::hex(crypto::md5(text)) : crypto::hex(crypto::sha256(text));
}

}  // namespace

std::string_view algorithm_name(DigestAlgorithm algorithm) {
    return algorithm == DigestAlgorithm::Md5 ? "MD5" : "SHA-256";
}

std::optional<DigestAlgorithm> algorithm_of(std::string_view name) {
    if (name.empty() || ascii::iequals(name, "MD5")) return DigestAlgorithm::Md5;
    if (ascii::iequals(name, "SHA-256")) return DigestAlgorithm::Sha256;
    return std::nullopt;
}

Result<DigestChallenge> parse_challenge(std::string_view value) {
    DP_TRY(params, digest_params(value));
    DigestChallenge out;
    std::string algorithm;
    const bool fine = read_params(params, [&](std::string_view name, std::string text) {
        if (ascii::iequals(name, "realm"))
            out.realm = std::move(text);
        else if (ascii::iequals(name, "nonce"))
            out.nonce = std::move(text);
        else if (ascii::iequals(name, "algorithm"))
            algorithm = std::move(text);
        else if (ascii::iequals(name, "stale"))
            out.stale = ascii::iequals(text, "true");
        else if (ascii::iequals(name, "opaque")) {
            out.opaque = std::move(text);
            out.has_opaque = true;
        } else if (ascii::iequals(name, "qop")) {
            out.has_qop = true;
            out.qop_auth = lists_auth(text);
        }
    });
    if (!fine || out.nonce.empty()) return malformed();
    out.algorithm = algorithm_of(algorithm);
    return out;
}

Result<DigestCredentials> parse_credentials(std::string_view value) {
    DP_TRY(params, digest_params(value));
    DigestCredentials out;
    std::string algorithm;
    const std::pair<std::string_view, std::string*> fields[] = {
        {"username", &out.username}, {"realm", &out.realm},       {"nonce", &out.nonce},
        {"uri", &out.uri},           {"response", &out.response}, {"cnonce", &out.cnonce},
        {"opaque", &out.opaque},     {"qop", &out.qop},           {"nc", &out.nc},
        {"algorithm", &algorithm}};
    const bool fine = read_params(params, [&](std::string_view name, std::string text) {
        for (const auto& [wanted, field] : fields)
            if (ascii::iequals(wanted, name)) *field = std::move(text);
    });
    const bool complete = !out.username.empty() && !out.nonce.empty() && !out.uri.empty() && !out.response.empty();
    if (!fine || !complete) return malformed();
    out.algorithm = algorithm_of(algorithm);
    return out;
}

std::vector<DigestChallenge> challenges(const MessageView& response) {
    std::vector<DigestChallenge> list;
    const HeaderId header = response.status() == 407 ? HeaderId::ProxyAuthenticate : HeaderId::WwwAuthenticate;
    for (std::string_view line : response.lines(header))
        if (auto challenge = parse_challenge(line)) list.push_back(std::move(*challenge));
    return list;
}

std::string digest_ha1(DigestAlgorithm algorithm, std::string_view username, std::string_view realm,
                       std::string_view password) {
    std::string text(username);
    text.append(":").append(realm).append(":").append(password);
    return hash(algorithm, text);
}

std::string digest_response(const DigestInput& input) {
    std::string text(input.method);
    text.append(":").append(input.uri);
    const std::string ha2 = hash(input.algorithm, text);
    text.assign(input.ha1).append(":").append(input.nonce).append(":");
    if (!input.qop.empty())
        text.append(input.nc).append(":").append(input.cnonce).append(":").append(input.qop).append(":");
    text.append(ha2);
    return hash(input.algorithm, text);
}

}  // namespace dp::sip

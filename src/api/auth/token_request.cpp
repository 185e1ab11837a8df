#include "api/auth/token_request.hpp"

#include <algorithm>

#include "base/ascii.hpp"
#include "base/crypto.hpp"

namespace dp::api {
namespace {

using Form = std::vector<std::pair<std::string, std::string>>;

bool has_repeated(const Form& form) {
    for (auto it = form.begin(); it != form.end(); ++it)
        if (std::any_of(form.begin(), it, [&](const auto& earlier) { return earlier.first == it->first; })) return true;
    return false;
}

// RFC 6749 section 2.3.1: user and password of Basic are form-urlencoded first; ours need no encoding, so raw ones pass
// too.
bool take_basic(const net::HttpRequest& request, TokenRequest& out) {
    const auto header = request.header("Authorization");
    if (header.size() < 6 || !ascii::iequals(header.substr(0, 6), "Basic ")) return false;
    const auto decoded = crypto::base64_decode(ascii::trim(header.substr(6)));
    if (!decoded) return false;
    const auto colon = decoded->find(':');
    if (colon == std::string::npos) return false;
    out.client_id = net::percent_decode(decoded->substr(0, colon)).value_or("");
    out.secret = net::percent_decode(decoded->substr(colon + 1)).value_or("");
    return true;
}

bool secret_matches(const telephony::OAuthClient* client, const std::string& secret) {
    const auto given = telephony::secret_digest(secret);
    const auto& known = client && !client->is_public() ? client->secret_sha256 : given;
    return crypto::equal(given, known) && client && !client->is_public();
}

}  // namespace

std::string TokenRequest::value(std::string_view name) const {
    const auto it = std::ranges::find(form, name, &std::pair<std::string, std::string>::first);
    return it == form.end() ? "" : it->second;
}

OAuthResult<TokenRequest> read_token_request(const net::HttpRequest& request) {
    auto type = request.header("Content-Type");
    type = ascii::trim(type.substr(0, type.find(';')));
    if (!ascii::iequals(type, "application/x-www-form-urlencoded"))
        return oauth_fail("invalid_request", "The body must be application/x-www-form-urlencoded.");
    auto form = net::parse_form(request.body);
    if (!form || form->size() > 32) return oauth_fail("invalid_request", "The form is malformed.");
    if (has_repeated(*form)) return oauth_fail("invalid_request", "A parameter of the form is repeated.");
    TokenRequest out;
    out.form = std::move(*form);
    out.client_id = out.value("client_id");
    const auto in_form = out.value("client_secret");
    if (!in_form.empty()) out.secret = in_form;
    const auto named = out.client_id;
    if (take_basic(request, out) && (!in_form.empty() || (!named.empty() && named != out.client_id)))
        return oauth_fail("invalid_request", "Send the client's id and secret once: as Basic or in the form.");
    return out;
}

OAuthResult<telephony::Ptr<telephony::OAuthClient>> authenticated_client(const TokenRequest& request,
                                                                         const telephony::Snapshot& snapshot) {
    const auto& client = snapshot.oauth_client(telephony::OAuthClientId(request.client_id));
    const bool known = request.secret ? secret_matches(client.get(), *request.secret) : client && client->is_public();
    if (!known || !client->enabled) return oauth_fail("invalid_client", "The client id or its secret is wrong.", 401);
    return client;
}

}  // namespace dp::api

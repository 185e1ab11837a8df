#include "api/auth/token_endpoint.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "api/http/reply.hpp"
#include "base/ascii.hpp"
#include "base/crypto.hpp"

namespace dp::api {

namespace json = boost::json;

/// What the request says of its client.
struct TokenEndpoint::Credentials {
    std::string client;
    std::string secret;
    std::string grant_type;
    std::string scope;
};

namespace {

constexpr int kTokensPerMinute = 120;  // per client and source; the decided floor is 30
constexpr std::size_t kTokenLength = 43;

void refuse(Reply reply, int status, std::string_view error, std::string_view description) {
    std::move(reply).response(oauth_error(status, error, description));
}

std::string value_of(const std::vector<std::pair<std::string, std::string>>& form, std::string_view key) {
    auto it = std::ranges::find(form, key, &std::pair<std::string, std::string>::first);
    return it == form.end() ? "" : it->second;
}

// RFC 6749 section 2.3.1: user and password of Basic are form-urlencoded first; ours need no encoding, so raw ones pass
// too.
bool take_basic(const net::HttpRequest& request, std::string& client, std::string& secret) {
    const auto header = request.header("Authorization");
    if (header.size() < 6 || !ascii::iequals(header.substr(0, 6), "Basic ")) return false;
    const auto decoded = crypto::base64_decode(ascii::trim(header.substr(6)));
    if (!decoded) return false;
    const auto colon = decoded->find(':');
    if (colon == std::string::npos) return false;
    client = net::percent_decode(decoded->substr(0, colon)).value_or("");
    secret = net::percent_decode(decoded->substr(colon + 1)).value_or("");
    return true;
}

/// The scopes asked for that the client owns; all of its own when none is asked for. Nothing when one is not its own.
std::optional<std::vector<std::string>> narrowed(const telephony::OAuthClient& client, const std::string& asked) {
    std::vector<std::string> out;
    for (auto scope : ascii::split(asked, ' ')) {
        if (scope.empty()) continue;
        if (std::ranges::find(client.scopes, scope) == client.scopes.end()) return std::nullopt;
        out.emplace_back(scope);
    }
    return out.empty() ? client.scopes : out;
}

bool secret_matches(const telephony::OAuthClient* client, const std::string& secret) {
    const auto given = telephony::secret_digest(secret);
    const auto& known = client ? client->secret_sha256 : given;
    return crypto::equal(given, known) && client && !known.empty();
}

}  // namespace

void TokenEndpoint::add_routes(Router& router) {
    router.add({"POST",
                "/oauth/token",
                {},
                [this](ApiRequest request, Reply reply) { token(std::move(request), std::move(reply)); },
                ScopeRefusal::Forbidden,
                ErrorStyle::OAuth,
                RouteAccess::Open});
}

void TokenEndpoint::token(ApiRequest request, Reply reply) {
    auto type = request.http.header("Content-Type");
    type = ascii::trim(type.substr(0, type.find(';')));
    if (!ascii::iequals(type, "application/x-www-form-urlencoded"))
        return refuse(std::move(reply), 400, "invalid_request", "The body must be application/x-www-form-urlencoded.");
    const auto form = net::parse_form(request.http.body);
    if (!form) return refuse(std::move(reply), 400, "invalid_request", "The form is malformed.");

    Credentials given{value_of(*form, "client_id"), value_of(*form, "client_secret"), value_of(*form, "grant_type"),
                      value_of(*form, "scope")};
    const bool in_form = !given.secret.empty();
    const bool basic = take_basic(request.http, given.client, given.secret);
    if (basic && in_form)
        return refuse(std::move(reply), 400, "invalid_request",
                      "Send the client's secret once: as Basic or in the form.");

    const auto rate =
        limiter_.count(given.client + "|" + request.http.remote.address.str(), kTokensPerMinute, clock_.now());
    if (!rate.allowed) {
        reply.add_header("Retry-After", fmt::to_string(std::max<long>(1, rate.reset.count())));
        return refuse(std::move(reply), 429, "rate_limit_exceeded",
                      "Too many token requests: wait as Retry-After says.");
    }
    const auto& client = request.snapshot->oauth_client(telephony::OAuthClientId(given.client));
    if (!secret_matches(client.get(), given.secret) || !client->enabled) {
        reply.add_header("WWW-Authenticate", "Basic realm=\"dialplane\"");
        return refuse(std::move(reply), 401, "invalid_client", "The client id or its secret is wrong.");
    }
    if (given.grant_type != "client_credentials")
        return refuse(std::move(reply), 400, "unsupported_grant_type", "grant_type must be client_credentials.");
    if (std::ranges::find(client->grants, telephony::GrantType::ClientCredentials) == client->grants.end())
        return refuse(std::move(reply), 400, "unauthorized_client", "This client may not use client_credentials.");
    auto scopes = narrowed(*client, given.scope);
    if (!scopes) return refuse(std::move(reply), 400, "invalid_scope", "A requested scope is not the client's own.");
    issue(*client, std::move(*scopes), std::move(reply));
}

void TokenEndpoint::issue(const telephony::OAuthClient& client, std::vector<std::string> scopes, Reply reply) {
    const std::string secret = random_.token(kTokenLength);
    const auto now = clock_.wall();
    telephony::AccessGrant grant;
    grant.token_sha256 = telephony::secret_digest(secret);
    grant.organization = client.meta.organization;
    grant.client = client.id;
    grant.scopes = std::move(scopes);
    grant.issued = now;
    grant.expires = now + client.token_lifetime;

    std::string scope;
    for (const auto& item : grant.scopes) scope += (scope.empty() ? "" : " ") + item;
    json::object body{{"access_token", secret},
                      {"token_type", "bearer"},
                      {"expires_in", client.token_lifetime.count()},
                      {"scope", scope}};

    telephony::UnitOfWork unit;
    unit.grants.push_back(grant);
    store_.submit(
        std::move(unit), api_,
        [this, grant, body = std::move(body), reply = std::move(reply)](Result<telephony::Committed> done) mutable {
            if (!done) return std::move(reply).error(done.error());
            grants_.add(std::move(grant), clock_.wall());
            std::move(reply).json(200, body);
        });
}

}  // namespace dp::api

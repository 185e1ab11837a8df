#include "api/auth/token_endpoint.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "api/auth/jwt.hpp"
#include "api/auth/scopes.hpp"
#include "api/http/reply.hpp"
#include "base/crypto.hpp"

namespace dp::api {

using telephony::AccessGrant;
using telephony::GrantKind;
using telephony::GrantType;

namespace {

constexpr int kTokensPerClient = 120;   // per minute, client and address; the decided floor is 30
constexpr int kTokensPerAddress = 600;  // whatever clients an address claims to be
constexpr std::string_view kJwtBearer = "urn:ietf:params:oauth:grant-type:jwt-bearer";
constexpr std::string_view kUserScope = "user:read:me";

void refuse(Reply reply, const OAuthError& error) {
    if (error.status == 401) reply.add_header("WWW-Authenticate", "Basic realm=\"dialplane\"");
    std::move(reply).response(oauth_error(error.status, error.code, error.description));
}

OAuthResult<void> check_may_use(const telephony::OAuthClient& client, GrantType type) {
    if (std::ranges::find(client.grants, type) != client.grants.end()) return {};
    return oauth_fail("unauthorized_client", "This client may not use this grant type.");
}

OAuthResult<std::vector<std::string>> scopes_of(const std::vector<std::string>& owned, const std::string& asked) {
    auto scopes = narrowed(owned, asked);
    if (!scopes) return oauth_fail("invalid_scope", "A requested scope is unknown or not the client's own.");
    return std::move(*scopes);
}

OAuthResult<void> check_scopes_name_the_user(const std::vector<std::string>& scopes) {
    if (any_covers(scopes, kUserScope)) return {};
    return oauth_fail("invalid_scope", "The JWT bearer grant needs the scope user:read:me.");
}

std::unexpected<OAuthError> bad_grant(std::string description) {
    return oauth_fail("invalid_grant", std::move(description));
}

// RFC 7636 section 4.1: 43 to 128 unreserved characters.
bool is_verifier(std::string_view text) {
    return text.size() >= 43 && text.size() <= 128 && net::percent_encode(text) == text;
}

bool answers_challenge(std::string_view verifier, std::string_view challenge) {
    return is_verifier(verifier) &&
           crypto::equal(crypto::base64url(crypto::as_text(crypto::sha256(verifier))), challenge);
}

}  // namespace

void TokenEndpoint::add_routes(Router& router) {
    const auto add = [&](std::string_view path, void (TokenEndpoint::*method)(const ApiRequest&, Reply)) {
        router.add({"POST",
                    path,
                    {},
                    [this, method](ApiRequest request, Reply reply) { (this->*method)(request, std::move(reply)); },
                    ScopeRefusal::Forbidden,
                    ErrorStyle::OAuth,
                    RouteAccess::Open});
    };
    add("/oauth/token", &TokenEndpoint::token);
    add("/oauth/revoke", &TokenEndpoint::revoke);
}

Result<void> TokenEndpoint::count(const std::string& bucket, int limit, Reply& reply) {
    const auto rate = limiter_.count(bucket, limit, clock_.now());
    reply.set_header("inin-ratelimit-count", fmt::to_string(rate.count));
    reply.set_header("inin-ratelimit-allowed", fmt::to_string(rate.limit));
    reply.set_header("inin-ratelimit-reset", fmt::to_string(rate.reset.count()));
    if (rate.allowed) return {};
    reply.set_header("Retry-After", fmt::to_string(std::max<long>(1, rate.reset.count())));
    return fail(ErrorCode::TooManyRequests, "Too many token requests: wait as Retry-After says.");
}

void TokenEndpoint::token(const ApiRequest& request, Reply reply) {
    const auto form = read_token_request(request.http);
    if (!form) return refuse(std::move(reply), form.error());
    const auto address = request.http.remote.address.str();
    auto counted = count("address/" + address, kTokensPerAddress, reply);
    if (counted) counted = count(form->client_id + "|" + address, kTokensPerClient, reply);
    if (!counted) return refuse(std::move(reply), {429, "rate_limit_exceeded", counted.error().detail});
    auto order = order_of(request, *form);
    if (!order) return refuse(std::move(reply), order.error());
    issuer_.issue(std::move(*order), std::move(reply));
}

OAuthResult<TokenOrder> TokenEndpoint::order_of(const ApiRequest& request, const TokenRequest& form) {
    const auto type = form.value("grant_type");
    if (type == kJwtBearer) return jwt_bearer(form, *request.snapshot);
    DP_TRY(client, authenticated_client(form, *request.snapshot));
    if (type == "client_credentials") return client_credentials(form, client);
    if (type == "authorization_code") return authorization_code(form, client);
    if (type == "refresh_token") return refresh(form, client);
    if (type.empty()) return oauth_fail("invalid_request", "grant_type is required.");
    return oauth_fail("unsupported_grant_type",
                      "grant_type must be client_credentials, authorization_code, refresh_token or "
                      "urn:ietf:params:oauth:grant-type:jwt-bearer.");
}

OAuthResult<TokenOrder> TokenEndpoint::client_credentials(const TokenRequest& form, const Client& client) const {
    DP_CHECK(check_may_use(*client, GrantType::ClientCredentials));
    if (client->is_public()) return oauth_fail("unauthorized_client", "A public client has no credentials of its own.");
    DP_TRY(scopes, scopes_of(client->scopes, form.value("scope")));
    return TokenOrder{client, {}, std::move(scopes), {}, false, {}};
}

bool TokenEndpoint::is_ours(const std::vector<std::string>& audience) const {
    const auto names = issuers_();
    return std::ranges::any_of(audience, [&](const std::string& wanted) {
        return std::ranges::any_of(names, [&](const std::string& name) {
            return wanted == name || wanted == name + "/" || wanted == name + "/oauth/token";
        });
    });
}

// RFC 7523 section 3; the client is who signed, so it needs no secret beside.
OAuthResult<TokenOrder> TokenEndpoint::jwt_bearer(const TokenRequest& form, const telephony::Snapshot& snapshot) {
    const auto assertion = form.value("assertion");
    if (assertion.empty()) return oauth_fail("invalid_request", "assertion is required.");
    const auto jwt = parse_jwt(assertion);
    if (!jwt) return bad_grant(jwt.error().detail);
    const auto& client = snapshot.oauth_client(telephony::OAuthClientId(jwt->issuer));
    if (!client || !client->enabled || !is_signed_by(*jwt, client->keys))
        return bad_grant("The assertion's issuer is unknown or its signature is wrong.");
    if (form.secret) DP_CHECK(authenticated_client(form, snapshot));
    if (!form.client_id.empty() && form.client_id != jwt->issuer)
        return bad_grant("The assertion's issuer is not this client.");
    DP_CHECK(check_may_use(*client, GrantType::JwtBearer));
    const auto now = clock_.wall();
    if (auto timely = check_times(*jwt, now); !timely) return bad_grant(timely.error().detail);
    if (!is_ours(jwt->audience)) return bad_grant("The assertion is not meant for this server (aud).");
    const auto& user = snapshot.organization(client->meta.organization)->user(telephony::UserId(jwt->subject));
    if (!user || user->state != telephony::UserState::Active)
        return bad_grant("The assertion's subject is no active user (sub).");
    DP_TRY(scopes, scopes_of(client->scopes, form.value("scope").empty() ? jwt->scope : form.value("scope")));
    DP_CHECK(check_scopes_name_the_user(scopes));

    AccessGrant taken;
    taken.token_sha256 = telephony::secret_digest(fmt::format("assertion\n{}\n{}", client->id.str(), jwt->id));
    taken.kind = GrantKind::Assertion;
    taken.organization = client->meta.organization;
    taken.client = client->id;
    taken.issued = now;
    taken.expires = jwt->expires;
    // Taken at once: a second one on the heels of the first finds it here before the store has it.
    if (grants_.contains(taken.token_sha256)) return bad_grant("The assertion has been used before (jti).");
    grants_.add(taken, now);
    return TokenOrder{client, user->id, std::move(scopes), random_.uuid(), false, {std::move(taken)}};
}

/// A code or refresh token as it lies here. A second use takes back everything that came of the first.
OAuthResult<const AccessGrant*> TokenEndpoint::present(const std::string& secret, GrantKind kind,
                                                       const Client& client) {
    const auto* grant = grants_.find(secret, clock_.wall());
    if (!grant || grant->kind != kind || grant->client != client->id)
        return bad_grant("The code or refresh token is unknown, expired or another client's.");
    if (!grant->spent) return grant;
    issuer_.revoke_family(grant->family, [](Result<void>) {});
    return bad_grant("The code or refresh token was used before: its authorization has been revoked.");
}

OAuthResult<TokenOrder> TokenEndpoint::authorization_code(const TokenRequest& form, const Client& client) {
    DP_CHECK(check_may_use(*client, GrantType::AuthorizationCode));
    DP_TRY(found, present(form.value("code"), GrantKind::AuthorizationCode, client));
    const AccessGrant code = *found;
    if (form.value("redirect_uri") != code.redirect_uri ||
        !answers_challenge(form.value("code_verifier"), code.challenge)) {
        issuer_.revoke_family(code.family, [](Result<void>) {});
        return bad_grant("redirect_uri or code_verifier is not the one the code was asked for with.");
    }
    auto spent = grants_.spend(code.token_sha256, clock_.wall() + client->token_lifetime);
    const bool with_refresh = check_may_use(*client, GrantType::RefreshToken).has_value();
    return TokenOrder{client, code.user, code.scopes, code.family, with_refresh, {std::move(spent)}};
}

OAuthResult<TokenOrder> TokenEndpoint::refresh(const TokenRequest& form, const Client& client) {
    DP_CHECK(check_may_use(*client, GrantType::RefreshToken));
    DP_TRY(found, present(form.value("refresh_token"), GrantKind::RefreshToken, client));
    DP_TRY(scopes, scopes_of(found->scopes, form.value("scope")));
    const AccessGrant old = grants_.spend(found->token_sha256, found->expires);
    return TokenOrder{client, old.user, std::move(scopes), old.family, true, {old}};
}

// RFC 7009 section 2: 200 whether or not there was such a token; another client's stays as it is, without a hint.
void TokenEndpoint::revoke(const ApiRequest& request, Reply reply) {
    const auto form = read_token_request(request.http);
    if (!form) return refuse(std::move(reply), form.error());
    const auto address = request.http.remote.address.str();
    if (auto counted = count("address/" + address, kTokensPerAddress, reply); !counted)
        return refuse(std::move(reply), {429, "rate_limit_exceeded", counted.error().detail});
    const auto client = authenticated_client(*form, *request.snapshot);
    if (!client) return refuse(std::move(reply), client.error());
    const auto* grant = grants_.find(form->value("token"), clock_.wall());
    const bool own = grant && grant->client == (*client)->id;
    auto answer = [reply = std::move(reply)](Result<void> done) mutable {
        done ? std::move(reply).json(200, boost::json::object{}) : std::move(reply).error(done.error());
    };
    if (own && grant->kind == GrantKind::RefreshToken) return issuer_.revoke_family(grant->family, std::move(answer));
    if (own && grant->kind == GrantKind::AccessToken)
        return issuer_.revoke(std::string(grant->token_sha256), std::move(answer));
    answer({});
}

}  // namespace dp::api

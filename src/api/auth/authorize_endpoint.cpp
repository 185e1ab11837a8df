#include "api/auth/authorize_endpoint.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "api/auth/authenticator.hpp"
#include "api/auth/consent_page.hpp"
#include "api/auth/scopes.hpp"
#include "api/auth/server_metadata.hpp"
#include "api/http/reply.hpp"

namespace dp::api {

using telephony::GrantKind;
using telephony::GrantType;

namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

constexpr std::size_t kCodeLength = 43;
constexpr std::size_t kMaxValue = 2048;
constexpr std::string_view kNames[] = {"response_type", "client_id",      "redirect_uri",         "scope",
                                       "state",         "code_challenge", "code_challenge_method"};

std::string value_of(const Pairs& pairs, std::string_view name) {
    const auto it = std::ranges::find(pairs, name, &std::pair<std::string, std::string>::first);
    return it == pairs.end() ? "" : it->second;
}

std::string with_query(std::string uri, const Pairs& pairs) {
    char separator = uri.contains('?') ? '&' : '?';
    for (const auto& [name, value] : pairs) {
        uri += fmt::format("{}{}={}", separator, name, net::percent_encode(value));
        separator = '&';
    }
    return uri;
}

}  // namespace

/// An authorization request whose client and redirect URI are sound: from here on errors go to the application.
struct AuthorizeEndpoint::Asked {
    telephony::Ptr<telephony::OAuthClient> client;
    std::string redirect_uri, state, challenge, issuer;
    std::vector<std::string> scopes;
    Pairs request;             ///< as it came
    std::string_view error{};  ///< RFC 6749 section 4.1.2.1; empty when all is well
    std::string description;

    void send_back(Reply reply, Pairs what) const {
        if (!state.empty()) what.emplace_back("state", state);
        what.emplace_back("iss", issuer);
        std::move(reply).response(
            {303, {{"Location", with_query(redirect_uri, what)}, {"Cache-Control", "no-store"}}, {}});
    }
    void send_error(Reply reply, std::string_view code, std::string_view why) const {
        send_back(std::move(reply), {{"error", std::string(code)}, {"error_description", std::string(why)}});
    }
    ConsentPage page(bool signed_in, std::string problem) const {
        return {client->name, scopes, request, signed_in, std::move(problem), redirect_uri};
    }

    /// The reason as text when not even a redirect is allowed.
    static std::expected<Asked, std::string> read(const Pairs& pairs, const ApiRequest& request,
                                                  const std::string& issuer);

private:
    void judge(const Pairs& pairs);
};

std::expected<AuthorizeEndpoint::Asked, std::string> AuthorizeEndpoint::Asked::read(const Pairs& pairs,
                                                                                    const ApiRequest& request,
                                                                                    const std::string& issuer) {
    Asked out;
    out.issuer = issuer_name(issuer, request.http);
    for (std::string_view name : kNames) {
        if (std::ranges::count(pairs, name, &std::pair<std::string, std::string>::first) > 1)
            return std::unexpected(fmt::format("The parameter {} is repeated.", name));
        const auto value = value_of(pairs, name);
        if (value.size() > kMaxValue) return std::unexpected(fmt::format("The parameter {} is too long.", name));
        if (!value.empty()) out.request.emplace_back(name, value);
    }
    out.client = request.snapshot->oauth_client(telephony::OAuthClientId(value_of(pairs, "client_id")));
    if (!out.client || !out.client->enabled) return std::unexpected("The application (client_id) is not known here.");
    out.redirect_uri = value_of(pairs, "redirect_uri");
    const auto& registered = out.client->redirect_uris;
    if (std::ranges::find(registered, out.redirect_uri) == registered.end())
        return std::unexpected("The address to return to (redirect_uri) is not registered for this application.");
    out.state = value_of(pairs, "state");
    out.challenge = value_of(pairs, "code_challenge");
    out.judge(pairs);
    return out;
}

void AuthorizeEndpoint::Asked::judge(const Pairs& pairs) {
    auto narrow = narrowed(client->scopes, value_of(pairs, "scope"));
    if (narrow) scopes = std::move(*narrow);
    const bool may_use = std::ranges::find(client->grants, GrantType::AuthorizationCode) != client->grants.end();
    // RFC 7636 section 4.2: 43 characters of base64url are a SHA-256.
    const bool is_challenge = challenge.size() == 43 && net::percent_encode(challenge) == challenge;
    if (value_of(pairs, "response_type") != "code") {
        error = "unsupported_response_type", description = "response_type must be code.";
    } else if (!may_use) {
        error = "unauthorized_client", description = "This client may not use authorization codes.";
    } else if (value_of(pairs, "code_challenge_method") != "S256" || !is_challenge) {
        error = "invalid_request", description = "PKCE is needed: code_challenge with code_challenge_method S256.";
    } else if (scopes.empty()) {
        error = "invalid_scope", description = "A requested scope is unknown or not the client's own.";
    }
}

void AuthorizeEndpoint::add_routes(Router& router) {
    const auto add = [&](std::string_view method, void (AuthorizeEndpoint::*handler)(const ApiRequest&, Reply)) {
        router.add({method,
                    "/oauth/authorize",
                    {},
                    [this, handler](ApiRequest request, Reply reply) { (this->*handler)(request, std::move(reply)); },
                    ScopeRefusal::Forbidden,
                    ErrorStyle::OAuth,
                    RouteAccess::Open});
    };
    add("GET", &AuthorizeEndpoint::show);
    add("POST", &AuthorizeEndpoint::decide);
}

std::optional<AuthorizeEndpoint::Resource> AuthorizeEndpoint::session_of(const ApiRequest& request) const {
    const auto* grant = grants_.find(cookie_of(request.http, kSessionCookie), clock_.wall());
    if (!grant || grant->kind != GrantKind::ConsoleSession) return std::nullopt;
    return Resource{grant->organization, grant->user, grant->scopes};
}

void AuthorizeEndpoint::show(const ApiRequest& request, Reply reply) {
    const auto asked = Asked::read(request.http.query, request, issuer_);
    if (!asked) return std::move(reply).response(refusal_page(asked.error()));
    if (!asked->error.empty()) return asked->send_error(std::move(reply), asked->error, asked->description);
    const bool signed_in = session_of(request).has_value();
    if (!signed_in && !request.http.query_value("continue")) {
        auto again = asked->request;
        again.emplace_back("continue", "1");
        return std::move(reply).response(hop_page(with_query("/oauth/authorize", again)));
    }
    std::move(reply).response(consent_page(200, asked->page(signed_in, {})));
}

void AuthorizeEndpoint::decide(const ApiRequest& request, Reply reply) {
    if (!is_same_origin(request.http))
        return std::move(reply).response(refusal_page("This answer did not come from the page that asked."));
    const auto form = net::parse_form(request.http.body);
    if (!form || form->size() > 32) return std::move(reply).response(refusal_page("The form is malformed."));
    const auto asked = Asked::read(*form, request, issuer_);
    if (!asked) return std::move(reply).response(refusal_page(asked.error()));
    if (!asked->error.empty()) return asked->send_error(std::move(reply), asked->error, asked->description);
    if (value_of(*form, "decision") != "allow")
        return asked->send_error(std::move(reply), "access_denied", "The user did not allow it.");
    if (const auto owner = session_of(request)) return grant(*asked, *owner, std::move(reply));
    sign_in(*asked, request, std::move(reply));
}

void AuthorizeEndpoint::sign_in(const Asked& asked, const ApiRequest& request, Reply reply) {
    const auto form = net::parse_form(request.http.body);
    login_.check(value_of(*form, "user"), value_of(*form, "password"), request,
                 [this, asked, reply = std::move(reply)](Result<telephony::ConsoleCredential> known) mutable {
                     if (known)
                         return grant(asked, {known->meta.organization, known->user, known->scopes}, std::move(reply));
                     const int status = facts(known.error().code).http_status;
                     std::move(reply).response(consent_page(status, asked.page(false, known.error().detail)));
                 });
}

void AuthorizeEndpoint::grant(const Asked& asked, const Resource& owner, Reply reply) {
    if (owner.organization != asked.client->meta.organization)
        return asked.send_error(std::move(reply), "access_denied", "This application belongs to another organization.");
    if (owner.user.empty())
        return asked.send_error(std::move(reply), "access_denied", "This login has no user to act for.");
    const std::string code = random_.token(kCodeLength);
    telephony::AccessGrant made;
    made.token_sha256 = telephony::secret_digest(code);
    made.kind = GrantKind::AuthorizationCode;
    made.organization = asked.client->meta.organization;
    made.client = asked.client->id;
    made.user = owner.user;
    // Nobody passes on more than their own login holds.
    for (const auto& scope : asked.scopes)
        if (any_covers(owner.scopes, scope)) made.scopes.push_back(scope);
    made.issued = clock_.wall();
    made.expires = made.issued + kCodeLifetime;
    made.family = random_.uuid();
    made.redirect_uri = asked.redirect_uri;
    made.challenge = asked.challenge;
    telephony::UnitOfWork unit;
    unit.grants.push_back(made);
    store_.submit(std::move(unit), api_,
                  [this, made, code, asked, reply = std::move(reply)](Result<telephony::Committed> done) mutable {
                      if (!done) return asked.send_error(std::move(reply), "server_error", done.error().detail);
                      grants_.add(made, clock_.wall());
                      asked.send_back(std::move(reply), {{"code", code}});
                  });
}

}  // namespace dp::api

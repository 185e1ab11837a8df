#include "api/auth/authenticator.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/ascii.hpp"
#include "telephony/config/role_grants.hpp"

namespace dp::api {
namespace {

constexpr std::size_t kMostKnown = 4096;

bool is_safe(std::string_view method) {
    return method == "GET" || method == "HEAD" || method == "OPTIONS";
}

std::optional<std::string_view> bearer_of(const net::HttpRequest& request) {
    auto value = request.header("Authorization");
    if (value.size() < 7 || !ascii::iequals(value.substr(0, 7), "Bearer ")) return std::nullopt;
    return ascii::trim(value.substr(7));
}

Result<void> check_console_request(const net::HttpRequest& request) {
    const bool websocket = request.is_websocket_upgrade;
    if (is_safe(request.method) && !websocket) return {};
    if (!is_same_origin(request))
        return fail(ErrorCode::Forbidden, "The Origin of this request is not the console's.", "Origin");
    if (!websocket && request.header("X-Dialplane-Console") != "1")
        return fail(ErrorCode::Forbidden, "A console request must carry X-Dialplane-Console: 1.",
                    "X-Dialplane-Console");
    return {};
}

}  // namespace

std::string_view cookie_of(const net::HttpRequest& request, std::string_view name) {
    for (const auto& header : request.headers) {
        if (!ascii::iequals(header.name, "Cookie")) continue;
        for (auto pair : ascii::split(header.value, ';')) {
            pair = ascii::trim(pair);
            const auto equals = pair.find('=');
            if (equals != std::string_view::npos && pair.substr(0, equals) == name) return pair.substr(equals + 1);
        }
    }
    return {};
}

bool is_same_origin(const net::HttpRequest& request) {
    return request.header("Origin") ==
           fmt::format("{}://{}", request.is_tls ? "https" : "http", request.header("Host"));
}

// A configured 0 means the server's own figure, -1 none; in a Caller 0 means none.
void Authenticator::set_limits(Caller& caller, std::int32_t requests, std::int32_t calls) const {
    caller.requests_per_minute = requests == 0 ? requests_per_minute_ : std::max(requests, 0);
    const int share = (caller.requests_per_minute * 2 + 4) / 5;
    caller.calls_per_minute = calls == 0 ? share : std::max(calls, 0);
}

Result<void> Authenticator::take_client(Caller& caller, const telephony::Snapshot& snapshot) const {
    const auto& client = snapshot.oauth_client(caller.client);
    if (!client || !client->enabled)
        return fail(ErrorCode::Unauthenticated, "The OAuth client of this token is disabled.");
    set_limits(caller, client->requests_per_minute, client->calls_per_minute);
    // The application's roles are its own; a token for a user goes by the user's.
    const auto& config = snapshot.organization(caller.organization);
    if (config && caller.user.empty()) caller.roles = telephony::find_roles(*config, client->roles);
    return {};
}

namespace {

Result<void> take_user(Caller& caller, const telephony::Snapshot& snapshot) {
    const auto& config = snapshot.organization(caller.organization);
    const auto user = config ? config->user(caller.user) : nullptr;
    if (!user || user->state != telephony::UserState::Active)
        return fail(ErrorCode::Unauthenticated, "The user of this token is not active any more.");
    caller.roles = telephony::find_roles(*config, user->roles);
    caller.permissions = user->permissions;
    return {};
}

// The login may hold roles beside its user's.
Result<void> take_console(Caller& caller, const telephony::ConsoleCredentialId& id,
                          const telephony::Snapshot& snapshot) {
    const auto& config = snapshot.organization(caller.organization);
    const auto login = config ? config->find<telephony::ConsoleCredential>(id) : nullptr;
    if (!login) return fail(ErrorCode::Unauthenticated, "The login of this session does not exist any more.");
    for (auto& role : telephony::find_roles(*config, login->roles)) caller.roles.push_back(std::move(role));
    return {};
}

}  // namespace

namespace {

CallerPtr shared(Caller caller) {
    return std::make_shared<const Caller>(std::move(caller));
}

std::unexpected<Error> ended(telephony::GrantKind kind) {
    return fail(ErrorCode::Unauthenticated, kind == telephony::GrantKind::ConsoleSession
                                                ? "The session has ended: log in again."
                                                : "The access token is invalid or has expired.");
}

}  // namespace

Result<CallerPtr> Authenticator::caller_of(std::string_view secret, telephony::GrantKind kind,
                                           const telephony::Snapshot& snapshot, WallTime now) const {
    const auto* grant = grants_.find(secret, now);
    if (!grant || grant->kind != kind) return ended(kind);
    if (known_revision_ != snapshot.revision() || known_.size() >= kMostKnown) {
        known_.clear();
        known_revision_ = snapshot.revision();
    }
    if (const auto it = known_.find(grant->token_sha256); it != known_.end()) return it->second;
    DP_TRY(caller, caller_with(*grant, snapshot));
    return known_[grant->token_sha256] = shared(std::move(caller));
}

Result<Caller> Authenticator::renewed(const Caller& caller, const telephony::Snapshot& snapshot, WallTime now) const {
    const auto* grant = grants_.find_digest(caller.grant, now);
    return grant ? caller_with(*grant, snapshot) : ended(telephony::GrantKind::AccessToken);
}

Result<Caller> Authenticator::caller_with(const telephony::AccessGrant& grant,
                                          const telephony::Snapshot& snapshot) const {
    const bool console = grant.kind == telephony::GrantKind::ConsoleSession;
    Caller caller;
    caller.kind = console ? CallerKind::ConsoleSession : CallerKind::Token;
    caller.organization = grant.organization;
    caller.client = grant.client;
    caller.user = grant.user;
    caller.scopes = grant.scopes;
    caller.grant = grant.token_sha256;
    set_limits(caller, 0, 0);
    if (!caller.client.empty()) DP_CHECK(take_client(caller, snapshot));
    if (!caller.user.empty()) DP_CHECK(take_user(caller, snapshot));
    if (!grant.console.empty() && console) DP_CHECK(take_console(caller, grant.console, snapshot));
    return caller;
}

Result<Caller> Authenticator::caller_of_key(std::string_view secret, const telephony::Snapshot& snapshot) const {
    const auto& key = snapshot.api_key(telephony::secret_digest(secret));
    if (!key || !key->enabled) return fail(ErrorCode::Unauthenticated, "The API key is unknown or disabled.");
    Caller caller;
    caller.kind = CallerKind::ApiKey;
    caller.organization = key->meta.organization;
    caller.api_key = key->id;
    caller.scopes = key->scopes;
    if (const auto& config = snapshot.organization(caller.organization))
        caller.roles = telephony::find_roles(*config, key->roles);
    set_limits(caller, key->requests_per_minute, 0);
    return caller;
}

Result<CallerPtr> Authenticator::authenticate(const net::HttpRequest& request, Credentials accepted,
                                              const telephony::Snapshot& snapshot, WallTime now) const {
    const auto bearer = bearer_of(request);
    const auto cookie = cookie_of(request, kSessionCookie);
    const auto key = accepted == Credentials::TokenOrApiKey ? request.header("X-API-Key") : std::string_view{};
    if ((bearer ? 1 : 0) + (cookie.empty() ? 0 : 1) + (key.empty() ? 0 : 1) > 1)
        return fail(ErrorCode::InvalidValue,
                    "Send one kind of credentials: an Authorization header, an API key or the console's cookie.",
                    "Authorization");
    if (bearer) return caller_of(*bearer, telephony::GrantKind::AccessToken, snapshot, now);
    if (!key.empty()) {
        DP_TRY(caller, caller_of_key(key, snapshot));
        return shared(std::move(caller));
    }
    if (cookie.empty()) return shared({});
    DP_CHECK(check_console_request(request));
    return caller_of(cookie, telephony::GrantKind::ConsoleSession, snapshot, now);
}

}  // namespace dp::api

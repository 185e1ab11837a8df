#include "api/auth/authenticator.hpp"

#include <fmt/format.h>

#include "base/ascii.hpp"

namespace dp::api {
namespace {

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

Result<Caller> Authenticator::caller_of(std::string_view secret, telephony::GrantKind kind,
                                        const telephony::Snapshot& snapshot, WallTime now) const {
    const auto* grant = grants_.find(secret, now);
    if (!grant || grant->kind != kind)
        return fail(ErrorCode::Unauthenticated, kind == telephony::GrantKind::ConsoleSession
                                                    ? "The session has ended: log in again."
                                                    : "The access token is invalid or has expired.");
    Caller caller;
    caller.kind = kind == telephony::GrantKind::ConsoleSession ? CallerKind::ConsoleSession : CallerKind::Token;
    caller.organization = grant->organization;
    caller.client = grant->client;
    caller.user = grant->user;
    caller.scopes = grant->scopes;
    caller.requests_per_minute = requests_per_minute_;
    if (!grant->client.empty()) {
        const auto& client = snapshot.oauth_client(grant->client);
        if (!client || !client->enabled)
            return fail(ErrorCode::Unauthenticated, "The OAuth client of this token is disabled.");
        if (client->requests_per_minute > 0) caller.requests_per_minute = client->requests_per_minute;
    }
    return caller;
}

Result<Caller> Authenticator::authenticate(const net::HttpRequest& request, const telephony::Snapshot& snapshot,
                                           WallTime now) const {
    const auto bearer = bearer_of(request);
    const auto cookie = cookie_of(request, kSessionCookie);
    if (bearer && !cookie.empty())
        return fail(ErrorCode::InvalidValue, "Send either an Authorization header or the console's cookie, not both.",
                    "Authorization");
    if (bearer) return caller_of(*bearer, telephony::GrantKind::AccessToken, snapshot, now);
    if (cookie.empty()) return Caller{};
    DP_CHECK(check_console_request(request));
    return caller_of(cookie, telephony::GrantKind::ConsoleSession, snapshot, now);
}

}  // namespace dp::api

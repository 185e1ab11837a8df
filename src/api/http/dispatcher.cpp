#include "api/http/dispatcher.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/ascii.hpp"

namespace dp::api {
namespace {

constexpr std::string_view kExposed =
    "ININ-Correlation-Id, inin-ratelimit-count, inin-ratelimit-allowed, inin-ratelimit-reset, Retry-After, ETag";

bool has_body(std::string_view method) {
    return method == "POST" || method == "PUT" || method == "PATCH";
}

// RFC 9110 section 12.5.1, as far as one media type has to be found acceptable: the most specific range decides, and a
// weight of 0 means no.
bool accepts(std::string_view accept, std::string_view produces) {
    if (ascii::trim(accept).empty()) return true;
    const std::string group = std::string(produces.substr(0, produces.find('/'))) + "/*";
    int best = -1;
    bool wanted = false;
    for (const auto range : ascii::split(accept, ',')) {
        const auto parts = ascii::split(range, ';');
        const auto type = ascii::trim(parts.front());
        const int specific = ascii::iequals(type, produces) ? 2
                             : ascii::iequals(type, group)  ? 1
                             : type == "*/*"                ? 0
                                                            : -1;
        if (specific <= best) continue;
        best = specific;
        wanted = std::ranges::none_of(parts.begin() + 1, parts.end(), [](std::string_view parameter) {
            parameter = ascii::trim(parameter);
            return parameter.size() >= 3 && ascii::iequals(parameter.substr(0, 2), "q=") &&
                   parameter.substr(2).find_first_not_of("0.") == std::string_view::npos;
        });
    }
    return wanted;
}

// A GET with `Content-Type: application/json` and no body is what the JavaScript SDK always sends: only real bodies are
// judged.
Result<void> check_media_types(const net::HttpRequest& request, ErrorStyle style, std::string_view produces) {
    if (!accepts(request.header("Accept"), produces))
        return fail(ErrorCode::NotAcceptable, fmt::format("This route answers {} only.", produces), "Accept");
    if (!has_body(request.method) || request.body.empty() || style == ErrorStyle::OAuth) return {};
    auto type = request.header("Content-Type");
    type = ascii::trim(type.substr(0, type.find(';')));
    if (!ascii::iequals(type, "application/json"))
        return fail(ErrorCode::UnsupportedMedia, "The body must be application/json.", "Content-Type");
    return {};
}

// Browser clients of other origins bring tokens, never our cookie: credentials are not allowed across origins.
void add_cors(const net::HttpRequest& request, Reply& reply) {
    if (!request.has_header("Origin")) return;
    reply.add_header("Access-Control-Allow-Origin", "*");
    reply.add_header("Access-Control-Expose-Headers", std::string(kExposed));
}

net::HttpResponse preflight() {
    return {204,
            {{"Access-Control-Allow-Methods", "GET, HEAD, POST, PUT, PATCH, DELETE"},
             {"Access-Control-Allow-Headers",
              "Authorization, Content-Type, Accept, Idempotency-Key, If-Match, Prefer, purecloud-sdk, "
              "ININ-Correlation-Id, ININ-Client-Path, X-API-Key"},
             {"Access-Control-Max-Age", "600"}},
            {}};
}

template <class Texts>
std::string joined(const Texts& texts, std::string_view separator) {
    std::string out;
    for (const auto& text : texts) out += (out.empty() ? "" : std::string(separator)) + std::string(text);
    return out;
}

}  // namespace

Dispatcher::Dispatcher(const Router& router, const Authenticator& authenticator,
                       const telephony::SnapshotHub& snapshots, const Clock& clock, Random& random,
                       IdempotencyGate& idempotency)
    : router_(router),
      authenticator_(authenticator),
      snapshots_(snapshots),
      clock_(clock),
      random_(random),
      idempotency_(idempotency),
      figures_(clock) {}

std::string Dispatcher::correlation_of(const net::HttpRequest& request) {
    const auto given = request.header("ININ-Correlation-Id");
    return is_valid_id(given) ? std::string(given) : random_.uuid();
}

void Dispatcher::handle(net::HttpRequest http, net::HttpResponder responder) {
    auto match = router_.match(http.method, http.path);
    Reply reply(std::move(responder), correlation_of(http), match.route ? match.route->style : ErrorStyle::Genesys);
    add_cors(http, reply);
    figures_.follow(http, match.route, reply);
    const bool read = http.method == "GET" || http.method == "HEAD";
    reply.set_conditions(read ? std::string(http.header("If-None-Match")) : std::string(), http.has_header("If-Match"));
    if (http.method == "OPTIONS" && http.has_header("Access-Control-Request-Method"))
        return std::move(reply).response(preflight());
    if (!match.route && match.allowed.empty())
        return std::move(reply).error({ErrorCode::NotFound, fmt::format("There is nothing at {}.", http.path), ""});
    if (!match.route) {
        reply.add_header("Allow", match.allowed);
        return std::move(reply).error(
            {ErrorCode::MethodNotAllowed,
             fmt::format("{} is not possible on {}; {} is.", http.method, http.path, match.allowed), ""});
    }
    if (match.malformed)
        return std::move(reply).error({ErrorCode::NotFound, "The path holds what cannot be an id.", ""});
    ApiRequest request{std::move(http), std::move(match.parameters), anonymous_, reply.correlation(), snapshots_.get()};
    if (auto admitted = admit(request, *match.route, reply); !admitted)
        return refuse(request, *match.route, std::move(reply), admitted.error());
    run(*match.route, std::move(request), std::move(reply));
}

void Dispatcher::run(const Route& route, ApiRequest request, Reply reply) {
    const bool keyed = route.method == "POST" && route.access == RouteAccess::Authenticated &&
                       request.http.has_header("Idempotency-Key");
    if (!keyed) return route.handler(std::move(request), std::move(reply));
    // Seed 4's creates answer 200; the others that do not say 201 keep their answer with the effect.
    const int created = route.style == ErrorStyle::Detail ? 200 : 201;
    idempotency_.run(std::move(request), std::move(reply), route.handler, created,
                     [this](ApiRequest lost, Reply answer, const std::string& id) {
                         read_back(std::move(lost), std::move(answer), id);
                     });
}

// The server died between carrying the request out and keeping its answer: what the request made is the answer.
void Dispatcher::read_back(ApiRequest request, Reply reply, const std::string& id) const {
    auto match = router_.match("GET", request.http.path + "/" + id);
    if (!match.route || id.empty())
        return std::move(reply).error({ErrorCode::Conflict,
                                       "The request with this Idempotency-Key was carried out; its answer was lost.",
                                       "Idempotency-Key"});
    request.http.method = "GET";
    request.parameters = std::move(match.parameters);
    match.route->handler(std::move(request), std::move(reply));
}

Result<void> Dispatcher::identify(ApiRequest& request, const Route& route, Reply& reply) {
    auto caller = authenticator_.authenticate(request.http, route.credentials, *request.snapshot, clock_.wall());
    if (caller && (*caller)->kind != CallerKind::Anonymous) {
        request.caller = std::move(*caller);
        return {};
    }
    // Guessing tokens costs the guesser's address, never a client's budget.
    DP_CHECK(count("address/" + request.http.remote.address.str(), authenticator_.requests_per_minute(), reply));
    if (!caller) return std::unexpected(std::move(caller).error());
    return fail(ErrorCode::Unauthenticated, "No authentication bearer token specified in authorization header.");
}

Result<void> Dispatcher::count(const std::string& bucket, int limit, Reply& reply) {
    const auto rate = limiter_.count(bucket, limit, clock_.now());
    if (rate.limit == 0) return {};
    reply.set_header("inin-ratelimit-count", fmt::to_string(rate.count));
    reply.set_header("inin-ratelimit-allowed", fmt::to_string(rate.limit));
    reply.set_header("inin-ratelimit-reset", fmt::to_string(rate.reset.count()));
    if (rate.allowed) return {};
    reply.set_header("Retry-After", fmt::to_string(std::max<long>(1, rate.reset.count())));
    return fail(ErrorCode::TooManyRequests, fmt::format("Rate limit exceeded the maximum {} requests within {} seconds",
                                                        rate.limit, RateLimiter::kWindow.count()));
}

Result<void> Dispatcher::admit(ApiRequest& request, const Route& route, Reply& reply) {
    if (route.access == RouteAccess::Open) return {};
    DP_CHECK(identify(request, route, reply));
    const Caller& caller = *request.caller;
    if (caller.requests_per_minute > 0) DP_CHECK(count(caller.bucket(), caller.requests_per_minute, reply));
    if (route.budget == RouteBudget::Calls) DP_CHECK(count("calls/" + caller.bucket(), caller.calls_per_minute, reply));
    if (!holds_any(caller, route.scopes))
        return fail(ErrorCode::Forbidden,
                    fmt::format("The token lacks the scope: one of {} is needed.", joined(route.scopes, " ")), "scope");
    if (!may_any(caller, route.permissions))
        return fail(
            ErrorCode::Forbidden,
            fmt::format("Unable to perform the requested action. You are missing the following permission(s): {}",
                        joined(route.permissions, " or ")),
            "permission");
    return check_media_types(request.http, route.style, route.produces);
}

void Dispatcher::refuse(const ApiRequest& request, const Route& route, Reply reply, const Error& error) const {
    // RFC 6750 section 3.1: an error code only where credentials came at all.
    if (error.code == ErrorCode::Unauthenticated)
        reply.add_header("WWW-Authenticate", request.http.has_header("Authorization")
                                                 ? "Bearer realm=\"dialplane\", error=\"invalid_token\""
                                                 : "Bearer realm=\"dialplane\"");
    const bool scope = error.code == ErrorCode::Forbidden && error.field == "scope";
    if (scope && route.refusal == ScopeRefusal::InsufficientScope) {
        reply.add_header("WWW-Authenticate",
                         fmt::format("Bearer realm=\"dialplane\", error=\"insufficient_scope\", scope=\"{}\"",
                                     joined(route.scopes, " ")));
        return std::move(reply).error(401, "insufficient_scope", error);
    }
    const bool permission = error.code == ErrorCode::Forbidden && error.field == "permission";
    if (scope || permission) return std::move(reply).error(403, "missing.permissions", error);
    std::move(reply).error(error);
}

}  // namespace dp::api

#include "api/http/writes.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "api/http/idempotency.hpp"
#include "base/ascii.hpp"

namespace dp::api {

telephony::WriteContext write_context(const ApiRequest& request, const Clock& clock) {
    telephony::WriteContext out;
    out.organization = request.caller->organization;
    const auto& caller = *request.caller;
    out.actor.kind = !caller.api_key.empty()                         ? telephony::ActorKind::ApiKey
                     : caller.client.empty() || !caller.user.empty() ? telephony::ActorKind::User
                                                                     : telephony::ActorKind::OAuthClient;
    out.actor.id = request.caller->actor();
    out.request_id = request.correlation;
    out.now = clock.wall();
    if (request.http.method == "POST" && request.http.has_header("Idempotency-Key"))
        out.idempotency = idempotency_of(request);
    return out;
}

Result<Body> body_of(const ApiRequest& request) {
    if (request.http.body.empty()) return fail(ErrorCode::MalformedInput, "The request needs a JSON body.");
    DP_TRY(document, parse_json_object(request.http.body));
    Body out{std::move(document), nullptr};
    out.fields = std::make_unique<JsonReader>(out.document->get_object());
    return out;
}

Result<void> finish(const Body& body, const ApiRequest& request, Reply& reply) {
    DP_CHECK(body->finish());
    const auto unknown = body->unknown();
    if (unknown.empty()) return {};
    if (request.http.header("Prefer").find("handling=strict") != std::string_view::npos)
        return fail(ErrorCode::InvalidValue, fmt::format("The field {} is unknown.", unknown.front()), unknown.front());
    std::string names;
    for (const auto& name : unknown)
        if (names.size() < 256 && net::percent_encode(name) == name) names += (names.empty() ? "" : ", ") + name;
    reply.add_header("Warning", fmt::format("299 - \"unknown fields ignored: {}\"", names));
    return {};
}

Result<std::int64_t> expected_version(const ApiRequest& request, JsonReader& fields) {
    const auto version = fields.integer("version", 0, std::int64_t{1} << 53U);
    DP_TRY(matched, matched_version(request));
    return matched == telephony::kAnyVersion ? version.value_or(telephony::kAnyVersion) : matched;
}

Result<std::int64_t> matched_version(const ApiRequest& request) {
    auto match = request.http.header("If-Match");
    if (match.empty() || match == "*") return telephony::kAnyVersion;
    if (match.starts_with("W/")) match.remove_prefix(2);
    if (match.size() > 2 && match.front() == '"' && match.back() == '"') match = match.substr(1, match.size() - 2);
    const auto tag = ascii::parse_decimal<std::int64_t>(match);
    if (!tag)
        return fail(ErrorCode::InvalidValue, "If-Match must be the entity's ETag, a quoted version number.",
                    "If-Match");
    return *tag;
}

}  // namespace dp::api

#include "telephony/events/webhook.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/ascii.hpp"
#include "telephony/events/event_filter.hpp"

namespace dp::telephony {
namespace {

constexpr std::size_t kMaxTarget = 2048;
constexpr auto kNotCustom = std::to_array<std::string_view>(
    {"connection", "content-encoding", "content-length", "content-type", "date", "expect", "host", "keep-alive",
     "proxy-authenticate", "proxy-authorization", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade",
     "user-agent", "webhook-id", "webhook-signature", "webhook-timestamp"});

std::unexpected<Error> invalid(std::string_view field, std::string_view rule) {
    return fail(ErrorCode::InvalidValue, fmt::format("{} {}.", field, rule), std::string(field));
}

bool is_token(std::string_view text) {
    constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
    return !text.empty() && std::ranges::all_of(text, [&](char c) { return ascii::is_alnum(c) || kMarks.contains(c); });
}

Result<void> check_target(std::string_view uri) {
    if (uri.empty()) return fail(ErrorCode::MissingField, "targetUri is required.", "targetUri");
    if (uri.size() > kMaxTarget) return invalid("targetUri", "may have 2048 characters at most");
    const bool printable = std::ranges::all_of(uri, [](char c) { return c > ' ' && c < 0x7F; });
    const auto scheme = uri.find("://");
    const auto name = ascii::lower(uri.substr(0, scheme));
    if (!printable || scheme == std::string_view::npos || (name != "http" && name != "https"))
        return invalid("targetUri", "must be an http or https URL");
    const auto authority = uri.substr(scheme + 3).substr(0, uri.substr(scheme + 3).find_first_of("/?#"));
    if (authority.empty() || authority.starts_with(':')) return invalid("targetUri", "must name a host");
    if (authority.contains('@')) return invalid("targetUri", "must not carry a user name or password: use headers");
    return {};
}

Result<void> check_headers(const std::vector<WebhookHeader>& headers) {
    if (headers.size() > kMaxWebhookHeaders) return invalid("headers", "may hold 20 entries at most");
    for (const auto& header : headers)
        if (header.name.size() > 64 || !is_custom_header(header.name))
            return invalid("headers", fmt::format("may not set '{}': it is no header name, or the server's own",
                                                  header.name.substr(0, 64)));
    return {};
}

}  // namespace

bool is_custom_header(std::string_view name) {
    return is_token(name) && std::ranges::find(kNotCustom, ascii::lower(name)) == kNotCustom.end();
}

bool is_secret_header(std::string_view name) {
    const std::string lower = ascii::lower(name);
    constexpr auto kSigns = std::to_array<std::string_view>({"auth", "cookie", "key", "token", "secret", "password"});
    return std::ranges::any_of(kSigns, [&](std::string_view sign) { return lower.contains(sign); });
}

Result<void> validate(const Webhook& webhook) {
    if (webhook.name.empty()) return fail(ErrorCode::MissingField, "name is required.", "name");
    for (const auto& type : webhook.event_types)
        if (!is_known_event_type(type)) return unknown_event_type(type, "eventType");
    if (auto filter = EventFilter::parse(webhook.filter, "filterCriteria"); !filter)
        return std::unexpected(filter.error());
    DP_CHECK(check_target(webhook.target_uri));
    return check_headers(webhook.headers);
}

std::string secret_context(const WebhookId& webhook) {
    return fmt::format("webhook/{}/secret", webhook.str());
}

std::string header_context(const WebhookId& webhook, std::string_view header) {
    return fmt::format("webhook/{}/header/{}", webhook.str(), ascii::lower(header));
}

}  // namespace dp::telephony

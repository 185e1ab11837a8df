#include "api/auth/scopes.hpp"

#include <algorithm>
#include <array>

#include "base/ascii.hpp"

namespace dp::api {
namespace {

constexpr std::string_view kReadOnly = ":readonly";

constexpr auto kScopes = std::to_array<ScopeFacts>({
    {"analytics", "Query analytics"},
    {"analytics:events:query", "Query events"},
    {"analytics:readonly", "Query analytics"},
    {"architect", "Manage call flows"},
    {"architect:readonly", "Read call flows"},
    {"audits:readonly", "Query the audit trail"},
    {"authorization", "Manage roles and their grants"},
    {"authorization:readonly", "Read roles and their grants"},
    {"conversation:call:write", "Place and control calls"},
    {"conversations", "Place and control conversations"},
    {"conversations:readonly", "Read conversations"},
    {"integrations", "Manage webhooks"},
    {"integrations:readonly", "Read webhooks"},
    {"locations", "Manage locations"},
    {"locations:readonly", "Read locations"},
    {"notifications", "Follow notifications"},
    {"oauth", "Manage OAuth clients and API keys"},
    {"oauth:readonly", "Read OAuth clients and API keys"},
    {"organization", "Manage the organization"},
    {"organization:readonly", "Read the organization"},
    {"routing", "Manage queues"},
    {"routing:readonly", "Read queues"},
    {"stations", "Manage stations"},
    {"stations:readonly", "Read stations"},
    {"telephony", "Manage everything telephony"},
    {"telephony:edge:read", "Read trunks"},
    {"telephony:edge:write", "Manage trunks"},
    {"telephony:phone-number:edit", "Order and assign numbers"},
    {"telephony:phone-number:view", "Read numbers"},
    {"telephony:readonly", "Read everything telephony"},
    {"telephony:sipprofile:read", "Read SIP profiles"},
    {"telephony:user-settings:edit", "Read and replace users' telephony settings"},
    {"telephony:web-r-t-c:view", "Read WebRTC providers and diagnostics"},
    {"user-basic-info", "Read the token's own user"},
    {"user:read", "Read users"},
    {"user:read:me", "Read the token's own user; needed by the JWT bearer grant"},
    {"users", "Manage users"},
    {"users:readonly", "Read users"},
    {"webhook:write", "Manage webhooks"},
});

struct Coverage {
    std::string_view coarse;
    std::string_view fine;
};

constexpr auto kCoverage = std::to_array<Coverage>({
    {"telephony", "telephony:edge:read"},
    {"telephony", "telephony:edge:write"},
    {"telephony", "telephony:phone-number:edit"},
    {"telephony", "telephony:phone-number:view"},
    {"telephony", "telephony:sipprofile:read"},
    {"telephony", "telephony:user-settings:edit"},
    {"telephony", "telephony:web-r-t-c:view"},
    {"telephony:readonly", "telephony:edge:read"},
    {"telephony:readonly", "telephony:phone-number:view"},
    {"telephony:readonly", "telephony:sipprofile:read"},
    {"telephony:readonly", "telephony:web-r-t-c:view"},
    {"conversations", "conversation:call:write"},
    {"integrations", "webhook:write"},
    {"analytics", "analytics:events:query"},
    {"analytics:readonly", "analytics:events:query"},
    {"audits:readonly", "analytics:events:query"},
    {"users", "user:read"},
    {"users", "user:read:me"},
    {"users", "user-basic-info"},
    {"users:readonly", "user:read"},
    {"users:readonly", "user:read:me"},
    {"users:readonly", "user-basic-info"},
});

}  // namespace

std::span<const ScopeFacts> known_scopes() {
    return kScopes;
}

bool is_known_scope(std::string_view name) {
    return std::ranges::find(kScopes, name, &ScopeFacts::name) != kScopes.end();
}

namespace {

/// Is `wanted` covered, where `is_held` says of a scope whether it is there?
bool is_covered(std::string_view wanted, const auto& is_held) {
    if (is_held(wanted)) return true;
    if (wanted.ends_with(kReadOnly) && is_held(wanted.substr(0, wanted.size() - kReadOnly.size()))) return true;
    return std::ranges::any_of(kCoverage, [&](const Coverage& c) { return c.fine == wanted && is_held(c.coarse); });
}

}  // namespace

bool scope_covers(std::string_view held, std::string_view wanted) {
    return is_covered(wanted, [held](std::string_view scope) { return scope == held; });
}

bool any_covers(const std::vector<std::string>& held, std::string_view wanted) {
    return is_covered(wanted, [&](std::string_view scope) { return std::ranges::find(held, scope) != held.end(); });
}

std::optional<std::vector<std::string>> narrowed(const std::vector<std::string>& owned, std::string_view asked) {
    std::vector<std::string> out;
    for (auto scope : ascii::split(asked, ' ')) {
        if (scope.empty() || std::ranges::find(out, scope) != out.end()) continue;
        if (!is_known_scope(scope) || !any_covers(owned, scope)) return std::nullopt;
        out.emplace_back(scope);
    }
    return out.empty() ? owned : out;
}

std::string joined_scopes(const std::vector<std::string>& scopes) {
    std::string out;
    for (const auto& scope : scopes) out += (out.empty() ? "" : " ") + scope;
    return out;
}

}  // namespace dp::api

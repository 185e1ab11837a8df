#include "telephony/identity/role.hpp"

#include <algorithm>

#include "base/ascii.hpp"

namespace dp::telephony {
namespace {

constexpr std::string_view kAny = "*";
constexpr std::string_view kAllActions = "all";

bool covers_action(std::string_view granted, std::string_view wanted) {
    return granted == wanted || granted == kAny || (granted == kAllActions && wanted != kAny);
}

bool covers_name(std::string_view granted, std::string_view wanted) {
    return granted == wanted || granted == kAny;
}

struct Parts {
    std::string_view domain, entity, action;
};

Parts parts_of(std::string_view permission) {
    const auto first = permission.find(':');
    const auto second = first == std::string_view::npos ? first : permission.find(':', first + 1);
    if (second == std::string_view::npos) return {};
    return {permission.substr(0, first), permission.substr(first + 1, second - first - 1),
            permission.substr(second + 1)};
}

const std::vector<PermissionFacts>& catalogue() {
    static const std::vector<PermissionFacts> kCatalogue{
        {"analytics", "conversationDetail", {"view"}},
        {"analytics", "event", {"view"}},
        {"architect", "flow", {"add", "delete", "edit", "view"}},
        {"audits", "audit", {"view"}},
        {"authorization", "grant", {"add", "delete", "view"}},
        {"authorization", "role", {"add", "delete", "edit", "view"}},
        {"conversation", "agentlessCall", {"add"}},
        {"conversation", "call", {"add", "edit", "view"}},
        {"conversation", "communication", {"view"}},
        {"directory", "user", {"add", "delete", "edit", "view"}},
        {"integrations", "webhook", {"add", "delete", "edit", "view"}},
        {"notifications", "channel", {"add"}},
        {"oauth", "apiKey", {"add", "delete", "edit", "view"}},
        {"oauth", "client", {"add", "delete", "edit", "view"}},
        {"routing", "queue", {"add", "delete", "edit", "view"}},
        {"telephony", "edge", {"edit", "view"}},
        {"telephony", "location", {"edit", "view"}},
        {"telephony", "phone", {"edit", "view"}},
        {"telephony", "phoneNumber", {"edit", "useAsCallerId", "view"}},
        {"telephony", "plugin", {"all"}},
        {"telephony", "sites", {"edit", "view"}},
        {"telephony", "station", {"edit", "view"}},
        {"telephony", "telephonyConfig", {"edit", "view"}},
        {"telephony", "userTelephonySettings", {"edit", "view"}},
        {"telephony", "webRtcProvider", {"view"}},
    };
    return kCatalogue;
}

Role made(std::string_view id, std::string name, std::string description, std::vector<PermissionPolicy> policies) {
    Role out;
    out.id = RoleId(std::string(id));
    out.name = std::move(name);
    out.description = std::move(description);
    out.policies = std::move(policies);
    out.built_in = true;
    return out;
}

}  // namespace

bool covers(std::string_view granted, std::string_view wanted) {
    const Parts have = parts_of(granted);
    const Parts want = parts_of(wanted);
    return !want.domain.empty() && covers_name(have.domain, want.domain) && covers_name(have.entity, want.entity) &&
           covers_action(have.action, want.action);
}

bool allows(const Role& role, std::string_view permission) {
    const Parts want = parts_of(permission);
    return !want.domain.empty() && std::ranges::any_of(role.policies, [&](const PermissionPolicy& policy) {
        return covers_name(policy.domain, want.domain) && covers_name(policy.entity, want.entity) &&
               std::ranges::any_of(policy.actions,
                                   [&](const auto& action) { return covers_action(action, want.action); });
    });
}

std::vector<std::string> permissions_of(const Role& role) {
    std::vector<std::string> out;
    for (const auto& policy : role.policies)
        for (const auto& action : policy.actions) out.push_back(policy.domain + ":" + policy.entity + ":" + action);
    return out;
}

std::span<const PermissionFacts> permission_catalogue() {
    return catalogue();
}

bool is_known_permission(std::string_view domain, std::string_view entity, std::string_view action) {
    if (domain == kAny && entity == kAny) return action == kAny;
    return std::ranges::any_of(catalogue(), [&](const PermissionFacts& facts) {
        return facts.domain == domain && (entity == kAny || facts.entity == entity) &&
               (action == kAny || action == kAllActions ||
                std::ranges::find(facts.actions, action) != facts.actions.end());
    });
}

std::vector<Role> built_in_roles() {
    return {
        made(kAdministratorRole, "Administrator", "May do everything.", {{"*", "*", {"*"}}}),
        made(kTelephonyManagerRole, "Telephony Manager", "Telephony > Plugin > All, and what seed 0 asks for.",
             {{"telephony", "plugin", {"all"}},
              {"telephony", "phoneNumber", {"view", "edit"}},
              {"telephony", "userTelephonySettings", {"view", "edit"}},
              {"telephony", "webRtcProvider", {"view"}},
              {"routing", "queue", {"view"}},
              {"architect", "flow", {"view"}},
              {"directory", "user", {"view"}}}),
        made(kAgentRole, "Agent", "Places and takes calls with a phone of their own.",
             {{"conversation", "call", {"add", "view", "edit"}},
              {"conversation", "communication", {"view"}},
              {"directory", "user", {"view"}},
              {"notifications", "channel", {"add"}},
              {"telephony", "phone", {"view"}},
              {"telephony", "station", {"view"}},
              {"telephony", "webRtcProvider", {"view"}}}),
    };
}

}  // namespace dp::telephony

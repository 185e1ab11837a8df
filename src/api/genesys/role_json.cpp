#include "api/genesys/role_json.hpp"

#include <algorithm>
#include <boost/json.hpp>

#include "api/genesys/envelope.hpp"

namespace dp::api {

namespace json = boost::json;
using telephony::OrganizationConfig;
using telephony::PermissionPolicy;
using telephony::Role;

namespace {

constexpr std::string_view kRoles = "/api/v2/authorization/roles";

template <class Texts>
json::array texts(const Texts& values) {
    json::array out;
    for (const auto& value : values) out.emplace_back(value);
    return out;
}

json::array policies_json(const Role& role, std::string_view actions) {
    json::array out;
    for (const PermissionPolicy& policy : role.policies)
        out.push_back(
            json::object{{"domain", policy.domain}, {"entityName", policy.entity}, {actions, texts(policy.actions)}});
    return out;
}

std::int64_t user_count(const Role& role, const OrganizationConfig& config) {
    std::int64_t out = 0;
    config.all<telephony::User>().for_each([&](const telephony::Ptr<telephony::User>& user) {
        if (std::ranges::find(user->roles, role.id) != user->roles.end()) ++out;
    });
    return out;
}

}  // namespace

json::object role_json(const Role& role, const OrganizationConfig& config) {
    auto out = envelope(role.id.str(), role.name, role.meta, kRoles);
    out["description"] = role.description;
    out["permissionPolicies"] = policies_json(role, "actionSet");
    out["permissions"] = texts(telephony::permissions_of(role));
    out["userCount"] = user_count(role, config);
    out["default"] = role.built_in;
    out["base"] = role.built_in;
    out["roleNeedsUpdate"] = false;
    if (role.built_in) out["defaultRoleId"] = role.id.str();
    return out;
}

json::object home_division(const OrganizationConfig& config) {
    auto out = reference(config.id().str(), "Home", "/api/v2/authorization/divisions");
    out["homeDivision"] = true;
    return out;
}

json::object subject_json(const telephony::RoleSubject& subject, const OrganizationConfig& config) {
    json::array grants;
    for (const auto& role : telephony::find_roles(config, subject.roles)) {
        auto shown = reference(role->id.str(), role->name, kRoles);
        shown["description"] = role->description;
        shown["policies"] = policies_json(*role, "actions");
        shown["default"] = role->built_in;
        grants.push_back(json::object{{"subjectId", subject.id},
                                      {"division", home_division(config)},
                                      {"role", std::move(shown)},
                                      {"grantMadeAt", to_rfc3339(subject.meta.modified)}});
    }
    auto out = reference(subject.id, subject.name, "/api/v2/authorization/subjects");
    out["version"] = subject.meta.version;
    out["grants"] = std::move(grants);
    return out;
}

json::object authorization_json(const std::vector<telephony::RoleId>& ids, const OrganizationConfig& config) {
    json::array roles, permissions, policies;
    for (const auto& role : telephony::find_roles(config, ids)) {
        roles.push_back(reference(role->id.str(), role->name, kRoles));
        for (const auto& permission : telephony::permissions_of(*role)) permissions.emplace_back(permission);
        for (auto& policy : policies_json(*role, "actionSet")) policies.push_back(policy);
    }
    return {{"roles", std::move(roles)},
            {"unusedRoles", json::array{}},
            {"permissions", std::move(permissions)},
            {"permissionPolicies", std::move(policies)}};
}

}  // namespace dp::api

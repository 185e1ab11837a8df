#pragma once
/// @file Roles: named sets of permissions, granted to users, OAuth clients, API keys and console logins. A permission is
/// `domain:entity:action` (`telephony:phoneNumber:edit`); in a policy `*` stands for every entity or action, and the
/// action `all` for every action (`telephony:plugin:all` is Telephony > Plugin > All).
///
/// Pure. Source: genesys-api 1.1 (permissionPolicies), seed 0 "UI Permissions".

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "telephony/ids.hpp"

namespace dp::telephony {

struct PermissionPolicy {
    std::string domain;
    std::string entity;
    std::vector<std::string> actions;
};

struct Role {
    RoleId id;
    EntityMeta meta;
    std::string name;
    std::string description;
    std::vector<PermissionPolicy> policies;
    bool built_in = false;  ///< may not be removed
};

/// Does what is granted cover what is wanted? Both `domain:entity:action`; a wildcard that is wanted needs one that is
/// granted, so that nobody passes on more than they hold.
bool covers(std::string_view granted, std::string_view wanted);
bool allows(const Role& role, std::string_view permission);
/// Every `domain:entity:action` of a role, wildcards as they stand.
std::vector<std::string> permissions_of(const Role& role);

/// One line of what exists: a domain's entity and its actions.
struct PermissionFacts {
    std::string_view domain;
    std::string_view entity;
    std::vector<std::string_view> actions;
};

/// Every permission that a route or rule asks for, ordered by domain and entity.
std::span<const PermissionFacts> permission_catalogue();
/// Wildcards included.
bool is_known_permission(std::string_view domain, std::string_view entity, std::string_view action);

/// The roles an organization starts with.
inline constexpr std::string_view kAdministratorRole = "role-administrator";
inline constexpr std::string_view kTelephonyManagerRole = "role-telephony-manager";
inline constexpr std::string_view kAgentRole = "role-agent";
std::vector<Role> built_in_roles();

}  // namespace dp::telephony

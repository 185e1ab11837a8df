#pragma once
/// @file User: a person who may have a phone. What they may do comes from their roles (role.hpp).

#include <string>
#include <vector>

#include "telephony/ids.hpp"

namespace dp::telephony {

/// Lets a user present a caller ID that is assigned to somebody else (seed 3: "has a role that allows using that
/// number").
inline constexpr const char* kPermissionUseAnyCallerId = "telephony:phoneNumber:useAsCallerId";

enum class UserState : std::uint8_t { Active, Inactive, Deleted };

struct User {
    UserId id;
    EntityMeta meta;
    std::string name;
    std::string email;
    UserState state = UserState::Active;
    std::string title;
    std::string department;
    SiteId site;                           ///< empty: the organization's default site
    StationId default_station;             ///< empty: the station of the user's first phone
    std::vector<std::string> permissions;  ///< granted directly, beside the roles
    std::vector<RoleId> roles;
};

}  // namespace dp::telephony

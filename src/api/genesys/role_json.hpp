#pragma once
/// @file Roles and grants in the Genesys shapes (DomainOrganizationRole, AuthzSubject, UserAuthorization).

#include <boost/json/fwd.hpp>

#include <vector>

#include "telephony/config/role_grants.hpp"

namespace dp::api {

boost::json::object role_json(const telephony::Role& role, const telephony::OrganizationConfig& config);
boost::json::object subject_json(const telephony::RoleSubject& subject, const telephony::OrganizationConfig& config);
/// `roles`, `permissions` and `permissionPolicies` of a user, as `users/{id}/roles` and `expand=authorization` show them.
boost::json::object authorization_json(const std::vector<telephony::RoleId>& roles,
                                       const telephony::OrganizationConfig& config);
/// The one division there is: the organization's own, and its id.
boost::json::object home_division(const telephony::OrganizationConfig& config);

}  // namespace dp::api

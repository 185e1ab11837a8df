#pragma once
/// @file What a caller may hand on to others: no role, scope or way to act for people that goes beyond what they hold
/// themselves. Else whoever may administer roles or clients would be an administrator of everything.
///
/// Pure. Errors: Forbidden with the field `permission` or the scope.

#include <string>
#include <vector>

#include "api/auth/caller.hpp"
#include "base/result.hpp"
#include "telephony/config/snapshot.hpp"

namespace dp::api {

Result<void> may_grant(const Caller& caller, const telephony::Role& role);
/// Roles that do not exist are the rules' business, not ours.
Result<void> may_grant(const Caller& caller, const telephony::OrganizationConfig& config,
                       const std::vector<telephony::RoleId>& roles);
Result<void> may_pass_on(const Caller& caller, const std::vector<std::string>& scopes);
/// For JWT bearer clients, who may become any user.
Result<void> may_impersonate(const Caller& caller);

}  // namespace dp::api

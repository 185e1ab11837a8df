#include "api/auth/delegation.hpp"

#include <fmt/format.h>

#include "api/auth/scopes.hpp"

namespace dp::api {
namespace {

std::unexpected<Error> lacking(std::string_view permission) {
    return fail(
        ErrorCode::Forbidden,
        fmt::format("Nobody grants more than they hold. You are missing the following permission(s): {}", permission),
        "permission");
}

}  // namespace

Result<void> may_grant(const Caller& caller, const telephony::Role& role) {
    for (const auto& permission : telephony::permissions_of(role))
        if (!caller.may(permission)) return lacking(permission);
    return {};
}

Result<void> may_grant(const Caller& caller, const telephony::OrganizationConfig& config,
                       const std::vector<telephony::RoleId>& roles) {
    for (const auto& id : roles)
        if (const auto& role = config.find<telephony::Role>(id)) DP_CHECK(may_grant(caller, *role));
    return {};
}

Result<void> may_pass_on(const Caller& caller, const std::vector<std::string>& scopes) {
    for (const auto& scope : scopes)
        if (!any_covers(caller.scopes, scope))
            return fail(ErrorCode::Forbidden, fmt::format("Your own token lacks the scope {}.", scope), "scope");
    return {};
}

Result<void> may_impersonate(const Caller& caller) {
    constexpr std::string_view kEverything = "*:*:*";
    if (caller.may(kEverything)) return {};
    return lacking(kEverything);
}

}  // namespace dp::api

#include "api/auth/caller.hpp"

#include <algorithm>

#include "api/auth/scopes.hpp"

namespace dp::api {
bool Caller::may(std::string_view permission) const {
    return std::ranges::any_of(permissions,
                               [&](const std::string& granted) { return telephony::covers(granted, permission); }) ||
           std::ranges::any_of(roles, [&](const auto& role) { return telephony::allows(*role, permission); });
}

bool may_any(const Caller& caller, const std::vector<std::string>& wanted) {
    return wanted.empty() ||
           std::ranges::any_of(wanted, [&](const std::string& permission) { return caller.may(permission); });
}

bool holds_any(const Caller& caller, const std::vector<std::string_view>& wanted) {
    if (wanted.empty()) return caller.kind != CallerKind::Anonymous;
    return std::ranges::any_of(wanted, [&](std::string_view scope) { return any_covers(caller.scopes, scope); });
}

}  // namespace dp::api

#include "api/auth/caller.hpp"

#include <algorithm>

namespace dp::api {
namespace {

constexpr std::string_view kReadOnly = ":readonly";

bool covers(std::string_view held, std::string_view wanted) {
    return held == wanted ||
           (wanted.ends_with(kReadOnly) && wanted.substr(0, wanted.size() - kReadOnly.size()) == held);
}

}  // namespace

bool holds_any(const Caller& caller, const std::vector<std::string_view>& wanted) {
    if (wanted.empty()) return caller.kind != CallerKind::Anonymous;
    return std::ranges::any_of(wanted, [&](std::string_view scope) {
        return std::ranges::any_of(caller.scopes, [&](const std::string& held) { return covers(held, scope); });
    });
}

}  // namespace dp::api

#include "telephony/identity/user.hpp"

#include <algorithm>

namespace dp::telephony {

bool has_permission(const User& user, std::string_view permission) {
    return std::ranges::find(user.permissions, permission) != user.permissions.end();
}

}  // namespace dp::telephony

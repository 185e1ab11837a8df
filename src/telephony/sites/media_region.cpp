#include "telephony/sites/media_region.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace dp::telephony {

std::string turn_secret_context(const MediaRegionId& id) {
    return "media-region/" + id.str() + "/turn-secret";
}

Result<void> validate(const MediaRegion& region) {
    if (region.servers.size() > kMaxIceServers)
        return fail(ErrorCode::InvalidValue, fmt::format("servers may hold at most {} servers.", kMaxIceServers),
                    "servers");
    for (std::size_t i = 0; i < region.servers.size(); ++i) {
        const std::string field = fmt::format("servers[{}]", i);
        const auto before = region.servers.begin() + static_cast<std::ptrdiff_t>(i);
        if (!is_ice_server_uri(region.servers[i]))
            return fail(ErrorCode::InvalidValue, field + " must be a stun:, stuns:, turn: or turns: URI.", field);
        if (std::find(region.servers.begin(), before, region.servers[i]) != before)
            return fail(ErrorCode::InvalidValue, field + " is named twice.", field);
    }
    return {};
}

}  // namespace dp::telephony

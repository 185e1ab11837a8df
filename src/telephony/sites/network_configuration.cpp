#include "telephony/sites/network_configuration.hpp"

#include <algorithm>

namespace dp::telephony {

bool is_ice_server_uri(std::string_view uri) {
    for (std::string_view scheme : {"stun:", "stuns:", "turn:", "turns:"}) {
        if (!uri.starts_with(scheme)) continue;
        const std::string_view rest = uri.substr(scheme.size());
        return !rest.empty() && rest.size() <= 255 && rest[0] != ':' && rest[0] != '?' &&
               std::ranges::none_of(rest,
                                    [](char c) { return c <= ' ' || c == '"' || c == '<' || c == '>' || c == 0x7f; });
    }
    return false;
}

}  // namespace dp::telephony

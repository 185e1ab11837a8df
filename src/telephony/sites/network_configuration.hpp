#pragma once
/// @file NetworkConfiguration: a named network profile for browser phones and SIP endpoints (seed 0:
/// `web-rtc-nat-config-01`).

#include <cstdint>
#include <string>
#include <vector>

#include "telephony/ids.hpp"

namespace dp::telephony {

enum class IceTransportPolicy : std::uint8_t { All, Relay };

struct NetworkConfiguration {
    NetworkConfigurationId id;
    EntityMeta meta;
    std::string name;
    std::vector<std::string> stun_servers;  ///< `stun:`, `turn:` and `turns:` URIs
    bool force_tcp = false;
    IceTransportPolicy ice_transport_policy = IceTransportPolicy::All;
};

/// True for `stun:`, `stuns:`, `turn:` and `turns:` URIs with a host (RFC 7064, RFC 7065).
bool is_ice_server_uri(std::string_view uri);

}  // namespace dp::telephony

#pragma once
/// @file NetworkConfiguration: a named network profile for browser phones and SIP endpoints (seed 0:
/// `web-rtc-nat-config-01`).

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "telephony/ids.hpp"
#include "telephony/ports/secrets.hpp"

namespace dp::telephony {

enum class IceTransportPolicy : std::uint8_t { All, Relay };

std::string_view to_string(IceTransportPolicy policy);

inline constexpr std::chrono::hours kTurnCredentialLifetime{12};
inline constexpr std::size_t kMaxIceServers = 16;

struct NetworkConfiguration {
    NetworkConfigurationId id;
    EntityMeta meta;
    std::string name;
    std::vector<std::string> stun_servers;  ///< `stun:`, `turn:` and `turns:` URIs
    bool force_tcp = false;                 ///< no media and no SIP over UDP on the phone's side
    IceTransportPolicy ice_transport_policy = IceTransportPolicy::All;
    Sealed turn_secret;  ///< shared with the TURN servers (turn_credential.hpp); empty: none
    std::chrono::seconds turn_credential_lifetime{kTurnCredentialLifetime};
};

/// What a turn_secret is sealed for.
std::string turn_secret_context(const NetworkConfigurationId& id);

/// True for `stun:`, `stuns:`, `turn:` and `turns:` URIs with a host (RFC 7064, RFC 7065).
bool is_ice_server_uri(std::string_view uri);

}  // namespace dp::telephony

#pragma once
/// @file IceProfile: which STUN and TURN servers a user's browser phone is given, and how it may use them: the user's
/// own settings over the network configuration they name.
///
/// Pure. Source: seed 0 section 3 and edge case 2; product.md "User telephony settings".
///
///     servers     the user's stunServers, else those of the network configuration
///     policy      the user's iceTransportPolicy, else the network configuration's; relay under forceTcp
///     forceTcp    TURN over TCP or TLS alone: turn: becomes ?transport=tcp, stun: is left out
///     login       of turn: and turns:, by the network configuration's secret; without one they are left out, because a
///                 browser refuses a TURN server without credentials

#include <optional>
#include <string>
#include <vector>

#include "telephony/config/snapshot.hpp"
#include "telephony/sites/ice_server_uri.hpp"

namespace dp::telephony {

struct IceProfile {
    std::vector<IceServerUri> servers;
    IceTransportPolicy policy = IceTransportPolicy::All;
    bool force_tcp = false;
    Ptr<NetworkConfiguration> network;  ///< null: none named

    bool can_log_in() const { return network && !network->turn_secret.empty(); }
    /// A TURN server that browsers are given.
    bool has_relay() const;
};

IceProfile ice_profile_of(const OrganizationConfig& config, const EndpointSettings& settings);
IceProfile ice_profile_of(const OrganizationConfig& config, const UserId& user);

/// What a browser may be given of one server; nothing when it may not use it.
std::optional<IceServerUri> usable_by_browser(IceServerUri server, bool can_log_in, bool force_tcp);

struct IceServer {
    std::string uri;
    std::string username;    ///< empty for STUN
    std::string credential;  ///< dies with the network configuration's credential lifetime
};
std::vector<IceServer> browser_ice_servers(const IceProfile& profile, const Secrets& secrets, const UserId& user,
                                           WallTime now);

/// What is accepted and yet likely not meant, a sentence each: no servers of its own, TURN without a login, relay
/// without TURN.
std::vector<std::string> remarks_on(const OrganizationConfig& config, const UserTelephonySettings& settings);

}  // namespace dp::telephony

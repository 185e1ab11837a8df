/// @file /api/v2/telephony/networkconfigurations: the named network profiles of seed 0, to be read (what browser phones
/// are given, what `dialplane doctor` probes).
#include "api/resources/entity_routes.hpp"
#include "api/resources/resources.hpp"

namespace dp::api {

namespace json = boost::json;
using telephony::NetworkConfiguration;

namespace {

constexpr std::string_view kNetworkConfigurations = "/api/v2/telephony/networkconfigurations";

json::object network_json(const NetworkConfiguration& network, const telephony::OrganizationConfig&) {
    auto out = envelope(network.id.str(), network.name, network.meta, kNetworkConfigurations);
    json::array servers;
    for (const auto& server : network.stun_servers) servers.emplace_back(server);
    out["stunServers"] = std::move(servers);
    out["forceTcp"] = network.force_tcp;
    out["iceTransportPolicy"] = network.ice_transport_policy == telephony::IceTransportPolicy::Relay ? "relay" : "all";
    return out;
}

}  // namespace

void add_network_configurations(Router& router, ApiContext&) {
    add_reads<NetworkConfiguration>(router,
                                    {kNetworkConfigurations,
                                     "/api/v2/telephony/networkconfigurations/{configurationId}",
                                     "configurationId",
                                     "network configuration",
                                     {"telephony:user-settings:edit", "telephony:web-r-t-c:view", "telephony:readonly"},
                                     {"telephony"},
                                     network_json});
}

}  // namespace dp::api

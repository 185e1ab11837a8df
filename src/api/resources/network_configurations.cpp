/// @file /api/v2/telephony/networkconfigurations: the named network profiles of seed 0: what browser phones are given
/// and how SIP endpoints may register. The TURN secret is write-only.
#include "api/resources/entity_routes.hpp"
#include "api/resources/resources.hpp"

namespace dp::api {

namespace json = boost::json;
using telephony::NetworkConfiguration;

namespace {

constexpr std::string_view kNetworkConfigurations = "/api/v2/telephony/networkconfigurations";
constexpr std::size_t kMaxTurnSecret = 256;
// A browser asks for new allocations during a call; a login that outlives a working day is a login for strangers.
constexpr std::chrono::seconds kShortestLogin{60}, kLongestLogin{7 * 24 * 3600};

json::object network_json(const NetworkConfiguration& network, const telephony::OrganizationConfig&) {
    auto out = envelope(network.id.str(), network.name, network.meta, kNetworkConfigurations);
    json::array servers;
    for (const auto& server : network.stun_servers) servers.emplace_back(server);
    out["stunServers"] = std::move(servers);
    out["forceTcp"] = network.force_tcp;
    out["iceTransportPolicy"] = to_string(network.ice_transport_policy);
    if (!network.turn_secret.empty()) out["turnSecret"] = telephony::kMaskedSecret;
    out["turnCredentialLifetimeSeconds"] = network.turn_credential_lifetime.count();
    return out;
}

/// Absent and masked keep the stored one; null and empty take it away.
void fill_secret(JsonReader& body, NetworkConfiguration& network, const telephony::Secrets& secrets) {
    const bool cleared = body.is_null("turnSecret");
    const auto secret = body.text("turnSecret", kMaxTurnSecret);
    if (cleared || (secret && secret->empty()))
        network.turn_secret = {};
    else if (secret && *secret != telephony::kMaskedSecret)
        network.turn_secret = secrets.seal(*secret, telephony::turn_secret_context(network.id));
}

void fill(JsonReader& body, NetworkConfiguration& network, const telephony::Secrets& secrets) {
    network.name = body.required_text("name");
    network.stun_servers = body.texts("stunServers", telephony::kMaxIceServers).value_or(std::vector<std::string>{});
    network.force_tcp = body.boolean("forceTcp").value_or(false);
    const auto policy = body.text("iceTransportPolicy", 8).value_or("all");
    if (policy != "all" && policy != "relay") body.refuse("iceTransportPolicy", "must be all or relay");
    network.ice_transport_policy =
        policy == "relay" ? telephony::IceTransportPolicy::Relay : telephony::IceTransportPolicy::All;
    network.turn_credential_lifetime = std::chrono::seconds(
        body.integer("turnCredentialLifetimeSeconds", kShortestLogin.count(), kLongestLogin.count())
            .value_or(std::chrono::seconds(telephony::kTurnCredentialLifetime).count()));
    fill_secret(body, network, secrets);
}

}  // namespace

void add_network_configurations(Router& router, ApiContext& context) {
    const Shape<NetworkConfiguration> shape{
        kNetworkConfigurations,
        "/api/v2/telephony/networkconfigurations/{configurationId}",
        "configurationId",
        "network configuration",
        {"telephony:user-settings:edit", "telephony:web-r-t-c:view", "telephony:readonly"},
        {"telephony:user-settings:edit", "telephony"},
        network_json};
    add_reads<NetworkConfiguration>(router, shape, JsonFrom::ConfigurationAlone);
    add_writes<NetworkConfiguration>(
        router, context, shape,
        [&context](JsonReader& body, NetworkConfiguration& network) { fill(body, network, context.secrets); });
    add_remove(router, context, shape, telephony::EntityType::NetworkConfiguration);
}

}  // namespace dp::api

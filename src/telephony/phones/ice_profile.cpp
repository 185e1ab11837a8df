#include "telephony/phones/ice_profile.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "telephony/phones/turn_credential.hpp"

namespace dp::telephony {
namespace {

std::string where_from(const IceProfile& profile) {
    if (!profile.network) return "and no network configuration is named: the browser phone has no servers";
    if (profile.servers.empty())
        return fmt::format("and the network configuration '{}' has none: the browser phone has no servers",
                           profile.network->id.str());
    return fmt::format("the servers of the network configuration '{}' are used", profile.network->id.str());
}

}  // namespace

bool IceProfile::has_relay() const {
    return can_log_in() && std::ranges::any_of(servers, &IceServerUri::is_turn);
}

std::optional<IceServerUri> usable_by_browser(IceServerUri server, bool can_log_in, bool force_tcp) {
    if (server.is_turn() && !can_log_in) return std::nullopt;
    if (!force_tcp || server.transport == IceTransport::Tcp) return server;
    if (!server.is_turn()) return std::nullopt;
    server.transport = IceTransport::Tcp;
    return server;
}

IceProfile ice_profile_of(const OrganizationConfig& config, const EndpointSettings& settings) {
    IceProfile out;
    out.network = config.network_configuration(settings.network_config);
    const bool own = !settings.stun_servers.empty() || !out.network;
    for (const std::string& text : own ? settings.stun_servers : out.network->stun_servers)
        if (auto server = parse_ice_server_uri(text)) out.servers.push_back(std::move(*server));
    out.force_tcp = out.network && out.network->force_tcp;
    out.policy = settings.ice_transport_policy.value_or(out.network ? out.network->ice_transport_policy
                                                                    : IceTransportPolicy::All);
    if (out.force_tcp) out.policy = IceTransportPolicy::Relay;
    return out;
}

IceProfile ice_profile_of(const OrganizationConfig& config, const UserId& user) {
    const auto& settings = config.settings_of(user);
    return settings ? ice_profile_of(config, settings->web_rtc) : IceProfile{};
}

std::vector<IceServer> browser_ice_servers(const IceProfile& profile, const Secrets& secrets, const UserId& user,
                                           WallTime now) {
    std::optional<TurnCredential> login;
    if (profile.can_log_in())
        if (const auto secret = secrets.open(profile.network->turn_secret, turn_secret_context(profile.network->id)))
            login = issue_turn_credential(*secret, user.str(), now, profile.network->turn_credential_lifetime);
    std::vector<IceServer> out;
    for (const IceServerUri& server : profile.servers) {
        const auto given = usable_by_browser(server, profile.can_log_in(), profile.force_tcp);
        if (!given || (given->is_turn() && !login)) continue;
        out.push_back(given->is_turn() ? IceServer{given->str(), login->username, login->password}
                                       : IceServer{given->str(), {}, {}});
    }
    return out;
}

std::vector<std::string> remarks_on(const OrganizationConfig& config, const UserTelephonySettings& settings) {
    const IceProfile profile = ice_profile_of(config, settings.web_rtc);
    std::vector<std::string> out;
    if (settings.web_rtc.stun_servers.empty())
        out.push_back("webRtc.stunServers is absent: " + where_from(profile) + ".");
    if (std::ranges::any_of(profile.servers, &IceServerUri::is_turn) && !profile.can_log_in())
        out.emplace_back(
            "webRtc: browsers are not given the TURN servers, for want of a login: set turnSecret in the "
            "network configuration.");
    if (profile.policy == IceTransportPolicy::Relay && !profile.has_relay())
        out.push_back(fmt::format("webRtc: {} leaves no media path, for there is no TURN server to be used.",
                                  profile.force_tcp ? "forceTcp" : "iceTransportPolicy relay"));
    return out;
}

}  // namespace dp::telephony

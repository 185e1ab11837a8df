#include "telephony/phones/media_path.hpp"

#include <algorithm>

#include "telephony/phones/turn_credential.hpp"

namespace dp::telephony {
namespace {

using Time = std::optional<std::chrono::microseconds>;

void keep_least(Time& least, const Time& time) {
    if (time && (!least || *time < *least)) least = time;
}

Time reported_time(const MediaRegion& region, const PhoneRoundTrips& report) {
    Time least;
    for (const auto& entry : report.entries)
        if (std::ranges::find(region.servers, entry.uri) != region.servers.end()) keep_least(least, entry.time);
    return least;
}

/// Of all regions, whatever a site names.
Ptr<MediaRegion> nearest(const OrganizationConfig& config, const auto& time_of) {
    Ptr<MediaRegion> best;
    Time least;
    config.all<MediaRegion>().for_each([&](const Ptr<MediaRegion>& region) {
        const Time time = time_of(*region);
        if (time && (!least || *time < *least)) least = time, best = region;
        return true;
    });
    return best;
}

Ptr<MediaRegion> nearest_to(const OrganizationConfig& config, const UserId& user, const LiveRoundTrips& round_trips,
                            WallTime now) {
    const auto report = round_trips.phones.find(user);
    if (report && now - report->reported < kReportCounts)
        if (auto best = nearest(config, [&](const MediaRegion& region) { return reported_time(region, *report); }))
            return best;
    return nearest(config, [&](const MediaRegion& region) { return round_trip_of(region, round_trips); });
}

std::vector<Ptr<MediaRegion>> regions_of(const OrganizationConfig& config, const Site& site) {
    std::vector<Ptr<MediaRegion>> out;
    for (const MediaRegionId& id : site.media_regions)
        if (const auto& region = config.media_region(id)) out.push_back(region);
    return out;
}

bool has_servers(const std::vector<Ptr<MediaRegion>>& regions) {
    return std::ranges::any_of(regions, [](const auto& region) { return !region->servers.empty(); });
}

void add_servers(std::vector<IceServer>& out, const MediaRegion& region, const Secrets& secrets, bool force_tcp,
                 const UserId& user, WallTime now) {
    std::optional<TurnCredential> login;
    if (!region.turn_secret.empty())
        if (const auto secret = secrets.open(region.turn_secret, turn_secret_context(region.id)))
            login = issue_turn_credential(*secret, user.str(), now, region.turn_credential_lifetime);
    for (const std::string& text : region.servers) {
        auto server = parse_ice_server_uri(text);
        if (server) server = usable_by_browser(std::move(*server), login.has_value(), force_tcp);
        if (!server) continue;
        out.push_back(server->is_turn() ? IceServer{server->str(), login->username, login->password}
                                        : IceServer{server->str(), {}, {}});
    }
}

}  // namespace

bool MediaPath::has_relay() const {
    if (regions.empty()) return user.has_relay();
    return std::ranges::any_of(regions, [](const auto& region) {
        return !region->turn_secret.empty() && std::ranges::any_of(region->servers, [](const std::string& text) {
            const auto server = parse_ice_server_uri(text);
            return server && server->is_turn();
        });
    });
}

MediaPath media_path_of(const OrganizationConfig& config, const SiteId& site_id, const UserId& user,
                        const LiveRoundTrips& round_trips, WallTime now) {
    MediaPath path{.regions = {}, .user = ice_profile_of(config, user)};
    path.policy = path.user.policy;
    if (config.organization().web_rtc_force_turn) path.policy = IceTransportPolicy::Relay;
    const auto& site = config.site(site_id);
    if (!site) return path;
    if (site->force_turn) path.policy = IceTransportPolicy::Relay;
    if (site->relay == RelayBehavior::LowestLatency)
        if (auto region = nearest_to(config, user, round_trips, now)) path.regions.push_back(std::move(region));
    if (path.regions.empty()) path.regions = regions_of(config, *site);
    if (!has_servers(path.regions)) path.regions.clear();
    return path;
}

std::optional<std::chrono::microseconds> round_trip_of(const MediaRegion& region, const LiveRoundTrips& round_trips) {
    Time least;
    for (const std::string& server : region.servers)
        if (const auto known = round_trips.servers.find(server)) keep_least(least, known->time);
    return least;
}

std::vector<std::string> servers_to_measure(const OrganizationConfig& config, const SiteId& site_id) {
    std::vector<std::string> out;
    const auto& site = config.site(site_id);
    if (!site || site->relay != RelayBehavior::LowestLatency) return out;
    config.all<MediaRegion>().for_each([&](const Ptr<MediaRegion>& region) {
        for (const std::string& server : region->servers)
            if (out.size() < kMaxIceServers) out.push_back(server);
        return out.size() < kMaxIceServers;
    });
    return out;
}

std::vector<IceServer> browser_ice_servers(const MediaPath& path, const Secrets& secrets, const UserId& user,
                                           WallTime now) {
    if (path.regions.empty()) return browser_ice_servers(path.user, secrets, user, now);
    std::vector<IceServer> out;
    for (const auto& region : path.regions) add_servers(out, *region, secrets, path.user.force_tcp, user, now);
    return out;
}

}  // namespace dp::telephony

#pragma once
/// @file MediaPath: which STUN and TURN servers the browser phone of a user at a site is given (seed 2, "Relay/TURN
/// Behavior").
///
/// Pure but for the round trips, which whoever measures them publishes.
///
///     Any media region set on this site    those regions' servers, in the site's order, and no others
///     Lowest latency via Geo-Lookup        the servers of the one region, of all there are, with the shortest round
///                                          trip: as the phone itself reported it within kReportCounts, else as measured
///                                          from here; as above while none has answered
///     no region has a server               those of the user's settings (ice_profile.hpp)
///
/// forceTcp and relay-only of the user's settings hold in every case; relay-only also by the site or the organization.

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "telephony/live/round_trip.hpp"
#include "telephony/phones/ice_profile.hpp"

namespace dp::telephony {

inline constexpr std::chrono::hours kReportCounts{1};

struct MediaPath {
    std::vector<Ptr<MediaRegion>> regions;  ///< whose servers are handed out, in order; empty: the user's own are
    IceProfile user;
    IceTransportPolicy policy = IceTransportPolicy::All;

    /// A TURN server that browsers are given.
    bool has_relay() const;
};

MediaPath media_path_of(const OrganizationConfig& config, const SiteId& site, const UserId& user,
                        const LiveRoundTrips& round_trips, WallTime now);

/// From here to the region's nearest server; nothing while none has answered.
std::optional<std::chrono::microseconds> round_trip_of(const MediaRegion& region, const LiveRoundTrips& round_trips);

/// Whose round trips the phones of a site report, as the regions spell them: of every region where the site looks for the
/// nearest, at most kMaxIceServers; else none.
std::vector<std::string> servers_to_measure(const OrganizationConfig& config, const SiteId& site);

std::vector<IceServer> browser_ice_servers(const MediaPath& path, const Secrets& secrets, const UserId& user,
                                           WallTime now);

}  // namespace dp::telephony

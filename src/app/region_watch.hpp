#pragma once
/// @file RegionWatch: measures the round trip to every STUN and TURN server of the media regions, so that a site with
/// "Lowest latency via Geo-Lookup" hands out the nearest region (seed 2).
///
/// Every server every kEvery, a new one within kLook of the commit that named it; a server that has not answered within
/// the prober's patience counts as not answering. What the prober may not ask (a private address) has no round trip.
/// Threads: its loop. Lifetime: everything given outlives it. Bounds: kMaxServers in all organizations together.

#include <chrono>
#include <set>
#include <string>
#include <vector>

#include "base/timer_wheel.hpp"
#include "net/ice_prober.hpp"
#include "telephony/config/snapshot_hub.hpp"
#include "telephony/live/round_trip.hpp"

namespace dp::app {

class RegionWatch {
public:
    static constexpr std::chrono::seconds kEvery{30};
    static constexpr std::chrono::seconds kLook{1};
    static constexpr std::size_t kMaxServers = 1024;

    RegionWatch(net::EventLoop& loop, net::Resolver& resolver, Random& random, net::IceProber::Options probing,
                const telephony::SnapshotHub& snapshots, const Clock& clock, telephony::LiveRoundTrips& round_trips);

private:
    void look();
    void measure();
    void settle(const std::vector<std::string>& servers, const std::vector<net::ProbeResult>& results);

    net::EventLoop& loop_;
    const telephony::SnapshotHub& snapshots_;
    const Clock& clock_;
    telephony::LiveRoundTrips& round_trips_;
    net::IceProber prober_;
    std::uint64_t revision_ = 0;
    TimePoint next_round_{};
    std::set<std::string> known_;
    std::vector<std::string> waiting_;
    bool measuring_ = false;
    Timer timer_;
};

}  // namespace dp::app

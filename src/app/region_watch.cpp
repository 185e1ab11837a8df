#include "app/region_watch.hpp"

#include <algorithm>

#include "api/probe_target.hpp"
#include "net/event_loop.hpp"
#include "telephony/sites/ice_server_uri.hpp"

namespace dp::app {
namespace {

using net::ProbeVerdict;

/// TURN servers answer a Binding too (RFC 8656 section 3.1), without a login.
std::optional<net::ProbeTarget> target_of(const std::string& text) {
    const auto server = telephony::parse_ice_server_uri(text);
    if (!server) return std::nullopt;
    return api::probe_target(*server, ice::ProbeKind::Binding);
}

std::set<std::string> servers_of(const telephony::Snapshot& snapshot) {
    std::set<std::string> out;
    snapshot.organizations().for_each([&](const auto& config) {
        config->template all<telephony::MediaRegion>().for_each([&](const auto& region) {
            for (const auto& server : region->servers)
                if (out.size() < RegionWatch::kMaxServers) out.insert(server);
        });
    });
    return out;
}

}  // namespace

RegionWatch::RegionWatch(net::EventLoop& loop, net::Resolver& resolver, Random& random, net::IceProber::Options probing,
                         const telephony::SnapshotHub& snapshots, const Clock& clock,
                         telephony::LiveRoundTrips& round_trips)
    : loop_(loop),
      snapshots_(snapshots),
      clock_(clock),
      round_trips_(round_trips),
      prober_(loop, resolver, random, probing),
      timer_([this] { look(); }) {
    look();
}

void RegionWatch::look() {
    loop_.arm(timer_, kLook);
    const bool due = clock_.now() >= next_round_;
    const auto revision = snapshots_.revision();
    if (!due && revision == revision_) return;
    revision_ = revision;
    if (due) next_round_ = clock_.now() + kEvery;

    auto present = servers_of(*snapshots_.current());
    for (const auto& gone : known_)
        if (!present.contains(gone)) round_trips_.servers.erase(gone);
    for (const auto& server : present)
        if ((due || !known_.contains(server)) && std::ranges::find(waiting_, server) == waiting_.end())
            waiting_.push_back(server);
    known_ = std::move(present);
    measure();
}

void RegionWatch::measure() {
    if (measuring_ || waiting_.empty()) return;
    const std::size_t count = std::min(waiting_.size(), net::IceProber::kMaxTargets);
    std::vector<std::string> servers;
    std::vector<net::ProbeTarget> targets;
    for (std::size_t i = 0; i < count; ++i) {
        const auto target = target_of(waiting_[i]);
        if (!target) continue;
        servers.push_back(waiting_[i]);
        targets.push_back(*target);
    }
    waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(count));
    measuring_ = true;  // probe() may be done at once
    const auto begun = prober_.probe(std::move(targets), [this, servers = std::move(servers)](auto results) {
        measuring_ = false;
        settle(servers, results);
        measure();
    });
    if (!begun) measuring_ = false;
}

void RegionWatch::settle(const std::vector<std::string>& servers, const std::vector<net::ProbeResult>& results) {
    for (std::size_t i = 0; i < std::min(servers.size(), results.size()); ++i) {
        if (!known_.contains(servers[i])) continue;
        if (results[i].verdict == ProbeVerdict::NotAllowed) {
            round_trips_.servers.erase(servers[i]);
            continue;
        }
        telephony::RoundTrip found{.time = std::nullopt, .measured = clock_.wall()};
        if (results[i].verdict == ProbeVerdict::Answers) found.time = results[i].round_trip;
        round_trips_.servers.put(servers[i], std::make_shared<const telephony::RoundTrip>(found));
    }
}

}  // namespace dp::app

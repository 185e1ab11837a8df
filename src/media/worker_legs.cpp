#include "media/worker.hpp"

#include <sys/epoll.h>

#include <algorithm>

#include "base/metrics.hpp"

// The worker's legs: coming, going, what is told about them. The loop itself is worker.cpp.
namespace dp::media {
namespace {

WallTime wall_now() {
    return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
}

constexpr std::chrono::milliseconds kSliceTime{20};

}  // namespace

Leg* Worker::find(call::LegId id) const {
    const auto at = legs_.find(id);
    return at == legs_.end() ? nullptr : at->second.leg.get();
}

void Worker::open_shared_port(call::IpFamily family, std::uint8_t dscp, PortPair pair) {
    auto& port = family == call::IpFamily::V4 ? port_v4_ : port_v6_;
    port = std::make_unique<SharedPort>(std::move(pair), dscp);
    add_shared(port->rtp(), Leg::Channel::Rtp, Entry::Announced);
    add_shared(port->rtcp(), Leg::Channel::Rtcp, Entry::Announced);
}

LegTransport Worker::transport_for(const LegSetup& setup, call::IpFamily family, std::uint8_t dscp, PortPair own) {
    const bool v4 = family == call::IpFamily::V4;
    if (setup.transport == call::MediaTransport::Webrtc) return {*(v4 ? shared_v4_ : shared_v6_), dscp};
    if (own.rtp.open()) return {std::move(own), dscp, sends_};
    return {*(v4 ? port_v4_ : port_v6_), dscp};
}

void Worker::read_own(Owned& owned) {
    const PortPair& sockets = owned.leg->transport().own();
    owned.sources = {add_source(*owned.leg, sockets.rtp.fd(), Leg::Channel::Rtp),
                     add_source(*owned.leg, sockets.rtcp.fd(), Leg::Channel::Rtcp)};
}

void Worker::add(LegSetup setup, call::IpFamily family, std::uint8_t dscp, PortPair own) {
    const call::LegId id = setup.id;
    LegTransport transport = transport_for(setup, family, dscp, std::move(own));
    Owned owned{std::make_unique<Leg>(std::move(setup), std::move(transport), *this, now_), {}, 0, {}};
    owned.slice = static_cast<std::size_t>(
        std::ranges::min_element(slices_, {}, [](const auto& legs) { return legs.size(); }) - slices_.begin());
    slices_[owned.slice].push_back(owned.leg.get());
    if (!owned.leg->transport().shared()) read_own(owned);
    if (legs_.empty()) slice_due_ = now_;
    legs_.emplace(id, std::move(owned));
    gauges_.legs.store(static_cast<std::int64_t>(legs_.size()), std::memory_order_relaxed);
}

void Worker::move(call::LegId id, std::uint8_t dscp, PortPair own) {
    const auto at = legs_.find(id);
    if (at == legs_.end()) return;
    flush_sends();  // what is queued names the transport that goes
    at->second.leg->move_to({std::move(own), dscp, sends_}, now_);
    read_own(at->second);
}

void Worker::mute(call::LegId id) {
    if (Leg* leg = find(id)) leg->leave_shared_port(now_);
}

void Worker::connect(call::LegId a, call::LegId b) {
    Leg* first = find(a);
    Leg* second = find(b);
    if (!first || !second || first == second) return;
    for (Leg* leg : {first, second})
        if (leg->peer() != first && leg->peer() != second) detach(*leg);
    first->set_peer(second, now_);
    second->set_peer(first, now_);
}

void Worker::detach(Leg& leg) {
    Leg* former = leg.peer();
    if (!former) return;
    leg.set_peer(nullptr, now_);
    former->set_peer(nullptr, now_);
}

void Worker::disconnect(call::LegId id) {
    if (Leg* leg = find(id)) detach(*leg);
}

void Worker::cross(call::LegId ours, call::LegId theirs, const std::optional<sdp::NegotiatedAudio>& agreed,
                   Worker& other) {
    Leg* leg = find(ours);
    if (!leg) return;
    detach(*leg);
    auto& mirror = mirrors_[theirs];
    mirror =
        std::make_unique<Leg>(LegSetup{theirs, call::MediaTransport::Rtp, call::SourcePolicy::Nat, std::nullopt, {}},
                              LegTransport(PortPair{}, 0, sends_), *this, now_);
    if (agreed) mirror->mirror(*agreed);
    leg->send_across(&other.crossings());
    leg->set_peer(mirror.get(), now_);
    mirror->set_peer(leg, now_);
}

void Worker::update_mirror(call::LegId theirs, const sdp::NegotiatedAudio& agreed) {
    if (const auto mirror = mirrors_.find(theirs); mirror != mirrors_.end()) mirror->second->mirror(agreed);
}

void Worker::uncross(call::LegId ours, call::LegId theirs) {
    if (Leg* leg = find(ours)) {
        leg->send_across(nullptr);
        detach(*leg);
    }
    const auto mirror = mirrors_.find(theirs);
    if (mirror == mirrors_.end()) return;
    frames_.remove(*mirror->second);
    mirrors_.erase(mirror);
}

/// Late packets of the call fall into sockets that nobody reads, not onto a closed port (no ICMP to the carrier).
void Worker::drain(Owned& owned) {
    PortPair sockets = owned.leg->transport().take_own();
    for (const std::uint32_t source : owned.sources) remove_source(source);
    const auto family = sockets.rtp.local().address.is_v4() ? call::IpFamily::V4 : call::IpFamily::V6;
    draining_.push_back({now_ + settings_.drain, family, std::move(sockets)});
}

namespace {

/// A leg's totals join the process's when it ends: nothing is counted twice and nothing per packet.
void count_packets(const call::MediaStatistics& leg) {
    constexpr std::string_view kName = "dialplane_media_packets_total";
    constexpr std::string_view kHelp = "RTP packets of ended legs: received, sent, lost on the way to us, refused.";
    static auto& received = metrics::counter(kName, "kind=\"received\"", kHelp);
    static auto& sent = metrics::counter(kName, "kind=\"sent\"", kHelp);
    static auto& lost = metrics::counter(kName, "kind=\"lost\"", kHelp);
    static auto& refused = metrics::counter(kName, "kind=\"refused\"", kHelp);
    received.add(leg.packets_received);
    sent.add(leg.packets_sent);
    lost.add(leg.packets_lost);
    refused.add(leg.packets_dropped);
}

}  // namespace

void Worker::release(call::LegId id) {
    const auto at = legs_.find(id);
    if (at == legs_.end()) return;
    Leg& leg = *at->second.leg;
    leg.close(now_);
    flush_sends();
    count_drops(at->second);
    count_packets(leg.statistics());
    outbox_.put([id, last = leg.statistics()](Listener& listener) {
        if (listener.events) listener.events->on_statistics(id, last);
    });
    std::erase(handshakes_, &leg);
    frames_.remove(leg);
    std::erase(slices_[at->second.slice], &leg);
    if (!leg.transport().shared()) drain(at->second);
    legs_.erase(at);
    gauges_.legs.store(static_cast<std::int64_t>(legs_.size()), std::memory_order_relaxed);
}

void Worker::close_drained() {
    while (!draining_.empty() && draining_.front().until <= now_) {
        const auto [family, port] = std::pair(draining_.front().family, draining_.front().sockets.port);
        draining_.pop_front();
        outbox_.put([family, port](Listener& listener) {
            if (listener.port_closed) listener.port_closed(family, port);
        });
    }
}

void Worker::path_up(Leg& leg) {
    outbox_.put([id = leg.id()](Listener& listener) {
        if (listener.events) listener.events->on_media_path_up(id);
    });
}

void Worker::failed(Leg& leg, call::MediaFailure reason) {
    outbox_.put([id = leg.id(), reason](Listener& listener) {
        if (listener.events) listener.events->on_media_failed(id, reason);
    });
}

void Worker::timed_out(Leg& leg) {
    outbox_.put([id = leg.id()](Listener& listener) {
        if (listener.events) listener.events->on_media_timeout(id);
    });
}

void Worker::one_way(Leg& leg) {
    outbox_.put([id = leg.id()](Listener& listener) {
        if (listener.events) listener.events->on_one_way(id);
    });
}

void Worker::digit(Leg& leg, char digit, std::chrono::milliseconds duration) {
    outbox_.put([id = leg.id(), digit, duration](Listener& listener) {
        if (listener.events) listener.events->on_media_digit(id, digit, duration);
    });
}

void Worker::played(Leg& leg, std::uint32_t ticket) {
    outbox_.put([id = leg.id(), ticket](Listener& listener) {
        if (listener.events) listener.events->on_media_played(id, ticket);
    });
}

void Worker::want_frames(Leg& leg, bool wanted) {
    if (wanted)
        frames_.add(leg);
    else
        frames_.remove(leg);
}

void Worker::want_handshake(Leg& leg) {
    if (std::ranges::find(handshakes_, &leg) == handshakes_.end()) handshakes_.push_back(&leg);
}

void Worker::run_slices() {
    const TimePoint begin = now_;
    while (slice_due_ <= begin) {
        run_slice(next_slice_);
        next_slice_ = (next_slice_ + 1) % kSlices;
        slice_due_ += kSliceTime;
        if (begin - slice_due_ > std::chrono::seconds(1)) slice_due_ = begin;
    }
}

void Worker::run_slice(std::size_t slice) {
    if (slice == 0) {
        gauges_.packets.store(packets_in_, std::memory_order_relaxed);
        std::uint64_t overflows = 0;
        for (const SharedSource& shared : shared_sources_) overflows += shared.socket->socket().overflows();
        gauges_.socket_overflows.store(overflows, std::memory_order_relaxed);
        count_unannounced();
        gauges_.events_lost.store(outbox_.dropped(), std::memory_order_relaxed);
    }
    if (slices_[slice].empty()) return;
    const WallTime wall = wall_now();
    for (Leg* leg : slices_[slice]) {
        leg->on_second(now_, wall);
        count_drops(legs_.at(leg->id()));
        statistics_.emplace_back(leg->id(), leg->statistics());
    }
    outbox_.put([batch = std::move(statistics_)](Listener& listener) {
        if (!listener.events) return;
        for (const auto& [id, statistics] : batch) listener.events->on_statistics(id, statistics);
    });
    statistics_.clear();
}

void Worker::count_unannounced() {
    static auto& counter =
        metrics::counter("dialplane_media_dropped_total", "reason=\"unannounced\"", "Datagrams received and refused.");
    const std::uint64_t grown = unannounced_ - std::exchange(unannounced_counted_, unannounced_);
    counter.add(grown);
    gauges_.dropped.fetch_add(grown, std::memory_order_relaxed);
}

void Worker::count_drops(Owned& owned) {
    struct Named {
        std::uint64_t DropCounts::* count;
        metrics::Counter& counter;
    };
    const auto named = [](std::uint64_t DropCounts::* count, const char* reason) {
        return Named{count, metrics::counter("dialplane_media_dropped_total", std::string("reason=\"") + reason + '"',
                                             "Datagrams received and refused.")};
    };
    static const std::array kReasons{
        named(&DropCounts::malformed, "malformed"),    named(&DropCounts::unknown_type, "unknown_type"),
        named(&DropCounts::foreign_source, "foreign"), named(&DropCounts::authentication, "authentication"),
        named(&DropCounts::replay, "replay"),          named(&DropCounts::no_key, "no_key"),
        named(&DropCounts::direction, "direction"),    named(&DropCounts::duplicate, "duplicate"),
        named(&DropCounts::crossing, "crossing")};
    const DropCounts& now = owned.leg->drops();
    for (const Named& reason : kReasons)
        if (const auto grown = now.*reason.count - owned.counted.*reason.count; grown > 0) reason.counter.add(grown);
    gauges_.dropped.fetch_add(now.total() - owned.counted.total(), std::memory_order_relaxed);
    owned.counted = now;
}

}  // namespace dp::media

#pragma once
/// @file SimulatedNetwork: SipTransport in virtual time, for tests and simulations: nodes with an address each,
/// datagrams that are delayed, lost and duplicated from a seed, and streams that lose nothing but may be cut.
///
/// One clock and one timer wheel for all nodes; `run_*` moves them. Nothing happens outside run_*, so a run repeats
/// from its seed.

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <queue>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "base/timer_wheel.hpp"
#include "sip/transport.hpp"

namespace dp::sip {

class SimulatedNetwork {
public:
    struct Conditions {
        unsigned loss_percent = 0;  ///< of datagrams
        unsigned duplicate_percent = 0;
        Duration min_delay = std::chrono::milliseconds(5);
        Duration max_delay = std::chrono::milliseconds(5);
    };

    class Node final : public SipTransport {
    public:
        Node(SimulatedNetwork& network, Endpoint address)
            : network_(network), address_(address), advertised_(address.str()) {}

        /// What arrives goes here.
        std::function<void(std::span<char>, const Flow&)> on_message;
        std::function<void(const Flow&)> on_closed;
        bool reachable = true;  ///< false: what it sends and what is sent to it is lost
        bool refuses = false;   ///< sending fails at once

        const Endpoint& address() const { return address_; }
        Flow flow_to(const Endpoint& remote, TransportKind kind = TransportKind::Udp) const {
            return {
                .kind = kind, .connection = kind == TransportKind::Udp ? 0U : 1U, .local = address_, .remote = remote};
        }

        bool send(const Flow& flow, std::string_view message) override {
            if (refuses || network_.cut_.contains(flow.connection)) return false;
            network_.transmit(*this, flow, message);
            return true;
        }
        Flow open_flow(const Target& target) override {
            Flow flow{.kind = target.transport, .local = address_, .remote = target.remote};
            if (target.transport != TransportKind::Udp) flow.connection = network_.connection(address_, target.remote);
            return flow;
        }
        std::string_view advertised(const Flow&) const override { return advertised_; }

    private:
        friend class SimulatedNetwork;
        SimulatedNetwork& network_;
        Endpoint address_;
        std::string advertised_;
    };

    explicit SimulatedNetwork(std::uint64_t seed = 1) : random_(seed), wheel_(clock_.now()) {}

    Node& add(std::string_view address) {
        const Endpoint endpoint = *Endpoint::parse(address);
        return *nodes_.emplace(endpoint, std::make_unique<Node>(*this, endpoint)).first->second;
    }

    Conditions conditions;
    /// Sees every message as it is sent; false loses it.
    std::function<bool(const Node& from, const Flow& flow, std::string_view message)> filter;

    ManualClock& clock() { return clock_; }
    TimerWheel& timers() { return wheel_; }
    Random& random() { return random_; }

    void run_for(Duration time) { run_until(clock_.now() + time); }
    /// Until nothing is on its way and no timer is armed, `limit` at most.
    void run_until_quiet(Duration limit) {
        const TimePoint end = clock_.now() + limit;
        while (clock_.now() < end && (!packets_.empty() || wheel_.size() > 0)) step(end);
    }

    /// Both ends of the connection hear that it is gone.
    void cut(const Flow& flow) {
        cut_[flow.connection] = true;
        for (const Endpoint& end : {flow.local, flow.remote}) {
            const auto node = nodes_.find(end);
            Flow own = flow;
            if (end == flow.remote) std::swap(own.local, own.remote);
            if (node != nodes_.end() && node->second->on_closed) node->second->on_closed(own);
        }
    }

private:
    struct Packet {
        TimePoint at;
        std::uint64_t order;
        Flow flow;  ///< as the receiver sees it
        std::string bytes;
        bool operator<(const Packet& other) const { return at != other.at ? at > other.at : order > other.order; }
    };

    void run_until(TimePoint end) {
        while (clock_.now() < end) step(end);
    }

    void step(TimePoint end) {
        TimePoint next = std::min(end, wheel_.next_deadline());
        if (!packets_.empty()) next = std::min(next, packets_.top().at);
        if (next > clock_.now()) clock_.advance(next - clock_.now());
        wheel_.advance(clock_.now());
        while (!packets_.empty() && packets_.top().at <= clock_.now()) {
            Packet packet = packets_.top();
            packets_.pop();
            deliver(packet);
        }
    }

    void deliver(Packet& packet) {
        const auto node = nodes_.find(packet.flow.local);
        if (node == nodes_.end() || !node->second->reachable || !node->second->on_message) return;
        node->second->on_message({packet.bytes.data(), packet.bytes.size()}, packet.flow);
    }

    bool chance(unsigned percent) { return percent > 0 && random_.between(0, 99) < percent; }

    void transmit(const Node& from, const Flow& flow, std::string_view message) {
        if (filter && !filter(from, flow, message)) return;
        const bool datagram = flow.kind == TransportKind::Udp;
        if (!from.reachable || (datagram && chance(conditions.loss_percent))) return;
        const int copies = datagram && chance(conditions.duplicate_percent) ? 2 : 1;
        for (int i = 0; i < copies; ++i) {
            const auto spread = static_cast<std::uint64_t>((conditions.max_delay - conditions.min_delay).count());
            const Duration delay =
                conditions.min_delay + Duration(datagram ? static_cast<std::int64_t>(random_.between(0, spread)) : 0);
            Flow arriving = flow;
            std::swap(arriving.local, arriving.remote);
            packets_.push({clock_.now() + delay, ++order_, arriving, std::string(message)});
        }
    }

    std::uint64_t connection(const Endpoint& a, const Endpoint& b) {
        auto& id = connections_[a < b ? std::pair(a, b) : std::pair(b, a)];
        if (id == 0 || cut_.contains(id)) id = ++last_connection_;
        return id;
    }

    ManualClock clock_;
    SeededRandom random_;
    TimerWheel wheel_;
    std::map<Endpoint, std::unique_ptr<Node>> nodes_;
    std::priority_queue<Packet> packets_;
    std::map<std::pair<Endpoint, Endpoint>, std::uint64_t> connections_;
    std::map<std::uint64_t, bool> cut_;
    std::uint64_t last_connection_ = 1;
    std::uint64_t order_ = 0;
};

}  // namespace dp::sip

#pragma once
/// @file Trunks: every trunk of every organization as live lines; made, changed and removed as the configuration says;
/// asked by calls for sessions and gateways, and by the screen for who is calling.
///
/// Threads: control shard. Lifetime: ports outlive it.

#include <memory>
#include <unordered_map>
#include <vector>

#include "call/trunk_sessions.hpp"
#include "signaling/trunk_line.hpp"
#include "telephony/config/snapshot_hub.hpp"

namespace dp::signaling {

class Trunks final : public call::TrunkSessions {
public:
    Trunks(const TrunkPorts& ports, const telephony::SnapshotHub& snapshots, Duration start_spread);
    ~Trunks() override;

    /// Lines follow the snapshot: an unchanged trunk is left alone, a changed one registers anew at once.
    void configuration_changed();
    void flow_closed(const sip::Flow& flow);
    void stop();
    /// Everything that was registered has been taken back, or cannot be.
    bool quiet() const;

    TrunkLine* find(const telephony::TrunkId& id);
    /// Who calls us from there: by registered flow, token in the Request-URI, or source address; never by what a
    /// message claims. `token` is the user part of the Request-URI.
    TrunkLine* caller_at(const sip::Flow& flow, std::string_view token, TrunkLine::Match at_least);
    /// The line and gateway that an id stands for; null when it is gone.
    std::pair<TrunkLine*, GatewayLine*> resolve(call::GatewayId id);

    telephony::TrunkCondition of(const telephony::TrunkId& trunk) const override;
    bool acquire(const telephony::TrunkId& trunk) override;
    void release(const telephony::TrunkId& trunk) override;
    void answered(const telephony::TrunkId& trunk, telephony::Direction direction) override;
    call::GatewayId gateway(const telephony::TrunkId& trunk, const telephony::TrunkGateway& gateway) const override;
    call::IpFamily family(call::GatewayId gateway) const override;
    void saw(call::GatewayId gateway, call::GatewaySight sight) override;
    void hold_down(call::GatewayId gateway, Duration retry_after) override;

private:
    struct Entry {
        std::uint32_t number = 0;  ///< part of gateway ids; never used twice
        std::unique_ptr<TrunkLine> line;
    };
    void follow(const telephony::OrganizationConfig& config, std::vector<telephony::TrunkId>& seen);

    TrunkPorts ports_;
    telephony::SnapshotReader reader_;
    Duration start_delay(std::size_t index) const;

    Duration start_spread_;
    bool started_ = false;
    std::size_t starting_ = 0;  ///< enabled trunks at the start
    std::uint32_t next_number_ = 1;
    std::unordered_map<telephony::TrunkId, Entry> lines_;
    std::unordered_map<std::uint32_t, telephony::TrunkId> by_number_;
    std::vector<std::unique_ptr<TrunkLine>> leaving_;  ///< un-REGISTER is on its way
};

}  // namespace dp::signaling

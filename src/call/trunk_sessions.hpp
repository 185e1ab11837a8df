#pragma once
/// @file TrunkSessions: the port through which calls take and give back a trunk's sessions, name its gateways, and tell
/// what they saw of them.
///
/// Two users: signaling's trunks and the simulated carriers of the call core's tests. Control shard only.

#include <optional>

#include "base/clock.hpp"
#include "call/leg.hpp"
#include "call/media_engine.hpp"
#include "telephony/conversation/conversation.hpp"
#include "telephony/dialing/router.hpp"

namespace dp::call {

enum class GatewaySight : std::uint8_t { Answered, TimedOut };

class TrunkSessions : public telephony::TrunkConditions {
public:
    /// False at the trunk's limit: nothing was taken.
    [[nodiscard]] virtual bool acquire(const telephony::TrunkId& trunk) = 0;
    virtual void release(const telephony::TrunkId& trunk) = 0;
    /// A call that holds a session there was answered.
    virtual void answered(const telephony::TrunkId& trunk, telephony::Direction direction) = 0;

    /// Of the gateway's present address.
    virtual IpFamily family(GatewayId gateway) const = 0;
    /// Invalid when the trunk was removed meanwhile or the gateway's name has no address yet.
    virtual GatewayId gateway(const telephony::TrunkId& trunk, const telephony::TrunkGateway& gateway) const = 0;
    /// Results of calls count for health, also where probing is off.
    virtual void saw(GatewayId gateway, GatewaySight sight) = 0;
    /// 503 with Retry-After.
    virtual void hold_down(GatewayId gateway, Duration retry_after) = 0;
};

}  // namespace dp::call

#pragma once
/// @file RouteTarget: a user, a queue or a call flow that an inbound call is led to.

#include <string>
#include <string_view>

#include "telephony/numbers/number.hpp"

namespace dp::telephony {

/// `kind` names what `id` is the id of.
struct RouteTarget {
    RoutingKind kind = RoutingKind::User;
    std::string id;
    bool operator==(const RouteTarget&) const = default;
};

/// One thing that happened to a call on its way: an event of the conversation, and a line of its record.
struct RouteStep {
    WallTime time{};
    std::string type;    ///< event name: event_type::kFlowStarted to kRouteNowhere
    CallFlowId flow;     ///< the flow it happened in
    QueueId queue;       ///< the queue it happened in
    UserId user;         ///< who was, or will be, rung
    std::string step;    ///< the flow's step
    std::string detail;  ///< the digit, the schedule's state, why a member did not take it, …
    bool operator==(const RouteStep&) const = default;
};

}  // namespace dp::telephony

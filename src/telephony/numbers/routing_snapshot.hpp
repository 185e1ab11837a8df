#pragma once
/// @file The events that keep a number's routing object as it was: the routing history is read from these (seed 0: "We
/// treat routing objects as immutable snapshots"). Whatever gives a number a routing object, or takes it, writes one.

#include <cstdint>
#include <optional>
#include <string_view>

#include "telephony/numbers/number.hpp"
#include "telephony/write_context.hpp"

namespace dp::telephony {

/// The routing object that `number` has at `version`.
Event routing_snapshot(const WriteContext& context, const Number& number, std::string_view type, std::int64_t version);

/// kNumberRoutingChanged: what `number` has now, and what it had at `version`. Not every number's first routing object
/// was an event, so what stood before goes with the change.
Event routing_change(const WriteContext& context, const Number& number, const std::optional<NumberRouting>& before,
                     std::int64_t version);

}  // namespace dp::telephony

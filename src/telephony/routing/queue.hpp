#pragma once
/// @file Queue: the users among whom an inbound call is shared out, one after the other, until one answers or the
/// caller has waited long enough.
///
/// Source: seed 0 ("queue fallbacks"); genesys-api "queues"; product.md "The nouns".

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "telephony/routing/route_target.hpp"

namespace dp::telephony {

enum class QueueOrder : std::uint8_t {
    Listed,      ///< every call starts with the first member
    RoundRobin,  ///< each call starts with the member after the one that the call before it started with
};

struct Queue {
    static constexpr std::size_t kMostMembers = 500;

    QueueId id;
    EntityMeta meta;
    std::string name;
    std::string description;
    std::vector<UserId> members;            ///< in the order in which they are rung
    std::chrono::seconds ring_timeout{20};  ///< per member
    QueueOrder order = QueueOrder::Listed;
    std::chrono::seconds wait_timeout{120};  ///< of the caller, from entering the queue; then `overflow`
    std::optional<RouteTarget> overflow;     ///< none: the flow's fallback if there is one, else the call ends
};

/// The queue's own values: times in their ranges, no member twice.
Result<void> validate(const Queue& queue);

}  // namespace dp::telephony

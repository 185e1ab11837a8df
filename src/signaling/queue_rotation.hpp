#pragma once
/// @file QueueRotation: which member of each queue the next call begins with.
///
/// Threads: control shard. Starts over with the process: a restart favours nobody for more than one call.

#include <map>
#include <utility>

#include "telephony/routing/journey.hpp"

namespace dp::signaling {

class QueueRotation final : public telephony::QueueTurns {
public:
    std::size_t take(const telephony::OrganizationId& organization, const telephony::QueueId& queue,
                     std::size_t members) override {
        std::size_t& next = next_[{organization, queue}];
        const std::size_t turn = next % members;
        next = turn + 1;
        return turn;
    }

private:
    std::map<std::pair<telephony::OrganizationId, telephony::QueueId>, std::size_t> next_;
};

}  // namespace dp::signaling

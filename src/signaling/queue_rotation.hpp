#pragma once
/// @file QueueRotation: which member of each queue the next call begins with, and who waits in it.
///
/// Threads: control shard. Starts over with the process: a restart favours nobody for more than one call.

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "telephony/config/snapshot_hub.hpp"
#include "telephony/routing/journey.hpp"

namespace dp::signaling {

class QueueRotation final : public telephony::QueueTurns {
public:
    explicit QueueRotation(const telephony::SnapshotHub& snapshots) : reader_(snapshots) {}

    telephony::Ptr<telephony::Queue> present(const telephony::QueuePlace& place) override {
        const auto& config = reader_.get()->organization(place.organization);
        return config ? config->find<telephony::Queue>(place.queue) : nullptr;
    }
    std::size_t take(const telephony::OrganizationId& organization, const telephony::QueueId& queue,
                     std::size_t members) override {
        std::size_t& next = queues_[{organization, queue}].next;
        const std::size_t turn = next % members;
        next = turn + 1;
        return turn;
    }

    std::uint64_t next_ticket() override { return ++tickets_; }
    void wait(const telephony::QueuePlace& place) override { of(place).waiting.insert(place.ticket); }
    void stop_waiting(const telephony::QueuePlace& place) override { of(place).waiting.erase(place.ticket); }
    std::size_t ahead_of(const telephony::QueuePlace& place) const override {
        const auto found = queues_.find({place.organization, place.queue});
        if (found == queues_.end()) return 0;
        const auto& waiting = found->second.waiting;
        std::size_t ahead = 0;
        for (auto it = waiting.begin(); it != waiting.end() && *it < place.ticket; ++it)
            if (++ahead == telephony::Queue::kMostMembers) break;
        return ahead;
    }

private:
    struct Turns {
        std::size_t next = 0;             ///< member
        std::set<std::uint64_t> waiting;  ///< tickets
    };
    Turns& of(const telephony::QueuePlace& place) { return queues_[{place.organization, place.queue}]; }

    std::map<std::pair<telephony::OrganizationId, telephony::QueueId>, Turns> queues_;
    std::uint64_t tickets_ = 0;
    telephony::SnapshotReader reader_;
};

}  // namespace dp::signaling

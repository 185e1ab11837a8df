#pragma once
/// @file Outbox: how the control thread makes its state durable without waiting for the disk. Each transition is
/// visible to readers at once (live tables) and kept here until the store has committed it, in order, one unit in
/// flight. A store that refuses, or does not answer from one retry() to the next, is taken to stand still: from then on
/// what waits goes to the spill as well, until all of that is committed.
///
/// Threads: the owner's (control); replies come back on its executor. When `accepting()` is false the store is too far
/// behind: new calls are refused with 503, running ones are still recorded. Source: flows.md 1, row 9. What was
/// spilled and committed before the process died is in both places: who reads the spill looks first.

#include <cstddef>
#include <deque>
#include <memory>
#include <vector>

#include "telephony/live/live_table.hpp"
#include "telephony/ports/spill.hpp"
#include "telephony/ports/store.hpp"

namespace dp::telephony {

using LiveConversations = LiveTable<ConversationId, Conversation>;

class Outbox {
public:
    struct Limits {
        std::size_t accepting = 4096;   ///< entries waiting beyond which new calls are refused
        std::size_t batch = 256;        ///< entries per unit of work
        std::size_t ended_kept = 4096;  ///< ended conversations kept in the live table for immediate reads
    };

    Outbox(Store& store, Executor& owner, LiveConversations& live, Spill& spill, Limits limits);
    Outbox(Store& store, Executor& owner, LiveConversations& live, Spill& spill);
    ~Outbox();
    Outbox(const Outbox&) = delete;
    Outbox& operator=(const Outbox&) = delete;

    /// Publishes this version of the conversation and records it with its events. `meta.version` must grow with each
    /// call.
    void record(Ptr<Conversation> conversation, std::vector<Event> events);
    /// Events of things that are no conversation (trunk, station).
    void record(std::vector<Event> events);
    /// Tries again what the store refused. Call it once a second.
    void retry();
    /// Spills what waits: the process is about to end, and the store is behind.
    void spill();

    bool accepting() const { return entries_.size() < limits_.accepting; }
    /// Nothing waits and nothing is in flight: the moment to stop.
    bool drained() const { return entries_.empty(); }

private:
    void take(OutboxEntry entry);
    void flush();
    UnitOfWork next_unit();
    void committed(Result<Committed> result);
    void forget(std::size_t done);
    void release_spill();
    void retire(const Conversation& conversation);

    Store& store_;
    Executor& owner_;
    LiveConversations& live_;
    Spill& spill_;
    Limits limits_;
    std::deque<OutboxEntry> entries_;
    std::size_t in_flight_ = 0;         ///< entries in the unit that the store has, the first ones
    std::uint64_t flight_ = 0;          ///< counts units
    std::uint64_t flight_at_tick_ = 0;  ///< the unit of the last retry()
    bool stalled_ = false;
    std::size_t spilled_ = 0;  ///< entries that the spill has, the first ones
    bool release_due_ = false;
    std::deque<ConversationId> ended_;
    std::shared_ptr<Outbox*> self_;  ///< cleared on destruction: a late reply finds nobody
};

}  // namespace dp::telephony

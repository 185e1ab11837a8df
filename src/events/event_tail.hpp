#pragma once
/// @file EventTail: the end of the event log in memory, for readers with a cursor that keep up; who lags behind reads
/// the store. Filled from the store's commits; a batch that went missing on the way (a full mailbox) leaves a gap, and
/// what lies before it is read from the store too.
///
/// Threads: its owner's.

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include "telephony/events/event.hpp"

namespace dp::events {

using EventPtr = std::shared_ptr<const telephony::Event>;
using EventBatch = std::shared_ptr<const std::vector<telephony::Event>>;

class EventTail {
public:
    /// `head`: the log's last sequence when listening began.
    explicit EventTail(std::uint64_t head, std::size_t kept = 8192) : kept_(kept), head_(head) {}

    void append(const EventBatch& batch);
    /// The log has come to there, whatever was appended.
    void advance(std::uint64_t head);
    /// The newest sequence known of.
    std::uint64_t head() const { return head_; }
    /// At most `limit` events after `sequence`, of all organizations; nothing: they are not here, read the store.
    std::optional<std::vector<EventPtr>> after(std::uint64_t sequence, std::size_t limit) const;

private:
    const std::size_t kept_;
    std::uint64_t head_;
    std::deque<EventPtr> events_;  ///< without gaps
};

}  // namespace dp::events

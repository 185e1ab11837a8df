#include "events/event_tail.hpp"

#include <algorithm>

namespace dp::events {

void EventTail::append(const EventBatch& batch) {
    for (const auto& event : *batch) {
        if (event.sequence <= head_) continue;
        if (event.sequence != head_ + 1) events_.clear();
        head_ = event.sequence;
        events_.push_back(EventPtr(batch, &event));
    }
    while (events_.size() > kept_) events_.pop_front();
}

void EventTail::advance(std::uint64_t head) {
    if (head <= head_) return;
    head_ = head;
    events_.clear();
}

std::optional<std::vector<EventPtr>> EventTail::after(std::uint64_t sequence, std::size_t limit) const {
    if (sequence >= head_) return std::vector<EventPtr>();
    if (events_.empty() || events_.front()->sequence > sequence + 1) return std::nullopt;
    const auto skipped = static_cast<std::ptrdiff_t>(sequence + 1 - events_.front()->sequence);
    const auto first = std::next(events_.begin(), skipped);
    const auto count =
        std::min<std::ptrdiff_t>(static_cast<std::ptrdiff_t>(limit), std::distance(first, events_.end()));
    return std::vector<EventPtr>(first, std::next(first, count));
}

}  // namespace dp::events

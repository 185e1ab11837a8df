#include "telephony/conversation/outbox.hpp"

#include <algorithm>
#include <iterator>

namespace dp::telephony {

Outbox::Outbox(Store& store, Executor& owner, LiveConversations& live, Spill& spill, Limits limits)
    : store_(store),
      owner_(owner),
      live_(live),
      spill_(spill),
      limits_(limits),
      self_(std::make_shared<Outbox*>(this)) {}

Outbox::Outbox(Store& store, Executor& owner, LiveConversations& live, Spill& spill)
    : Outbox(store, owner, live, spill, Limits()) {}

Outbox::~Outbox() {
    *self_ = nullptr;
}

void Outbox::record(Ptr<Conversation> conversation, std::vector<Event> events) {
    live_.put(conversation->id, conversation);
    take({std::move(conversation), std::move(events)});
}

void Outbox::record(std::vector<Event> events) {
    take({nullptr, std::move(events)});
}

void Outbox::take(OutboxEntry entry) {
    entries_.push_back(std::move(entry));
    if (stalled_) spill();
    flush();
}

void Outbox::retry() {
    if (in_flight_ != 0 && flight_ == flight_at_tick_) stalled_ = true;
    flight_at_tick_ = flight_;
    if (stalled_) spill();
    release_spill();
    flush();
}

void Outbox::spill() {
    if (entries_.empty()) return;
    // Nothing new is handed over, too: the spill may not have got rid of what it was given before.
    const auto first = std::next(entries_.begin(), static_cast<std::ptrdiff_t>(spilled_));
    if (spill_.keep({first, entries_.end()})) spilled_ = entries_.size();
}

void Outbox::release_spill() {
    if (release_due_ && spilled_ == 0 && spill_.release()) release_due_ = false;
}

// Only the newest version of each conversation needs its row written; every event is.
UnitOfWork Outbox::next_unit() {
    UnitOfWork unit;
    in_flight_ = std::min(entries_.size(), limits_.batch);
    for (std::size_t i = 0; i < in_flight_; ++i) {
        const OutboxEntry& entry = entries_[i];
        unit.events.insert(unit.events.end(), entry.events.begin(), entry.events.end());
        if (!entry.conversation) continue;
        auto same = std::ranges::find(unit.conversations, entry.conversation->id, &Conversation::id);
        if (same == unit.conversations.end())
            unit.conversations.push_back(*entry.conversation);
        else
            *same = *entry.conversation;
    }
    return unit;
}

void Outbox::flush() {
    if (in_flight_ != 0 || entries_.empty()) return;
    ++flight_;
    store_.submit(next_unit(), owner_, [self = self_](Result<Committed> result) {
        if (*self) (*self)->committed(std::move(result));
    });
}

void Outbox::committed(Result<Committed> result) {
    const std::size_t done = std::exchange(in_flight_, 0);
    // Refused: the entries stay in front, in order; retry() comes back for them.
    if (!result) {
        stalled_ = true;
        return spill();
    }
    stalled_ = false;
    forget(done);
    release_spill();
    flush();
}

void Outbox::forget(std::size_t done) {
    for (std::size_t i = 0; i < done; ++i)
        if (entries_[i].conversation && is_final(entries_[i].conversation->status)) retire(*entries_[i].conversation);
    entries_.erase(entries_.begin(), std::next(entries_.begin(), static_cast<std::ptrdiff_t>(done)));
    if (spilled_ == 0) return;
    spilled_ -= std::min(spilled_, done);
    release_due_ = true;
}

void Outbox::retire(const Conversation& conversation) {
    ended_.push_back(conversation.id);
    while (ended_.size() > limits_.ended_kept) {
        live_.erase(ended_.front());
        ended_.pop_front();
    }
}

}  // namespace dp::telephony

#include "call/call_book.hpp"

#include <array>

#include "base/log.hpp"
#include "base/metrics.hpp"

namespace dp::call {
namespace {

// A leg id: generation of the slot (24 bits), slot + 1 (24 bits), ordinal inside the call (16 bits).
constexpr unsigned kOrdinalBits = 16;
constexpr unsigned kSlotBits = 24;
constexpr std::uint64_t kSlotMask = (1U << kSlotBits) - 1;

LegId first_leg_of(std::size_t slot, std::uint32_t generation) {
    return LegId((std::uint64_t{generation} << (kOrdinalBits + kSlotBits)) | ((slot + 1) << kOrdinalBits) | 1U);
}
std::size_t slot_index(LegId leg) {
    return ((leg.value() >> kOrdinalBits) & kSlotMask) - 1;
}
std::uint32_t generation_of(LegId leg) {
    return static_cast<std::uint32_t>(leg.value() >> (kOrdinalBits + kSlotBits));
}

/// Looked up once for each reason: registration takes a lock.
void count_end(const telephony::Conversation& conversation) {
    thread_local std::array<metrics::Counter*, telephony::kEndReasons> counters{};
    if (!conversation.termination) return;
    auto& counter = counters[static_cast<std::size_t>(conversation.termination->reason)];
    if (counter == nullptr) {
        const std::string name(telephony::facts(conversation.termination->reason).name);
        counter = &metrics::counter("dialplane_call_ended_total", "reason=\"" + name + "\"", "Calls ended, by reason.");
    }
    counter->add();
    log::info("call", "call ended reason={} conversation={}", telephony::facts(conversation.termination->reason).name,
              conversation.id.str());
}

}  // namespace

CallBook::CallBook(const CallPorts& ports)
    : connections_({ports.signaling, ports.media, ports.phones, ports.timers, ports.clock}), ports_(ports) {
    ports_.connections = &connections_;
}
CallBook::~CallBook() = default;

LegId CallBook::reserve() {
    if (free_.empty()) {
        if (slots_.size() >= ports_.limits.calls) return {};
        free_.push_back(static_cast<std::uint32_t>(slots_.size()));
        slots_.emplace_back();
    }
    const std::uint32_t index = free_.back();
    free_.pop_back();
    slots_[index].reserved = true;
    return first_leg_of(index, slots_[index].generation);
}

CallBook::Slot* CallBook::slot_of(LegId leg) {
    if (connections_.holds(leg)) return nullptr;
    if (const LegId borrower = connections_.borrower_of(leg); borrower.valid()) leg = borrower;
    if (const auto moved = moved_.find(leg); moved != moved_.end()) return &slots_[moved->second];
    const std::size_t index = slot_index(leg);
    if (!leg.valid() || index >= slots_.size()) return nullptr;
    return slots_[index].generation == generation_of(leg) ? &slots_[index] : nullptr;
}

void CallBook::forget(LegId reserved) {
    if (slot_of(reserved) != nullptr) vacate(slot_index(reserved));
}

void CallBook::vacate(std::size_t index) {
    Slot& slot = slots_[index];
    slot.call.reset();
    slot.reserved = false;
    std::erase_if(moved_, [index](const auto& entry) { return entry.second == index; });
    slot.generation = (slot.generation + 1) & kSlotMask;
    if (slot.generation == 0) slot.generation = 1;
    free_.push_back(static_cast<std::uint32_t>(index));
}

void CallBook::begin(LegId reserved, CallSetup setup) {
    Slot* slot = slot_of(reserved);
    if (slot == nullptr || !slot->reserved) return;
    slot->reserved = false;
    by_conversation_[setup.conversation->id] = static_cast<std::uint32_t>(slot_index(reserved));
    Call::WakeUps wake{[this, reserved] { deliver(reserved, [](Call& call) { call.on_deadline(); }); },
                       [this, reserved] { deliver(reserved, [](Call& call) { call.on_target_deadline(); }); }};
    slot->call = std::make_unique<Call>(ports_, std::move(setup), reserved, std::move(wake));
    live_.store(by_conversation_.size(), std::memory_order_relaxed);
    deliver(reserved, [](Call& call) { call.begin(); });
}

Call* CallBook::find(const telephony::ConversationId& id) {
    const auto it = by_conversation_.find(id);
    return it == by_conversation_.end() ? nullptr : slots_[it->second].call.get();
}

Call* CallBook::find(LegId leg) {
    Slot* slot = slot_of(leg);
    return slot == nullptr ? nullptr : slot->call.get();
}

Result<void> CallBook::merge(LegId transferor, LegId others) {
    Slot* kept = slot_of(transferor);
    Slot* given_up = slot_of(others);
    if (kept == nullptr || given_up == nullptr || kept == given_up || !kept->call || !given_up->call)
        return fail(ErrorCode::NotFound, "There are no two calls to bring together.");
    DP_TRY(brought, kept->call->take_over(transferor, *given_up->call, others));
    const auto index = static_cast<std::size_t>(kept - slots_.data());
    if (!connections_.reassign(brought, first_leg_of(index, kept->generation)))
        moved_[brought] = static_cast<std::uint32_t>(index);
    Call& ending = *given_up->call;
    settle(*kept->call);
    settle(ending);
    return {};
}

template <class Event>
void CallBook::deliver(LegId leg, Event&& event) {
    Slot* slot = slot_of(leg);
    if (slot == nullptr || !slot->call) return;
    event(*slot->call);
    settle(*slot->call);
}

void CallBook::settle(Call& call) {
    call.settle();
    if (call.over()) close(call);
}

void CallBook::close(Call& call) {
    count_end(call.conversation());
    const auto it = by_conversation_.find(call.conversation().id);
    if (it == by_conversation_.end()) return;
    const std::uint32_t index = it->second;
    by_conversation_.erase(it);
    live_.store(by_conversation_.size(), std::memory_order_relaxed);
    vacate(index);
}

void CallBook::abort_all(telephony::EndReason reason) {
    for (Slot& slot : slots_) {
        if (!slot.call) continue;
        slot.call->abort(reason);
        settle(*slot.call);
    }
}

void CallBook::on_progress(LegId leg, int status, const PeerSdp& sdp) {
    deliver(leg, [&](Call& call) { call.on_progress(leg, status, sdp); });
}
void CallBook::on_answered(LegId leg, const PeerSdp& sdp) {
    deliver(leg, [&](Call& call) { call.on_answered(leg, sdp); });
}
void CallBook::on_failed(LegId leg, const LegFailure& failure) {
    deliver(leg, [&](Call& call) { call.on_failed(leg, failure); });
}
void CallBook::on_accepted(LegId leg) {
    deliver(leg, [&](Call& call) { call.on_accepted(leg); });
}
void CallBook::on_left(LegId leg) {
    deliver(leg, [&](Call& call) { call.on_left(leg); });
}
void CallBook::on_cancelled(LegId leg) {
    deliver(leg, [&](Call& call) { call.on_cancelled(leg); });
}
void CallBook::on_acknowledged(LegId leg, const PeerSdp& sdp) {
    if (connections_.holds(leg) && !sdp.empty()) return connections_.on_offer_answered(leg, sdp);
    deliver(leg, [&](Call& call) { call.on_acknowledged(leg, sdp); });
}
void CallBook::on_offer(LegId leg, const PeerSdp& sdp) {
    if (connections_.holds(leg)) return connections_.on_offer(leg, sdp);
    deliver(leg, [&](Call& call) { call.on_offer(leg, sdp); });
}
void CallBook::on_offer_answered(LegId leg, const PeerSdp& sdp) {
    if (connections_.holds(leg)) return connections_.on_offer_answered(leg, sdp);
    deliver(leg, [&](Call& call) { call.on_offer_answered(leg, sdp); });
}
void CallBook::on_offer_refused(LegId leg, int status) {
    if (connections_.holds(leg)) return connections_.on_offer_refused(leg);
    deliver(leg, [&](Call& call) { call.on_offer_refused(leg, status); });
}
std::string CallBook::current_sdp(LegId leg) {
    if (connections_.holds(leg)) return connections_.current_sdp(leg);
    const Slot* slot = slot_of(leg);
    return slot != nullptr && slot->call ? slot->call->current_sdp(leg) : std::string();
}
void CallBook::on_digit(LegId leg, char digit, std::chrono::milliseconds duration) {
    deliver(leg, [&](Call& call) { call.on_digit(leg, digit, duration); });
}
void CallBook::on_ended(LegId leg, const LegEnd& end) {
    if (connections_.holds(leg)) return connections_.on_ended(leg);
    deliver(leg, [&](Call& call) { call.on_ended(leg, end); });
}

void CallBook::on_media_path_up(LegId leg) {
    deliver(leg, [&](Call& call) { call.on_path_up(leg); });
}
void CallBook::on_media_failed(LegId leg, MediaFailure reason) {
    if (connections_.holds(leg)) return connections_.on_path_lost(leg);
    deliver(leg, [&](Call& call) { call.on_media_failed(leg, reason); });
}
void CallBook::on_media_timeout(LegId leg) {
    deliver(leg, [&](Call& call) { call.on_media_timeout(leg); });
}
void CallBook::on_one_way(LegId leg) {
    deliver(leg, [&](Call& call) { call.on_one_way(leg); });
}
/// The engine carries digits across by itself where both legs have telephone-event; the call sends INFO to a leg that
/// has not.
void CallBook::on_media_digit(LegId leg, char digit, std::chrono::milliseconds duration) {
    deliver(leg, [&](Call& call) { call.on_media_digit(leg, digit, duration); });
}
void CallBook::on_media_moved(LegId leg, const sdp::LocalMedia& local) {
    deliver(leg, [&](Call& call) { call.on_media_moved(leg, local); });
}
void CallBook::on_media_played(LegId leg, std::uint32_t ticket) {
    deliver(leg, [&](Call& call) { call.on_media_played(leg, ticket); });
}
void CallBook::on_statistics(LegId leg, const MediaStatistics& statistics) {
    deliver(leg, [&](Call& call) { call.on_statistics(leg, statistics); });
}

}  // namespace dp::call

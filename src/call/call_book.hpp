#pragma once
/// @file CallBook: every live call of the control shard. It mints leg ids, finds the call of a leg or of a
/// conversation, hands events to it, and lets go of calls that are over. An event for a leg that is gone finds nobody
/// and is ignored.
///
/// Threads: control shard. Lifetime: the ports outlive it.

#include <atomic>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "call/call.hpp"
#include "call/leg_signaling.hpp"
#include "call/media_engine.hpp"

namespace dp::call {

class CallBook final : public LegEvents, public MediaEvents {
public:
    explicit CallBook(const CallPorts& ports);
    ~CallBook() override;

    /// A place for one more call and the id of its first leg; invalid when the book is full.
    LegId reserve();
    /// Gives a reservation back: the leg was refused before it became a call.
    void forget(LegId reserved);
    /// The call of a reservation begins. With `setup.incoming` the reserved id is the incoming leg's.
    void begin(LegId reserved, CallSetup setup);

    /// Live calls. Any thread.
    std::size_t size() const { return live_.load(std::memory_order_relaxed); }
    /// Null when the conversation is not live here.
    Call* find(const telephony::ConversationId& id);
    /// Null when the leg belongs to no live call.
    Call* find(LegId leg);
    /// REFER with Replaces: the partner of `transferor` and that of `others`, an end in another call, talk from now on;
    /// the two ends themselves are released.
    Result<void> merge(LegId transferor, LegId others);
    /// Runs `action` on the call and carries out what it causes.
    template <class Action>
    auto act(Call& call, Action&& action) {
        auto result = action(call);
        settle(call);
        return result;
    }
    /// Ends every call.
    void abort_all(telephony::EndReason reason);
    /// The persistent connections of phones: those at rest, and those that calls have borrowed.
    KeptConnections& connections() { return connections_; }

    void on_progress(LegId leg, int status, const PeerSdp& sdp) override;
    void on_answered(LegId leg, const PeerSdp& sdp) override;
    void on_failed(LegId leg, const LegFailure& failure) override;
    void on_accepted(LegId leg) override;
    void on_left(LegId leg) override;
    void on_cancelled(LegId leg) override;
    void on_acknowledged(LegId leg, const PeerSdp& sdp) override;
    void on_offer(LegId leg, const PeerSdp& sdp) override;
    void on_offer_answered(LegId leg, const PeerSdp& sdp) override;
    void on_offer_refused(LegId leg, int status) override;
    std::string current_sdp(LegId leg) override;
    void on_digit(LegId leg, char digit, std::chrono::milliseconds duration) override;
    void on_ended(LegId leg, const LegEnd& end) override;

    void on_media_path_up(LegId leg) override;
    void on_media_failed(LegId leg, MediaFailure reason) override;
    void on_media_timeout(LegId leg) override;
    void on_one_way(LegId leg) override;
    void on_media_digit(LegId leg, char digit, std::chrono::milliseconds duration) override;
    void on_media_moved(LegId leg, const sdp::LocalMedia& local) override;
    void on_media_played(LegId leg, std::uint32_t ticket) override;
    void on_statistics(LegId leg, const MediaStatistics& statistics) override;

private:
    struct Slot {
        std::unique_ptr<Call> call;
        std::uint32_t generation = 1;
        bool reserved = false;
    };

    Slot* slot_of(LegId leg);
    template <class Event>
    void deliver(LegId leg, Event&& event);
    void settle(Call& call);
    void close(Call& call);
    void vacate(std::size_t index);

    KeptConnections connections_;
    CallPorts ports_;
    std::atomic<std::size_t> live_{0};
    std::vector<Slot> slots_;
    std::vector<std::uint32_t> free_;
    std::unordered_map<telephony::ConversationId, std::uint32_t> by_conversation_;
    std::unordered_map<LegId, std::uint32_t> moved_;  ///< legs that went over into another call, and its slot
};

}  // namespace dp::call

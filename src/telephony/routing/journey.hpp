#pragma once
/// @file Journey: where an inbound call stands on its way through call flows and queues to somebody who answers. Sans-I/O:
/// it is told what happened and says what to do next; the call (call/call_journey.cpp) and the dry run
/// (routing/route_explanation) carry that out.
///
///     state       input               next, does
///     Idle        start               enters the flow, else the target
///     Announcing  played, timed_out   the step's `next`
///     Asking      played              waits for a digit (the response time begins)
///     Asking      digit               a choice: its step; none: one try less, asks again or `noChoice`
///     Asking      timed_out           one try less, asks again or `noChoice`
///     Offering    not_taken, timed_out  a queue: the next member, a pause after the last, `overflow` when the caller
///                                     has waited long enough or no member can be reached; a user: the fallback
///                 (a queue whose free members are as many as callers wait before this one: a pause)
///     Offering    taken               Done
///     Pausing     timed_out           the queue's next round, or `overflow`
///     all         anything else       ignored
///
/// A step that needs nobody (schedule, transfer, a disabled flow) is gone through at once. Where a way ends (a user
/// does not answer, a queue overflows without a target of its own, a menu has no choice) the fallback of the flow that
/// the call came through last is taken, once; without one the call ends with the reason of what failed last.
///
/// Bounds: kMostSteps flow steps and kMostTargets targets per call. Threads: one owner; the configuration is the one of
/// the call's beginning, but for the queue the caller waits in: each round goes by its present members. Source: seed 0
/// (`callflowId` first, then the target).

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "telephony/config/snapshot.hpp"
#include "telephony/conversation/termination.hpp"

namespace dp::telephony {

/// Where a call begins: the flow first when there is one, then the target. At least one of them.
struct JourneyPlan {
    CallFlowId flow;
    std::optional<RouteTarget> target;
    UserId transferred_by{};  ///< who has handed the call over: a queue rings everybody else first
};

/// What to do next.
struct JourneyMove {
    enum class Kind : std::uint8_t {
        Stay,      ///< nothing new: what was going on goes on
        Announce,  ///< play `prompt`, say played()
        Ask,       ///< play `prompt`, say played(); a digit may come at any time and ends the prompt
        Listen,    ///< the prompt has ended: wait for the digit
        Offer,     ///< ring the phones of `user`
        Pause,     ///< nobody is rung for a moment
        End,       ///< the call is over: `reason`
    };
    Kind kind = Kind::Stay;
    std::string prompt;
    FlowAnswer answer = FlowAnswer::Answer;  ///< how the caller hears the prompt
    UserId user;
    EndReason reason = EndReason::Unrouted;
};

/// A caller's place in a queue: smaller tickets came earlier.
struct QueuePlace {
    OrganizationId organization;
    QueueId queue;
    std::uint64_t ticket = 0;
};

/// Whose turn it is in a queue: the member that a call begins with (QueueOrder::RoundRobin), and among the callers for
/// whom nobody is rung at the moment the one who came first. Lives as long as the process.
class QueueTurns {
public:
    virtual ~QueueTurns() = default;
    /// Index of the member to begin with; each call takes one.
    virtual std::size_t take(const OrganizationId& organization, const QueueId& queue, std::size_t members) = 0;
    /// The queue as it is configured now: who waits long is served by members who came later. Null: it is gone.
    virtual Ptr<Queue> present(const QueuePlace& place) = 0;
    /// Of a caller who has just come.
    virtual std::uint64_t next_ticket() = 0;
    virtual void wait(const QueuePlace& place) = 0;
    virtual void stop_waiting(const QueuePlace& place) = 0;
    /// How many who came earlier wait. Counts no further than the queue's members.
    virtual std::size_t ahead_of(const QueuePlace& place) const = 0;
};

/// Who can be rung at this moment. A queue passes by the others; a user who is the target is tried in any case.
class Availability {
public:
    enum class Phones : std::uint8_t { Free, InCall, None };
    virtual ~Availability() = default;
    virtual Phones of(const UserId& user) const = 0;
};

class Journey {
public:
    static constexpr int kMostSteps = 100;
    static constexpr int kMostTargets = 12;
    /// After a round in which somebody was rung in vain, and where nobody was free.
    static constexpr std::chrono::seconds kPause{3};
    static constexpr std::chrono::seconds kLook{1};
    /// A prompt that nobody reports as played is given up after this long.
    static constexpr std::chrono::seconds kLongestPrompt{75};

    struct Now {
        TimePoint steady;
        WallTime wall;
    };

    /// `turns` and `availability` outlive it.
    Journey(Ptr<OrganizationConfig> config, JourneyPlan plan, QueueTurns& turns, const Availability& availability);
    ~Journey();
    Journey(const Journey&) = delete;
    Journey& operator=(const Journey&) = delete;

    JourneyMove start(Now now);
    JourneyMove played(Now now);
    JourneyMove digit(char digit, Now now);
    JourneyMove timed_out(Now now);
    /// Nobody answered for the user that was offered the call.
    JourneyMove not_taken(EndReason why, Now now);
    void taken(Now now);

    /// When to say timed_out().
    TimePoint deadline() const { return deadline_; }
    bool offering() const { return state_ == State::Offering; }
    /// The queue the caller is waiting in; empty: none.
    const QueueId& queue() const;
    /// What happened since the last time.
    std::vector<RouteStep> take_steps() { return std::exchange(steps_, {}); }

private:
    enum class State : std::uint8_t { Idle, Announcing, Asking, Offering, Pausing, Done };

    JourneyMove enter(const RouteTarget& target);
    JourneyMove enter_flow(const CallFlowId& id);
    JourneyMove enter_queue(const QueueId& id);
    JourneyMove go_to_step(const std::string& step);
    JourneyMove run_step(const FlowStep& step);
    JourneyMove ask(const FlowStep& step);
    JourneyMove no_digit(std::string_view why);
    JourneyMove leave_flow();
    JourneyMove fall_back(EndReason reason);
    JourneyMove overflow(std::string_view why);
    JourneyMove next_member();
    bool is_our_turn();
    JourneyMove pause();
    std::chrono::seconds ring_time_of(const UserId& user) const;
    void pass_by(const UserId& user, Availability::Phones phones);
    JourneyMove offer(const UserId& user, std::chrono::seconds ring);
    JourneyMove stop(EndReason reason);
    JourneyMove begin(JourneyMove::Kind kind, State state, Duration limit);
    RouteStep& note(std::string_view type, std::string detail = {});

    Ptr<OrganizationConfig> config_;
    JourneyPlan plan_;
    QueueTurns& turns_;
    const Availability& availability_;
    State state_ = State::Idle;
    Now now_{};
    TimePoint deadline_{};
    int steps_taken_ = 0;
    int targets_taken_ = 0;
    std::vector<RouteStep> steps_;

    Ptr<CallFlow> flow_;              ///< being run
    const FlowStep* step_ = nullptr;  ///< in it
    int tries_left_ = 0;
    std::optional<RouteTarget> fallback_;  ///< of the flow that was run last, until it is taken
    bool target_taken_ = false;            ///< the number's own target

    Ptr<Queue> queue_;
    QueuePlace place_;      ///< in it
    bool waiting_ = false;  ///< QueueTurns counts this caller
    UserId offered_;
    std::size_t member_ = 0;  ///< next to be rung
    std::size_t rung_ = 0;    ///< in this round
    bool first_round_ = true;
    bool rang_ = false;       ///< somebody in this round was rung
    bool reachable_ = false;  ///< somebody in this round has a phone
    TimePoint waited_enough_{};
    EndReason last_failure_ = EndReason::Unrouted;
};

}  // namespace dp::telephony

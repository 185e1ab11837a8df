#pragma once
/// @file The vocabulary of the call's state machines: what can happen to a call, what a call then does, and the shape
/// of the tables (outbound_fsm, inbound_fsm) that join the two. Tables are data and know nothing of SIP or media; Call
/// carries the actions out.

#include <array>
#include <cstddef>
#include <cstdint>

namespace dp::call {

/// A call has two sides. The *first* side is the one that was there, or is called, first; the *second* is dialled once
/// the first is there. Which of them is the agent depends on the kind of call (see outbound_fsm.hpp, inbound_fsm.hpp).
enum class CallEvent : std::uint8_t {
    Placed,         ///< through the API: nobody is up yet
    PlacedByPhone,  ///< one of our phones dialled: its leg is the first side, unanswered
    Routed,         ///< an incoming call has found its user
    Guided,         ///< an incoming call goes through flows or queues first
    Offered,        ///< the journey has found somebody to ring
    SecondLost,     ///< nobody of the second side answered: the journey goes on
    FirstRings,
    FirstAnswers,
    SecondRings,
    SecondEarlyMedia,
    SecondAnswers,
    PathsUp,  ///< both sides are answered and both media paths stand
    Ends,  ///< a side hung up or cannot be reached, a limit passed, the API or the server ends it: the reason is apart
    Count_,
};

enum class Action : std::uint8_t {
    None,
    DialFirst,
    DialSecond,
    Guide,           ///< the journey begins, or goes on after nobody answered
    PassRinging,     ///< 180 to an incoming first side, ringback tone to one that has answered
    PassEarlyMedia,  ///< 183 with SDP to an incoming first side, the far media to one that has answered
    Join,            ///< answer an incoming first side, connect the two media legs
    ReleaseLegs,     ///< CANCEL, BYE or refuse whatever is still up
    ReportInitiated,
    ReportRinging,  ///< once: later ones are ignored
    ReportConnected,
    ReportEnded,  ///< with the call's one Termination, which says failed or disconnected
};

template <class State>
struct Step {
    State next{};
    std::array<Action, 3> actions{};
};

template <class State>
struct Row {
    State state;
    CallEvent event;
    Step<State> step;
};

/// Indexed by state and event; `State` ends with Count_. An event without a row is ignored. A duplicated row does not
/// compile.
template <class State>
class StepTable {
public:
    template <std::size_t N>
    consteval explicit StepTable(const Row<State> (&rows)[N]) {
        for (const auto& row : rows) {
            Cell& cell = cells_[index(row.state)][index(row.event)];
            if (cell.present) throw "two rows for one state and event";
            cell = {true, row.step};
        }
    }

    /// Null: nothing happens.
    constexpr const Step<State>* find(State state, CallEvent event) const {
        const Cell& cell = cells_[index(state)][index(event)];
        return cell.present ? &cell.step : nullptr;
    }

private:
    struct Cell {
        bool present = false;
        Step<State> step{};
    };
    static constexpr std::size_t index(auto value) { return static_cast<std::size_t>(value); }
    std::array<std::array<Cell, index(CallEvent::Count_)>, index(State::Count_)> cells_{};
};

}  // namespace dp::call

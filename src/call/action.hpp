#pragma once
/// @file What a call does when its state machine takes a step, and the shape of the tables that say so. The machines
/// (outbound_fsm, inbound_fsm) are data: a row is state, event, next state, actions in order. They know nothing of SIP
/// or media; Call carries the actions out.

#include <array>
#include <cstddef>
#include <cstdint>

namespace dp::call {

/// The side that was there first is the *caller side* (the agent of an API call, the incoming leg of any other); the
/// one that is dialled to reach it is the *called side*.
enum class Action : std::uint8_t {
    None,
    DialFirst,       ///< INVITE to the party that is called first (API calls only)
    DialSecond,      ///< INVITE to the other one
    PassRinging,     ///< 180 to an incoming caller, ringback tone to a caller that has answered
    PassEarlyMedia,  ///< 183 with SDP to an incoming caller, the far media to a caller that has answered
    Join,            ///< answer an incoming caller, connect the two media legs
    ReleaseLegs,     ///< CANCEL, BYE or refuse whatever is still up
    ReportInitiated,
    ReportRinging,  ///< once: later ones are ignored
    ReportConnected,
    ReportDisconnected,  ///< ended after having been connected, or given up by the caller
    ReportFailed,        ///< ended without having been connected
};

template <class State>
struct Step {
    State next{};
    std::array<Action, 3> actions{};
};

/// One row of a table. `Event` and `State` end with a `Count_` enumerator.
template <class State, class Event>
struct Row {
    State state;
    Event event;
    Step<State> step;
};

/// A table indexed by state and event. An event without a row is ignored: a null step. A duplicated row does not
/// compile.
template <class State, class Event>
class StepTable {
public:
    template <std::size_t N>
    consteval explicit StepTable(const Row<State, Event> (&rows)[N]) {
        for (const auto& row : rows) {
            auto& cell = cells_[index(row.state)][static_cast<std::size_t>(row.event)];
            if (cell.present) throw "two rows for one state and event";
            cell = {true, row.step};
        }
    }

    constexpr const Step<State>* find(State state, Event event) const {
        const auto& cell = cells_[index(state)][static_cast<std::size_t>(event)];
        return cell.present ? &cell.step : nullptr;
    }

private:
    struct Cell {
        bool present = false;
        Step<State> step{};
    };
    static constexpr std::size_t index(State state) { return static_cast<std::size_t>(state); }
    std::array<std::array<Cell, static_cast<std::size_t>(Event::Count_)>, static_cast<std::size_t>(State::Count_)>
        cells_{};
};

}  // namespace dp::call

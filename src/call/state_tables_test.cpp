/// Every cell of the two state tables: what the header comments say, and nothing else.

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "call/inbound_fsm.hpp"
#include "call/outbound_fsm.hpp"

namespace dp::call {
namespace {

using E = CallEvent;
using A = Action;
using O = OutboundState;
using I = InboundState;

template <class State>
struct Expected {
    State next;
    std::vector<Action> actions;
};

template <class State>
std::vector<Action> actions_of(const Step<State>& step) {
    std::vector<Action> out;
    for (Action action : step.actions)
        if (action != A::None) out.push_back(action);
    return out;
}

template <class State>
void check_all(const std::map<std::pair<State, E>, Expected<State>>& table) {
    for (int s = 0; s < static_cast<int>(State::Count_); ++s) {
        for (int e = 0; e < static_cast<int>(E::Count_); ++e) {
            const auto state = static_cast<State>(s);
            const auto event = static_cast<E>(e);
            const auto* found = step(state, event);
            const auto row = table.find({state, event});
            ASSERT_EQ(found != nullptr, row != table.end()) << "state " << s << " event " << e;
            if (found == nullptr) continue;
            EXPECT_EQ(found->next, row->second.next) << "state " << s << " event " << e;
            EXPECT_EQ(actions_of(*found), row->second.actions) << "state " << s << " event " << e;
        }
    }
}

TEST(OutboundTable, IsWhatItsHeaderSays) {
    std::map<std::pair<O, E>, Expected<O>> table{
        {{O::Queued, E::Placed}, {O::AlertingFirst, {A::ReportInitiated, A::DialFirst}}},
        {{O::Queued, E::PlacedByPhone}, {O::Dialling, {A::ReportInitiated, A::DialSecond}}},
        {{O::AlertingFirst, E::FirstRings}, {O::RingingFirst, {A::ReportRinging}}},
        {{O::AlertingFirst, E::FirstAnswers}, {O::Dialling, {A::ReportRinging, A::DialSecond}}},
        {{O::RingingFirst, E::FirstAnswers}, {O::Dialling, {A::ReportRinging, A::DialSecond}}},
        {{O::Dialling, E::SecondRings}, {O::Ringing, {A::ReportRinging, A::PassRinging}}},
        {{O::Dialling, E::SecondEarlyMedia}, {O::EarlyMedia, {A::ReportRinging, A::PassEarlyMedia}}},
        {{O::Ringing, E::SecondEarlyMedia}, {O::EarlyMedia, {A::ReportRinging, A::PassEarlyMedia}}},
        {{O::EarlyMedia, E::SecondEarlyMedia}, {O::EarlyMedia, {A::PassEarlyMedia}}},
        {{O::EarlyMedia, E::SecondRings}, {O::EarlyMedia, {A::PassRinging}}},
        {{O::Bridging, E::PathsUp}, {O::Connected, {A::ReportConnected}}},
    };
    for (O state : {O::Dialling, O::Ringing, O::EarlyMedia})
        table[{state, E::SecondAnswers}] = {O::Bridging, {A::ReportRinging, A::Join}};
    for (O state : {O::Queued, O::AlertingFirst, O::RingingFirst, O::Dialling, O::Ringing, O::EarlyMedia, O::Bridging,
                    O::Connected})
        table[{state, E::Ends}] = {O::Ended, {A::ReleaseLegs, A::ReportEnded}};
    check_all(table);
}

TEST(InboundTable, IsWhatItsHeaderSays) {
    std::map<std::pair<I, E>, Expected<I>> table{
        {{I::Arrived, E::Routed}, {I::Alerting, {A::ReportInitiated, A::DialSecond}}},
        {{I::Arrived, E::Guided}, {I::Guided, {A::ReportInitiated, A::Guide}}},
        {{I::Guided, E::Offered}, {I::Alerting, {A::DialSecond}}},
        {{I::Alerting, E::SecondLost}, {I::Guided, {A::Guide}}},
        {{I::Ringing, E::SecondLost}, {I::Guided, {A::Guide}}},
        {{I::Alerting, E::SecondRings}, {I::Ringing, {A::ReportRinging, A::PassRinging}}},
        {{I::Alerting, E::SecondEarlyMedia}, {I::Ringing, {A::ReportRinging, A::PassRinging}}},
        {{I::Alerting, E::SecondAnswers}, {I::Bridging, {A::ReportRinging, A::Join}}},
        {{I::Ringing, E::SecondAnswers}, {I::Bridging, {A::ReportRinging, A::Join}}},
        {{I::Bridging, E::PathsUp}, {I::Connected, {A::ReportConnected}}},
        {{I::Connected, E::Guided}, {I::Guided, {A::Guide}}},
    };
    for (I state : {I::Arrived, I::Guided, I::Alerting, I::Ringing, I::Bridging, I::Connected})
        table[{state, E::Ends}] = {I::Ended, {A::ReleaseLegs, A::ReportEnded}};
    check_all(table);
}

}  // namespace
}  // namespace dp::call

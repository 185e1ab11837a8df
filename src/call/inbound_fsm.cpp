#include "call/inbound_fsm.hpp"

namespace dp::call {
namespace {

using S = InboundState;
using E = CallEvent;
using A = Action;

constexpr Step<S> kEnd{S::Ended, {A::ReleaseLegs, A::ReportEnded}};
constexpr Step<S> kGuide{S::Guided, {A::Guide}};
constexpr Step<S> kRing{S::Ringing, {A::ReportRinging, A::PassRinging}};
constexpr Step<S> kJoin{S::Bridging, {A::ReportRinging, A::Join}};

constexpr Row<S> kRows[] = {
    {S::Arrived, E::Routed, {S::Alerting, {A::ReportInitiated, A::DialSecond}}},
    {S::Arrived, E::Guided, {S::Guided, {A::ReportInitiated, A::Guide}}},
    {S::Arrived, E::Ends, kEnd},

    {S::Guided, E::Offered, {S::Alerting, {A::DialSecond}}},
    {S::Guided, E::Ends, kEnd},

    {S::Alerting, E::SecondRings, kRing},
    {S::Alerting, E::SecondEarlyMedia, kRing},
    {S::Alerting, E::SecondAnswers, kJoin},
    {S::Alerting, E::SecondLost, kGuide},
    {S::Alerting, E::Ends, kEnd},

    {S::Ringing, E::SecondAnswers, kJoin},
    {S::Ringing, E::SecondLost, kGuide},
    {S::Ringing, E::Ends, kEnd},

    {S::Bridging, E::PathsUp, {S::Connected, {A::ReportConnected}}},
    {S::Bridging, E::Ends, kEnd},

    {S::Connected, E::Guided, {S::Guided, {A::Guide}}},
    {S::Connected, E::Ends, kEnd},
};

constexpr StepTable<S> kTable(kRows);

}  // namespace

const Step<InboundState>* step(InboundState state, CallEvent event) {
    return kTable.find(state, event);
}

}  // namespace dp::call

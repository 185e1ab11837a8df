#include "call/outbound_fsm.hpp"

namespace dp::call {
namespace {

using S = OutboundState;
using E = CallEvent;
using A = Action;

constexpr Step<S> kEnd{S::Ended, {A::ReleaseLegs, A::ReportEnded}};
constexpr Step<S> kDial{S::Dialling, {A::ReportRinging, A::DialSecond}};
constexpr Step<S> kEarly{S::EarlyMedia, {A::ReportRinging, A::PassEarlyMedia}};
constexpr Step<S> kJoin{S::Bridging, {A::ReportRinging, A::Join}};

constexpr Row<S> kRows[] = {
    {S::Queued, E::Placed, {S::AlertingFirst, {A::ReportInitiated, A::DialFirst}}},
    {S::Queued, E::PlacedByPhone, {S::Dialling, {A::ReportInitiated, A::DialSecond}}},
    {S::Queued, E::Ends, kEnd},

    {S::AlertingFirst, E::FirstRings, {S::RingingFirst, {A::ReportRinging}}},
    {S::AlertingFirst, E::FirstAnswers, kDial},
    {S::AlertingFirst, E::Ends, kEnd},

    {S::RingingFirst, E::FirstAnswers, kDial},
    {S::RingingFirst, E::Ends, kEnd},

    {S::Dialling, E::SecondRings, {S::Ringing, {A::ReportRinging, A::PassRinging}}},
    {S::Dialling, E::SecondEarlyMedia, kEarly},
    {S::Dialling, E::SecondAnswers, kJoin},
    {S::Dialling, E::Ends, kEnd},

    {S::Ringing, E::SecondEarlyMedia, kEarly},
    {S::Ringing, E::SecondAnswers, kJoin},
    {S::Ringing, E::Ends, kEnd},

    {S::EarlyMedia, E::SecondEarlyMedia, {S::EarlyMedia, {A::PassEarlyMedia}}},
    {S::EarlyMedia, E::SecondRings, {S::EarlyMedia, {A::PassRinging}}},
    {S::EarlyMedia, E::SecondAnswers, kJoin},
    {S::EarlyMedia, E::Ends, kEnd},

    {S::Bridging, E::PathsUp, {S::Connected, {A::ReportConnected}}},
    {S::Bridging, E::Ends, kEnd},

    {S::Connected, E::Ends, kEnd},
};

constexpr StepTable<S> kTable(kRows);

}  // namespace

const Step<OutboundState>* step(OutboundState state, CallEvent event) {
    return kTable.find(state, event);
}

}  // namespace dp::call

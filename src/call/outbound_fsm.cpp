#include "call/outbound_fsm.hpp"

namespace dp::call {
namespace {

using S = OutboundState;
using E = OutboundEvent;
using A = Action;

constexpr Step<S> kFailed{S::Ended, {A::ReleaseLegs, A::ReportFailed}};
constexpr Step<S> kDisconnected{S::Ended, {A::ReleaseLegs, A::ReportDisconnected}};
constexpr Step<S> kJoin{S::Bridging, {A::ReportRinging, A::Join}};

constexpr Row<S, E> kRows[] = {
    {S::Queued, E::Placed, {S::AlertingFirst, {A::ReportInitiated, A::DialFirst}}},
    {S::Queued, E::PlacedByPhone, {S::Dialling, {A::ReportInitiated, A::DialSecond}}},
    {S::Queued, E::CallerEnds, kDisconnected},
    {S::Queued, E::Aborted, kFailed},

    {S::AlertingFirst, E::FirstRings, {S::RingingFirst, {A::ReportRinging}}},
    {S::AlertingFirst, E::FirstAnswers, {S::Dialling, {A::ReportRinging, A::DialSecond}}},
    {S::AlertingFirst, E::FirstFails, kFailed},
    {S::AlertingFirst, E::CallerEnds, kDisconnected},
    {S::AlertingFirst, E::CalledEnds, kFailed},
    {S::AlertingFirst, E::TimedOut, kFailed},
    {S::AlertingFirst, E::Aborted, kFailed},

    {S::RingingFirst, E::FirstAnswers, {S::Dialling, {A::DialSecond}}},
    {S::RingingFirst, E::FirstFails, kFailed},
    {S::RingingFirst, E::CallerEnds, kDisconnected},
    {S::RingingFirst, E::CalledEnds, kFailed},
    {S::RingingFirst, E::TimedOut, kFailed},
    {S::RingingFirst, E::Aborted, kFailed},

    {S::Dialling, E::SecondRings, {S::Ringing, {A::ReportRinging, A::PassRinging}}},
    {S::Dialling, E::SecondEarlyMedia, {S::EarlyMedia, {A::ReportRinging, A::PassEarlyMedia}}},
    {S::Dialling, E::SecondAnswers, kJoin},
    {S::Dialling, E::SecondFails, kFailed},
    {S::Dialling, E::CallerEnds, kDisconnected},
    {S::Dialling, E::CalledEnds, kFailed},
    {S::Dialling, E::TimedOut, kFailed},
    {S::Dialling, E::Aborted, kFailed},

    {S::Ringing, E::SecondEarlyMedia, {S::EarlyMedia, {A::PassEarlyMedia}}},
    {S::Ringing, E::SecondAnswers, kJoin},
    {S::Ringing, E::SecondFails, kFailed},
    {S::Ringing, E::CallerEnds, kDisconnected},
    {S::Ringing, E::CalledEnds, kFailed},
    {S::Ringing, E::TimedOut, kFailed},
    {S::Ringing, E::Aborted, kFailed},

    {S::EarlyMedia, E::SecondRings, {S::EarlyMedia, {A::PassRinging}}},
    {S::EarlyMedia, E::SecondAnswers, kJoin},
    {S::EarlyMedia, E::SecondFails, kFailed},
    {S::EarlyMedia, E::CallerEnds, kDisconnected},
    {S::EarlyMedia, E::CalledEnds, kFailed},
    {S::EarlyMedia, E::TimedOut, kFailed},
    {S::EarlyMedia, E::Aborted, kFailed},

    {S::Bridging, E::PathsUp, {S::Connected, {A::ReportConnected}}},
    {S::Bridging, E::SecondFails, kFailed},
    {S::Bridging, E::CallerEnds, kDisconnected},
    {S::Bridging, E::CalledEnds, kFailed},
    {S::Bridging, E::TimedOut, kFailed},
    {S::Bridging, E::Aborted, kFailed},

    {S::Connected, E::CallerEnds, kDisconnected},
    {S::Connected, E::CalledEnds, kDisconnected},
    {S::Connected, E::TimedOut, kDisconnected},
    {S::Connected, E::Aborted, kDisconnected},
};

constexpr StepTable<S, E> kTable(kRows);

}  // namespace

const Step<OutboundState>* step(OutboundState state, OutboundEvent event) {
    return kTable.find(state, event);
}

}  // namespace dp::call

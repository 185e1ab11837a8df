#include "call/inbound_fsm.hpp"

namespace dp::call {
namespace {

using S = InboundState;
using E = InboundEvent;
using A = Action;

constexpr Step<S> kFailed{S::Ended, {A::ReleaseLegs, A::ReportFailed}};
constexpr Step<S> kDisconnected{S::Ended, {A::ReleaseLegs, A::ReportDisconnected}};
constexpr Step<S> kJoin{S::Bridging, {A::ReportRinging, A::Join}};

constexpr Row<S, E> kRows[] = {
    {S::Arrived, E::Routed, {S::Alerting, {A::ReportInitiated, A::DialSecond}}},
    {S::Arrived, E::NotRouted, kFailed},
    {S::Arrived, E::CallerEnds, kDisconnected},
    {S::Arrived, E::Aborted, kFailed},

    {S::Alerting, E::PhoneRings, {S::Ringing, {A::ReportRinging, A::PassRinging}}},
    {S::Alerting, E::PhoneAnswers, kJoin},
    {S::Alerting, E::PhonesFail, kFailed},
    {S::Alerting, E::CallerEnds, kDisconnected},
    {S::Alerting, E::TimedOut, kFailed},
    {S::Alerting, E::Aborted, kFailed},

    {S::Ringing, E::PhoneAnswers, kJoin},
    {S::Ringing, E::PhonesFail, kFailed},
    {S::Ringing, E::CallerEnds, kDisconnected},
    {S::Ringing, E::TimedOut, kFailed},
    {S::Ringing, E::Aborted, kFailed},

    {S::Bridging, E::PathsUp, {S::Connected, {A::ReportConnected}}},
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

const Step<InboundState>* step(InboundState state, InboundEvent event) {
    return kTable.find(state, event);
}

}  // namespace dp::call

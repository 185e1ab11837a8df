#pragma once
/// @file The inbound call: a trunk (or a phone of the organization) calls one of our users; all phones of the user
/// ring, the first answer wins.
///
///     state     event           next       does
///     Arrived   Routed          Alerting   ReportInitiated DialSecond
///     Arrived   NotRouted       Ended      ReleaseLegs ReportFailed (the refusal names why: 404, 480, 503)
///     Alerting  PhoneRings      Ringing    ReportRinging PassRinging
///     Alerting Ringing  PhoneAnswers  Bridging  ReportRinging Join
///     Bridging  PathsUp         Connected  ReportConnected
///     any before Connected  PhonesFail CalledEnds TimedOut Aborted  Ended  ReleaseLegs ReportFailed
///     any before Connected  CallerEnds  Ended  ReleaseLegs ReportDisconnected
///     Connected CallerEnds CalledEnds TimedOut Aborted  Ended  ReleaseLegs ReportDisconnected
///
/// Early media of a phone is not passed on: the carrier gets 180 and rings by itself, so several phones cannot talk
/// over each other.

#include "call/action.hpp"

namespace dp::call {

enum class InboundState : std::uint8_t { Arrived, Alerting, Ringing, Bridging, Connected, Ended, Count_ };

enum class InboundEvent : std::uint8_t {
    Routed,
    NotRouted,
    PhoneRings,
    PhoneAnswers,
    PhonesFail,  ///< the last ringing phone refused
    PathsUp,
    CallerEnds,
    CalledEnds,
    TimedOut,
    Aborted,
    Count_,
};

/// Null: nothing happens.
const Step<InboundState>* step(InboundState state, InboundEvent event);

}  // namespace dp::call

#pragma once
/// @file The inbound call: a trunk, or another phone of the organization, calls one of our users. The incoming leg is
/// the first side, all phones of the user are the second: they ring together, the first answer wins.
///
///     state             event             next       does
///     Arrived           Routed            Alerting   ReportInitiated DialSecond
///     Arrived           Guided            Guided     ReportInitiated Guide
///     Guided            Offered           Alerting   DialSecond
///     Alerting Ringing  SecondLost        Guided     Guide
///     Alerting          SecondRings       Ringing    ReportRinging PassRinging
///     Alerting          SecondEarlyMedia  Ringing    ReportRinging PassRinging
///     Alerting Ringing  SecondAnswers     Bridging   ReportRinging Join
///     Bridging          PathsUp           Connected  ReportConnected
///     Connected         Guided            Guided     Guide            (a blind transfer to a queue or a flow)
///     all but Ended     Ends              Ended      ReleaseLegs ReportEnded
///
/// *Guided* is the stage before and between hunts: the journey (telephony/routing/journey.hpp) leads the call through
/// flows and queues, and each member or user that it offers the call to is one hunt. A call straight to a user has no
/// journey and never is in that state until somebody transfers it to a queue: then whom that party talked to, caller or
/// called, is the first side, and whoever the queue finds the second.
///
/// Early media of a phone is not passed on: the caller gets 180 and rings by itself, so several phones cannot talk over
/// each other.

#include "call/action.hpp"

namespace dp::call {

enum class InboundState : std::uint8_t { Arrived, Guided, Alerting, Ringing, Bridging, Connected, Ended, Count_ };

/// Null: nothing happens.
const Step<InboundState>* step(InboundState state, CallEvent event);

}  // namespace dp::call

#pragma once
/// @file The outbound call: somebody of ours calls a number. One table for the three orders of dialling.
///
/// *Agent first* (API call, default): the agent's phones are the first side, the gateways the second. *Destination
/// first* (API call, per site): the gateways are the first side, the phones the second. *By phone*: the phone's own
/// INVITE is the first side and is answered when the second answers. States are those of product.md in finer steps:
///
///     state                              event             next           does
///     Queued                             Placed            AlertingFirst  ReportInitiated DialFirst
///     Queued                             PlacedByPhone     Dialling       ReportInitiated DialSecond
///     AlertingFirst                      FirstRings        RingingFirst   ReportRinging
///     AlertingFirst RingingFirst         FirstAnswers      Dialling       ReportRinging DialSecond
///     Dialling                           SecondRings       Ringing        ReportRinging PassRinging
///     Dialling Ringing                   SecondEarlyMedia  EarlyMedia     ReportRinging PassEarlyMedia
///     EarlyMedia                         SecondEarlyMedia  EarlyMedia     PassEarlyMedia   (the newest fork is heard)
///     EarlyMedia                         SecondRings       EarlyMedia     PassRinging      (what plays goes on)
///     Dialling Ringing EarlyMedia        SecondAnswers     Bridging       ReportRinging Join
///     Bridging                           PathsUp           Connected      ReportConnected
///     every one but Ended                Ends              Ended          ReleaseLegs ReportEnded
///
/// Everything else is ignored (late events of legs that lost a race).

#include "call/action.hpp"

namespace dp::call {

enum class OutboundState : std::uint8_t {
    Queued,
    AlertingFirst,
    RingingFirst,
    Dialling,
    Ringing,
    EarlyMedia,
    Bridging,
    Connected,
    Ended,
    Count_,
};

/// Null: nothing happens.
const Step<OutboundState>* step(OutboundState state, CallEvent event);

}  // namespace dp::call

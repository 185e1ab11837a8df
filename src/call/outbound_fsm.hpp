#pragma once
/// @file The outbound call: somebody of ours calls a number. One table for the three orders of dialling.
///
/// *Agent first* (API call, default): the agent's phones are the first side, the gateways the second. *Destination
/// first* (API call, per site): the gateways are the first side, the phones the second. *By phone*: the phone's own
/// INVITE is the first side and is answered when the second is. States are those of product.md in finer steps:
///
///     state         event              next          does
///     Queued        Placed             AlertingFirst ReportInitiated DialFirst
///     Queued        PlacedByPhone      Dialling      ReportInitiated DialSecond
///     AlertingFirst FirstRings         RingingFirst  ReportRinging
///     AlertingFirst FirstAnswers       Dialling      ReportRinging DialSecond
///     RingingFirst  FirstAnswers       Dialling      DialSecond
///     Dialling      SecondRings        Ringing       ReportRinging PassRinging
///     Dialling      SecondEarlyMedia   EarlyMedia    ReportRinging PassEarlyMedia
///     Ringing       SecondEarlyMedia   EarlyMedia    PassEarlyMedia
///     EarlyMedia    SecondRings        EarlyMedia    PassRinging (what plays stays, RFC 3960 §3.2 leaves it to us)
///     Dialling Ringing EarlyMedia  SecondAnswers  Bridging  ReportRinging Join
///     Bridging      PathsUp            Connected     ReportConnected
///     any before Connected  FirstFails SecondFails TimedOut CalledEnds Aborted  Ended  ReleaseLegs ReportFailed
///     any before Connected  CallerEnds  Ended  ReleaseLegs ReportDisconnected
///     Connected     CallerEnds CalledEnds TimedOut Aborted  Ended  ReleaseLegs ReportDisconnected
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

enum class OutboundEvent : std::uint8_t {
    Placed,
    PlacedByPhone,
    FirstRings,
    FirstAnswers,
    FirstFails,  ///< every contact refused, or nobody to ask
    SecondRings,
    SecondEarlyMedia,
    SecondAnswers,
    SecondFails,  ///< the last attempt of the hunt has failed
    PathsUp,      ///< both media paths stand
    CallerEnds,   ///< the calling party hung up, or whoever placed the call took it back
    CalledEnds,
    TimedOut,  ///< ring limit, media path limit or longest call, whichever the state waits for
    Aborted,   ///< the server ends it: stopping, lost store
    Count_,
};

/// Null: nothing happens.
const Step<OutboundState>* step(OutboundState state, OutboundEvent event);

}  // namespace dp::call

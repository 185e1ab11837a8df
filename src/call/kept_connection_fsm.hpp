#pragma once
/// @file The persistent connection of a browser phone (seed 2): its dialog and its media session outlive the call they
/// were made for, and the next call needs neither an INVITE with a new description nor ICE nor DTLS.
///
///     state     event      next      does
///     None      Rests      Settling  Quiet OfferInactive StartClock
///     Settling  Settled    Idle                                    the phone has answered `inactive`
///     Settling Idle  Refused   None  HangUp
///     Settling Idle  Borrowed  Lent  StopClock                     a call alerts the phone inside the dialog
///     Lent      Rests      Settling  Quiet OfferInactive StartClock   that call was answered, and is over
///     Lent      Untaken    Settling  Quiet OfferInactive ResumeClock  declined, cancelled, not answered
///     Lent      Dropped    None      Forget                        the call has closed it
///     Settling Idle  TimedOut   None  HangUp                       nobody called for the time the settings give
///     Settling Idle  PathLost   None  HangUp                       RFC 7675: the browser is gone; the next call is an INVITE
///     Settling Idle  Unwanted   None  HangUp                       logged out, registered anew, the server stops
///     Settling Idle  PeerEnded  None  Forget                       BYE, 481, an expired session timer
///
/// Everything else is ignored.
///
/// **Who owns it.** The control shard. At rest the leg (dialog, negotiation, media leg, all under one LegId that never
/// changes) belongs to KeptConnections; a call borrows the whole leg, and it is the call's until it gives it back.
/// There is one for each contact of a phone, that is, for each log-in of a browser: a second call during the first is
/// an INVITE beside it (call waiting, as ever), and its dialog ends with it.
///
/// **When there is one.** The base settings that the phone's session logged in with say so and for how long; our INVITE
/// then says `Recv-Info: dialplane-call`, and the phone's 200 must say the same (RFC 6086): a phone that does not know
/// how to be alerted inside a dialog gets a fresh INVITE each time, and so do SIP phones. The media path must have
/// stood: a call that ends before ICE and DTLS are done takes its connection along.
///
/// **The channel.** INFO inside the kept dialog, info package `dialplane-call` (signaling/call_info.hpp). It is the
/// phone's own WebSocket, it is ordered with the re-INVITEs that open and close the media, it is authenticated by the
/// dialog, and its 200 says at once that this very page, with this very dialog, is there: a page that was reloaded
/// answers 481, a frozen one nothing, and the call goes on with a fresh INVITE within two seconds. NOTIFY would need a
/// subscription with a life of its own (RFC 6665); the API's notification channel is another connection, which may be
/// down while the phone is up. Caller, conversation and automatic answer travel in the headers that an INVITE to the
/// phone has, so that a phone reads both alike.
///
///     phone                               server
///       |<- INFO alert ---------------------|   call 3; P-Asserted-Identity, X-Dialplane-Conversation
///       |<- INVITE a=sendrecv --------------|   codecs in the order of the other leg; same ICE, DTLS, SSRC
///       |-- 200 to each ------------------->|   ringing; media open, microphone off, joined to nobody
///       |-- INFO accept, or decline ------->|   accept: both hear each other
///       |<- INFO release / INFO leave ----->|   the call is over, whoever ends it
///       |<- INVITE a=inactive --------------|
///
/// The media is opened while the phone rings, not after it has accepted: the re-INVITE, and the tens of milliseconds in
/// which a browser works at a description, then are no part of what the two wait for once the agent has said yes.
///
/// **Races.** *Caller gives up while it alerts*: INFO release. *Late accept* (of a call that was taken back or was
/// answered elsewhere): 200, as RFC 6086 section 4.2.2 wants for what is wrong above SIP, and the release once more.
/// *Two phones accept*: the first one whose media is open wins, the other is released. *Alert not answered*: the call's own
/// ringing time-out. *Both offer at once*: 491, ours is repeated (RFC 3261 section 14.1). *Alerted while `inactive` is
/// still under way*, or over while `sendrecv` is: the next offer follows the answer to the last. *The phone's socket comes back* (same instance): the dialog goes
/// along (RFC 5626). *Settings changed*: a session keeps what it logged in with. *Server restart*: nothing is kept; the
/// phone's first INVITE afterwards tells it.
///
/// Source: seed 2 "Persistent Connection"; product.md; RFC 6086, 7675.

#include <array>
#include <cstdint>

namespace dp::call {

enum class KeptState : std::uint8_t { None, Settling, Idle, Lent };

enum class KeptEvent : std::uint8_t {
    Rests,
    Settled,
    Refused,
    Borrowed,
    Untaken,
    Dropped,
    TimedOut,
    PathLost,
    Unwanted,
    PeerEnded,
};

enum class KeptAction : std::uint8_t {
    None,
    Quiet,  ///< nothing is sent to it any more
    OfferInactive,
    StartClock,
    StopClock,
    ResumeClock,  ///< to the time it had before the alert
    HangUp,       ///< BYE, media released, forgotten
    Forget,       ///< media released where it is ours, forgotten
};

struct KeptStep {
    KeptState next;
    std::array<KeptAction, 3> actions{};
};

/// Null: nothing happens.
const KeptStep* step(KeptState state, KeptEvent event);

}  // namespace dp::call

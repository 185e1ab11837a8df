#pragma once
/// @file LegSignaling: what the call core asks of signalling, one leg at a time, and LegEvents: what it is told back.
///
/// Two users: signaling/sip_legs (SIP over UDP, streams, WebSocket) and the simulated legs of the call core's own
/// tests. SDP crosses as text: the call core parses what it anchors, and passes through untouched what it bypasses.
/// Everything happens on the control shard; no call blocks, and no event is raised from inside a request
/// (implementations defer to the loop or to the end of the current message), so a caller may hold references across a
/// request.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/clock.hpp"
#include "base/endpoint.hpp"
#include "call/leg.hpp"

namespace dp::call {

/// Whom the called party sees. `user` is a telephone number (`+1…`) or the user part of an address of record.
struct CallerIdentity {
    std::string user;
    std::string display;
    bool withheld =
        false;  ///< RFC 3323 `Privacy: id`: From is anonymous, the asserted identity stays inside the trust domain
};

enum class AnswerMode : std::uint8_t { Person, Automatic };

/// One INVITE to be sent.
struct OutgoingLeg {
    std::variant<ContactId, GatewayId> target;
    CallerIdentity from;
    std::string called;  ///< user part of the Request-URI towards a gateway; ignored for a phone (its Contact rules)
    std::string sdp;     ///< our offer
    std::string conversation;  ///< goes into X-Dialplane-Conversation towards phones, never to a carrier
    AnswerMode answer_mode = AnswerMode::Person;
    bool may_rest = false;           ///< the phone is told that its dialog may outlive the call
    Duration silence_limit{};        ///< give up when nothing at all is heard for so long (Timer B); zero: 64·T1
    std::uint8_t max_forwards = 70;  ///< what is left after this hop (RFC 7332: the incoming value minus one)
};

/// A final non-2xx answer, or none at all.
struct LegFailure {
    enum class Kind : std::uint8_t {
        Rejected,    ///< `status` is what the peer said
        NoResponse,  ///< Timer B or F: nothing was heard (408 generated here)
        Transport,   ///< could not be sent, connection lost, no address
        Cancelled,   ///< 487 to our own CANCEL
    };
    Kind kind = Kind::Rejected;
    int status = 0;  ///< SIP status, 0 where none arrived
    std::string phrase;
    std::optional<int> q850;  ///< cause of a `Reason: Q.850` header (RFC 3326, 6432)
    std::optional<Duration> retry_after;
};

/// Why a confirmed leg ended.
struct LegEnd {
    enum class Kind : std::uint8_t {
        Bye,             ///< the peer hung up
        DialogDead,      ///< 408 or 481 to a request of ours (RFC 3261 §12.2.1.2)
        SessionExpired,  ///< RFC 4028: no refresh came
        NoAck,           ///< our 2xx was never acknowledged (RFC 3261 §13.3.1.4)
        Transport,       ///< the phone's flow is gone and did not come back
    };
    Kind kind = Kind::Bye;
    std::optional<int> q850;
    std::optional<int> sip_cause;  ///< of a `Reason: SIP` header: why the peer could not go on (RFC 3326)
};

/// Why we end a leg: becomes `Reason: Q.850` in BYE, CANCEL or the final answer.
struct Release {
    int q850 = 16;
    bool answered_elsewhere = false;  ///< `Reason: SIP;cause=200` on CANCEL: no missed-call entry (RFC 3326)
};

/// A final answer to an incoming INVITE that will not be answered.
struct Refusal {
    int status = 480;
    int q850 = 0;  ///< 0: no Reason header
    std::optional<Duration> retry_after;
};

enum class Ringing : std::uint8_t { Plain, EarlyMedia };

/// A description as it arrived. `text` is valid during the call.
struct PeerSdp {
    std::string_view text;
    IpAddress signalled_from;  ///< source of the message: an address behind NAT announces another
    bool empty() const { return text.empty(); }
};

class LegSignaling {
public:
    virtual ~LegSignaling() = default;

    virtual void place(LegId leg, OutgoingLeg invite) = 0;
    /// Alerts the phone inside the leg's dialog, which stands (kept_connection_fsm.hpp); `invite` has no
    /// description. on_progress(180) follows, then on_accepted() or on_failed(): Rejected when the phone
    /// declines, another kind when the dialog is dead: then it is gone here, too.
    virtual void alert(LegId leg, OutgoingLeg invite) = 0;
    /// The call is over or taken back, its dialog stays.
    virtual void rest(LegId leg, const Release& release) = 0;
    /// The phone understands being alerted inside this dialog.
    virtual bool can_rest(LegId leg) const = 0;
    /// Provisional answer to an incoming leg: 180 without SDP, 183 with it.
    virtual void progress(LegId leg, Ringing ringing, std::string_view sdp) = 0;
    /// 200 to an incoming leg. With an empty remote offer `sdp` is our offer and the answer comes as on_late_answer().
    virtual void answer(LegId leg, std::string_view sdp) = 0;
    virtual void refuse(LegId leg, const Refusal& refusal) = 0;
    /// CANCEL, BYE or a final refusal, whichever the leg's state asks for; on_ended() does not follow.
    virtual void hang_up(LegId leg, const Release& release) = 0;

    /// A new offer of ours inside the dialog (re-INVITE, or UPDATE where allowed); glare is retried below this port.
    /// Empty `sdp`: the peer is asked for its offer, which arrives as on_offer().
    virtual void offer(LegId leg, std::string_view sdp) = 0;
    /// The answer to on_offer(), or our offer when that was empty; also the answer to a 2xx that carried an offer.
    virtual void answer_offer(LegId leg, std::string_view sdp) = 0;
    /// 488, 491 or 500 to the peer's offer; the session stays as it was (RFC 3261 §14.2).
    virtual void refuse_offer(LegId leg, int status) = 0;
    /// SIP INFO application/dtmf-relay, for a leg whose media does not carry telephone-event.
    virtual void send_digit(LegId leg, char digit, std::chrono::milliseconds duration) = 0;
    /// How the transfer goes that this leg's phone has asked for by REFER: a SIP status, final ones end the telling
    /// (RFC 3515 §2.4.5).
    virtual void transfer_progress(LegId leg, int status) = 0;
};

/// Implemented by the call book. An event for a leg that is gone is ignored there.
class LegEvents {
public:
    virtual ~LegEvents() = default;

    virtual void on_progress(LegId leg, int status, const PeerSdp& sdp) = 0;
    /// 2xx to our INVITE; acknowledged already unless our INVITE had no offer: then `sdp` is the peer's, and
    /// answer_offer() follows.
    virtual void on_answered(LegId leg, const PeerSdp& sdp) = 0;
    virtual void on_failed(LegId leg, const LegFailure& failure) = 0;
    /// The phone accepts what alert() told it of.
    virtual void on_accepted(LegId leg) = 0;
    /// The phone has left the call; its dialog stays until the call says otherwise by hang_up() or rest().
    virtual void on_left(LegId leg) = 0;
    /// The caller gave up before our final answer (CANCEL, or BYE in the early dialog). 487 is sent already.
    virtual void on_cancelled(LegId leg) = 0;
    /// The ACK of our 2xx arrived; `sdp` is the answer to a late offer, else empty.
    virtual void on_acknowledged(LegId leg, const PeerSdp& sdp) = 0;
    /// An offer inside the dialog; empty `sdp` asks for ours. Exactly one of answer_offer and refuse_offer must follow.
    virtual void on_offer(LegId leg, const PeerSdp& sdp) = 0;
    virtual void on_offer_answered(LegId leg, const PeerSdp& sdp) = 0;
    /// Refused or timed out: the session description before it holds.
    virtual void on_offer_refused(LegId leg, int status) = 0;
    /// The description last sent to this leg, asked for when the dialog is refreshed by re-INVITE (RFC 4028 §7.4, same
    /// o= line).
    virtual std::string current_sdp(LegId leg) = 0;
    virtual void on_digit(LegId leg, char digit, std::chrono::milliseconds duration) = 0;
    virtual void on_ended(LegId leg, const LegEnd& end) = 0;
};

}  // namespace dp::call

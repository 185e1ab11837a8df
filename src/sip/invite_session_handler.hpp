#pragma once
/// @file What an INVITE session tells its user: events, and the interface that takes them.
///
/// Threads: the control thread. Lifetime: views and message pointers are valid during the callback only.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/strong_id.hpp"
#include "sip/invite_request.hpp"
#include "sip/message.hpp"

namespace dp::sip {

class InviteSession;

using SessionId = StrongIndex<struct SessionTag>;
using ServerRequestId = StrongIndex<struct ServerTransactionTag>;
using InfoId = StrongIndex<struct ClientTransactionTag>;

/// A body that arrived; valid during the callback.
struct BodyView {
    std::string_view type;
    std::string_view bytes;
    bool empty() const { return bytes.empty(); }
};

/// What kind of description a body is within its exchange (RFC 6337 §2.1).
enum class Description : std::uint8_t {
    None,
    Preview,  ///< in an unreliable 1xx: what the answer will be; early media only, no state change
    Offer,    ///< must be answered: InviteSession::answer or refuse_offer
    Answer,   ///< completes our offer
};

/// A provisional answer, seen from the caller.
struct Progress {
    int status = 0;  ///< 101-199
    std::string_view reason;
    Description description = Description::None;
    BodyView body;
    std::uint32_t fork = 0;  ///< index of the early dialog; 0 is the first one
    const MessageView* message = nullptr;
};

struct Answered {
    Description description =
        Description::None;  ///< Answer; Offer after a late offer; None when a reliable 1xx had the answer
    BodyView body;
    std::uint32_t fork = 0;
    const MessageView* message = nullptr;
};

/// An offer from the peer inside the session. Answer it with InviteSession::answer or refuse_offer, in the callback or
/// later.
struct RemoteOffer {
    enum class Carrier : std::uint8_t {
        ReInvite,
        Update,
        Prack,
        ReliableProvisional,
        Success
    } carrier = Carrier::ReInvite;
    BodyView body;  ///< empty only for an offerless re-INVITE: then answer() carries our full offer
    const MessageView* message = nullptr;
};

enum class OfferFailure : std::uint8_t {
    Refused,       ///< 488 and other final answers: previous descriptions stay in force (RFC 6141)
    GlareGivenUp,  ///< 491 three times
    SessionEnded,
};

/// Why a session ended; one per session.
enum class EndCause : std::uint8_t {
    RemoteBye,
    LocalBye,
    RemoteCancel,     ///< the caller gave up (callee role)
    LocalCancel,      ///< we gave up (caller role)
    Rejected,         ///< final answer 300-699 from the peer: `status`
    Refused,          ///< we answered 300-699: `status`
    NoAnswer,         ///< Timer B: nothing heard at all
    TransportFailed,  ///< no hop could be reached, or the flow is gone
    NoAck,            ///< our 2xx was never acknowledged (§13.3.1.4)
    NoPrack,          ///< our reliable 1xx was never acknowledged (RFC 3262 §3)
    SessionExpired,   ///< RFC 4028 §10
    DialogLost,       ///< 408 or 481 to a request within the dialog (§12.2.1.2)
    BadAnswer,        ///< the peer broke the offer/answer rules so that no session can stand
};

struct SessionEnd {
    EndCause cause = EndCause::LocalBye;
    int status = 0;  ///< final answer of the INVITE, 0 when there was none
    std::string_view reason_phrase;
    std::string_view reason_header;  ///< the peer's Reason header (RFC 3326), raw; empty when absent
    std::optional<std::chrono::seconds> retry_after;
    bool rang = false;                     ///< a 180 was seen or sent
    bool early_description = false;        ///< an 18x with a description was seen: the caller may have heard it
    const MessageView* message = nullptr;  ///< the message that ended it, if one did
};

/// What the session tells its user. Every callback may call any operation of any session, and UserAgent::place. None
/// may destroy the UserAgent. Views are valid during the callback only.
class InviteSessionHandler {
public:
    virtual ~InviteSessionHandler() = default;

    /// Caller: 101-199 arrived, reliable ones in order and acknowledged here. Description::Offer is answered by
    /// answer(), which sends the PRACK.
    virtual void on_session_progress(InviteSession& session, const Progress& progress) = 0;
    /// Caller: the first 2xx. Already acknowledged, except after a late offer, where answer() sends the ACK.
    virtual void on_session_answered(InviteSession& session, const Answered& answered) = 0;
    /// Callee: the ACK arrived. `answer` holds the peer's answer when our 2xx carried the offer, else it is empty.
    virtual void on_session_confirmed(InviteSession& session, BodyView answer) = 0;
    /// The peer offers within the session.
    virtual void on_session_offered(InviteSession& session, const RemoteOffer& offer) = 0;
    /// The answer to our offer() or request_offer(), or to an offer of ours in a reliable 1xx (it came in the PRACK).
    virtual void on_session_offer_answered(InviteSession& session, BodyView answer) = 0;
    /// The peer took its unanswered offer back (CANCEL of a re-INVITE).
    virtual void on_session_offer_withdrawn(InviteSession& session) = 0;
    /// Our offer() came to nothing; what was agreed before stays in force. `status` 0: never sent.
    virtual void on_session_offer_failed(InviteSession& session, OfferFailure failure, int status) = 0;
    /// INFO (RFC 6086, dtmf-relay), already answered 200.
    virtual void on_session_info(InviteSession& session, const MessageView& info) = 0;
    /// The final answer to an INFO of ours: 408 when none came, 503 when it could not be sent. 408 and 481 end the dialog
    /// (RFC 3261 §12.2.1.2), which is told next.
    virtual void on_session_info_answered(InviteSession&, InfoId, int /*status*/) {}
    /// REFER: answer it with UserAgent::respond (202, 403, 603 …), then InviteSession::notify.
    virtual void on_session_referred(InviteSession& session, const MessageView& refer, ServerRequestId request) = 0;
    /// NOTIFY within the dialog, already answered 200.
    virtual void on_session_notified(InviteSession& session, const MessageView& notify) = 0;
    /// The session timer asks for a refresh and the peer takes no UPDATE: the description now in force, to be offered
    /// unchanged in a re-INVITE. Empty: the re-INVITE asks the peer to offer.
    virtual Body current_description(InviteSession&) { return {}; }
    /// Exactly once, last. The session may not be used after the callback.
    virtual void on_session_ended(InviteSession& session, const SessionEnd& end) = 0;
};

}  // namespace dp::sip

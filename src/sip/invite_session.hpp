#pragma once
/// @file InviteSession: one INVITE dialog usage, caller or callee: everything RFC 3261 §13-15, 3262, 3311, 4028 and
/// 6141 ask of one leg. Bodies are opaque; offers and answers are matched to messages here, their content is the
/// business of the handler.
///
/// Threads: the control thread. Lifetime: owned by the UserAgent; a reference stays valid until the UserAgent's entry
/// point in which `on_session_ended` was delivered returns. Errors: an operation that does not fit the state answers
/// ErrorCode::Conflict and changes nothing.
///
/// State table (anything not listed is ignored and counted):
///
/// | State      | 1xx / we ring | 2xx / we accept | failure / we reject | CANCEL          | BYE                |
/// hang_up()          |
/// |------------|---------------|-----------------|---------------------|-----------------|--------------------|--------------------|
/// | Inviting   | progress      | ACK → Confirmed | ended Rejected      | -               | 481                | CANCEL
/// → Cancelling| | Cancelling | send CANCEL   | ACK, BYE → Leaving | ended Cancelled  | -               | 481 | - | |
/// Alerting   | send 1xx      | → Accepted      | ended Refused       | 487, ended      | 200 + 487, ended   | 603/480,
/// ended     | | Accepted   | -             | 2xx repeated    | -                   | 200, no effect  | 200, ended |
/// BYE waits for ACK  | | Confirmed  | -             | repeat → ACK    | -                   | -               | 200,
/// ended         | BYE → Leaving      | | Leaving    | -             | repeat → ACK    | -                   | - | 200,
/// ended         | -                  | | Ended      | -             | repeat → ACK    | -                   | - | 481
/// | -                  |

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "base/strong_id.hpp"
#include "sip/digest_client.hpp"
#include "sip/header_lines.hpp"
#include "sip/message.hpp"
#include "sip/transport.hpp"

namespace dp::sip {

class InviteSession;
class UserAgent;

using SessionId = StrongIndex<struct SessionTag>;
using ServerRequestId = StrongIndex<struct ServerRequestTag>;

/// A body to send. Without bytes no Content-Type is sent.
struct Body {
    std::string type;  ///< e.g. "application/sdp"
    std::string bytes;
};

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

/// RFC 3262, caller: what our INVITE says about 100rel.
enum class ReliableProvisionals : std::uint8_t { Off, Supported, Required };

/// Callee: when our 101-199 go out reliably, if the caller supports it.
enum class ReliableAnswers : std::uint8_t { IfRequired, IfSupported };

/// RFC 4028. `interval` zero: no session timer is asked for.
struct SessionTimerPolicy {
    std::chrono::seconds interval{1800};
    std::chrono::seconds min_interval{90};
};

/// How in-dialog requests travel when the dialog runs over UDP (streams always stay on their connection).
enum class InDialogPath : std::uint8_t {
    Automatic,  ///< first Route or remote target if it is a routable address, else where the peer's packets come from
    Flow,       ///< always where the peer's packets come from: phones behind NAT, registered flows (RFC 5626)
    Target,     ///< first Route or remote target
};

/// One way to the peer: an open flow (a registered phone's connection) or a resolved target.
struct NextHop {
    std::optional<Flow> flow;
    Target target;
    /// Requests above 1300 octets may change from UDP to TCP (RFC 3261 §18.1.1).
    enum class LargeRequest : std::uint8_t { StayOnUdp, SwitchToTcp } large = LargeRequest::StayOnUdp;
};

/// Everything of an outgoing INVITE. `from`, `to` and `contact` are whole header values without tags: `"Ann"
/// <sip:ann@example.org>`.
struct InviteRequest {
    std::vector<NextHop>
        hops;  ///< tried in order on transport failure, time-out without any answer, and 503 (RFC 3263 §4.3)
    std::string request_uri;
    std::string from;
    std::string to;
    std::string contact;  ///< empty: `<sip:CONTACT_USER@advertised;transport=…>`
    std::string contact_user;
    std::vector<std::string> routes;  ///< preloaded route set, Route values in order
    HeaderLines headers;              ///< further headers; never those named above
    Body offer;                       ///< empty: late offer (the answer to the 2xx's offer goes into the ACK)
    std::string call_id;              ///< empty: a fresh one
    /// Answers 401 and 407, for the whole session; shared by the calls of one trunk so that its nonce is used again.
    /// None: a challenge ends the session.
    std::shared_ptr<DigestClient> credentials;
    ReliableProvisionals reliable = ReliableProvisionals::Supported;
    SessionTimerPolicy session_timer;
    InDialogPath path = InDialogPath::Automatic;
    Duration timer_b{};  ///< zero: 64·T1. Shorter where another gateway is waiting
    int max_forwards = 70;
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
    /// REFER: answer it with UserAgent::respond (202, 403, 603 …), then InviteSession::notify.
    virtual void on_session_referred(InviteSession& session, const MessageView& refer, ServerRequestId request) = 0;
    /// NOTIFY within the dialog, already answered 200.
    virtual void on_session_notified(InviteSession& session, const MessageView& notify) = 0;
    /// Exactly once, last. The session may not be used after the callback.
    virtual void on_session_ended(InviteSession& session, const SessionEnd& end) = 0;
};

class InviteSession {
public:
    enum class Role : std::uint8_t { Caller, Callee };
    enum class State : std::uint8_t { Inviting, Cancelling, Alerting, Accepted, Confirmed, Leaving, Ended };

    ~InviteSession();
    InviteSession(const InviteSession&) = delete;
    InviteSession& operator=(const InviteSession&) = delete;

    SessionId id() const;
    Role role() const;
    State state() const;
    std::string_view call_id() const;
    std::string_view local_tag() const;
    std::string_view remote_tag() const;
    const Flow& flow() const;

    /// From here on events go to `handler` (not owned; must outlive the session or be replaced; null mutes it).
    void set_handler(InviteSessionHandler* handler);
    void set_in_dialog_path(InDialogPath path);
    /// Callee: for our own requests in a dialog that the peer began; none are sent by default.
    void set_credentials(std::shared_ptr<DigestClient> credentials);
    void set_reliable_answers(ReliableAnswers when);

    // Callee, before the final answer.
    /// 101-199. `body` is the answer (or the offer, when the INVITE had none) if the 1xx goes out reliably, else its
    /// preview.
    Result<void> provide(int status, const Body& body = {}, const HeaderLines& headers = {});
    /// 200. An empty body is right only when a reliable 1xx completed the exchange.
    Result<void> accept(const Body& body, const HeaderLines& headers = {});
    /// 300-699. An empty reason means the standard phrase.
    Result<void> reject(int status, std::string_view reason = {}, const HeaderLines& headers = {});

    // Both roles.
    /// Ends the session by whatever its state asks for: CANCEL, a final answer (`status`), BYE at once or after the
    /// ACK. `reason` is a whole Reason value, e.g. `Q.850;cause=16` (RFC 3326), or empty.
    void hang_up(std::string_view reason = {}, int status = 603);
    /// Offers a new description: UPDATE in early dialogs, re-INVITE afterwards. Queued while another exchange is under
    /// way; a 491 is retried after the wait of §14.1, three times at most.
    Result<void> offer(const Body& body);
    /// Asks the peer to offer: a re-INVITE without a body. Its offer arrives as on_session_offered(Success).
    Result<void> request_offer();
    /// The answer to the pending remote offer, in whatever message has to carry it.
    Result<void> answer(const Body& body);
    /// 488 with `warning` (a whole Warning value or empty) to the pending remote offer; the session goes on unchanged.
    Result<void> refuse_offer(int status = 488, std::string_view warning = {});
    Result<void> info(const Body& body);
    /// `Event: refer` with a message/sipfrag (RFC 3515 §2.4.5).
    Result<void> notify_refer(std::string_view sipfrag, std::string_view subscription_state);
    Result<void> refer(std::string_view refer_to, const HeaderLines& headers = {});

private:
    friend class UserAgent;
};

}  // namespace dp::sip

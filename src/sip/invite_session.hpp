#pragma once
/// @file InviteSession: one INVITE dialog usage, caller or callee: everything RFC 3261 §13-15, 3262, 3311, 4028 and
/// 6141 ask of one leg. Bodies are opaque; offers and answers are matched to messages here, their content is the
/// business of the handler.
///
/// Threads: the control thread. Lifetime: owned by the UserAgent; a reference stays valid until the timers are next advanced after
/// `on_session_ended` was delivered. Errors: an operation that does not fit the state answers ErrorCode::Conflict and
/// changes nothing.
///
/// State table (anything not listed is ignored and counted):
///
/// | State      | 1xx / we ring | 2xx / we accept    | failure / we reject | CANCEL         | BYE              | hang_up()           |
/// |------------|---------------|--------------------|---------------------|----------------|------------------|---------------------|
/// | Inviting   | progress      | ACK → Confirmed    | ended Rejected      | -              | 481              | CANCEL → Cancelling |
/// | Cancelling | send CANCEL   | ACK, BYE → Leaving | ended Cancelled     | -              | 481              | -                   |
/// | Alerting   | send 1xx      | → Accepted         | ended Refused       | 487, ended     | 200 + 487, ended | 603/480, ended      |
/// | Accepted   | -             | 2xx repeated       | -                   | 200, no effect | 200, ended       | BYE waits for ACK   |
/// | Confirmed  | -             | repeat → ACK       | -                   | -              | 200, ended       | BYE → Leaving       |
/// | Leaving    | -             | repeat → ACK       | -                   | -              | 200, ended       | -                   |
/// | Ended      | -             | repeat → ACK       | -                   | -              | 481              | -                   |

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "base/timer_wheel.hpp"
#include "sip/dialog.hpp"
#include "sip/invite_session_handler.hpp"
#include "sip/session_timer.hpp"
#include "sip/timing.hpp"
#include "sip/transaction.hpp"

namespace dp::sip {

class UserAgentCore;

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
    /// Before accept: what our 2xx asks for.
    void set_session_timer(SessionTimerPolicy policy);

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
    /// INFO (RFC 6086). How it is answered is told as on_session_info_answered() with the id returned; `timeout` is Timer
    /// F of this request, zero: 64·T1.
    Result<InfoId> info(const Body& body, const HeaderLines& headers = {}, Duration timeout = {});
    /// `Event: refer` with a message/sipfrag (RFC 3515 §2.4.5).
    Result<void> notify_refer(std::string_view sipfrag, std::string_view subscription_state);
    Result<void> refer(std::string_view refer_to, const HeaderLines& headers = {});

private:
    friend class UserAgentCore;
    enum class Wait : std::uint8_t {
        Report,       ///< an end that an operation caused is told
        Success,      ///< our 2xx again
        Ack,          ///< no ACK for 64·T1
        Provisional,  ///< our reliable 1xx again, or an unreliable one each minute
        Prack,        ///< no PRACK for 64·T1
        GiveUp,       ///< CANCEL without a final answer
        Refresh,      ///< session timer: our turn
        Expire,       ///< session timer: nobody refreshed
        Exchange,     ///< our re-INVITE was heard but never answered
        Retry,        ///< offer again after 491 or Retry-After
    };
    struct CallerPart;
    struct CalleePart;
    struct LocalExchange;
    struct RemoteExchange;
    struct PendingSuccess;
    struct PendingAck;
    using Fill = std::function<void(RequestBuilder&)>;

    InviteSession(UserAgentCore& core, SessionId id, Role role);

    // Life (invite_session.cpp).
    void on_deadline();
    void due(Wait wait);
    void arm();
    void set_deadline(Wait wait, Duration after);
    void end(EndCause cause, int status, const MessageView* message);
    void end_later(EndCause cause, int status);
    void report_end(EndCause cause, int status, const MessageView* message);
    void leave(EndCause cause, std::string_view reason);
    void drop_remote_exchange(int status);
    bool in_transit() const;
    Result<void> wrong_state(std::string_view operation) const;

    // Caller (invite_session_caller.cpp).
    void begin(const InviteRequest& request, InviteSessionHandler& handler);
    void send_invite();
    bool build_invite(std::string_view branch);
    void write_invite_headers(RequestBuilder& out);
    void on_invite_response(ClientTransaction& transaction, const MessageView& response);
    void on_invite_failed(ClientTransaction& transaction, RequestFailure failure);
    void on_provisional(const MessageView& response);
    void on_success(ClientTransaction& transaction, const MessageView& response);
    void on_failure(ClientTransaction& transaction, const MessageView& response);
    bool retry_invite(ClientTransaction& transaction, const MessageView& response);
    bool next_hop();
    Dialog* find_fork(std::string_view remote_tag, std::uint32_t& index);
    Dialog* fork_for(const MessageView& response, std::uint32_t& index);
    Description take_provisional_description(Dialog& dialog, const MessageView& response, bool reliable);
    std::optional<Description> take_success_description(const MessageView& response);
    void send_prack(Dialog& dialog, std::uint32_t rseq, const Body& body);
    void send_ack(const PendingAck& pending, const Body& body);
    void cancel_invite();
    void confirm(const MessageView& response);

    // Callee (invite_session_callee.cpp).
    void receive_invite(const MessageView& invite, const Flow& flow, ServerTransaction& transaction, Dialog dialog);
    bool owes_offer() const;
    Result<void> send_provisional(int status, const Body& body, const HeaderLines& headers, bool reliable);
    Result<void> send_success(const Body& body, const HeaderLines& headers);
    bool answers_reliably() const;
    void repeat_provisional();
    void repeat_success();
    void on_prack(const MessageView& prack, ServerTransaction& transaction);
    void take_prack_body(const MessageView& prack, ServerTransaction& transaction);
    void after_prack();
    void on_ack(const MessageView& ack);
    void on_cancel(ServerTransaction& invite, const MessageView& cancel);
    void on_server_failed(ServerTransaction& transaction, RequestFailure failure);
    void start_success(ServerTransaction& transaction, std::string_view bytes, std::uint32_t cseq, bool carries_offer);
    void write_dialog_headers(ResponseBuilder& out, const SessionTimerHeaders& asked);

    // Requests within the dialog (invite_session_requests.cpp).
    Dialog* dialog_with(std::string_view remote_tag);
    void on_request(const MessageView& request, const Flow& flow, HashKey key, Dialog& dialog);
    void on_bye(const MessageView& bye, ServerTransaction& transaction);
    void on_reinvite(const MessageView& invite, const Flow& flow, HashKey key);
    void on_update(const MessageView& update, ServerTransaction& transaction, Dialog& dialog);
    void on_notify(const MessageView& notify, ServerTransaction& transaction);
    bool refuse_brief_interval(const MessageView& request, ServerTransaction& transaction);
    void refuse_busy(ServerTransaction& transaction);
    void answer_plainly(ServerTransaction& transaction, int status);
    void answer_update(ServerTransaction& transaction, const SessionTimerHeaders& timer, const Body& body);
    ClientTransactionId send_request(Dialog& dialog, Method method, Purpose purpose, const Fill& fill,
                                     Duration timeout = {});
    void on_request_response(ClientTransaction& transaction, const MessageView& response);
    void on_request_failed(ClientTransaction& transaction, RequestFailure failure);
    void lose_dialog(int status, const MessageView* message);
    Flow request_flow(const Dialog& dialog);

    // Offers of ours and of the peer's in the session (invite_session_exchange.cpp).
    void refresh();
    void start_exchange();
    Dialog* exchange_dialog(Method& method);
    Dialog* dialog_of(std::string_view remote_tag);
    void send_exchange();
    void write_exchange(RequestBuilder& out, Dialog& dialog);
    void on_exchange_response(ClientTransaction& transaction, const MessageView& response);
    void on_exchange_success(const MessageView& response);
    void on_exchange_refused(ClientTransaction& transaction, const MessageView& response);
    void on_exchange_failed(ClientTransaction& transaction, RequestFailure failure);
    bool raise_interval(const MessageView& response);
    void finish_exchange(OfferFailure failure, int status);
    void retry_exchange(Duration after);
    void exchange_overdue();
    Duration glare_wait();
    void answer_request(const RemoteExchange& remote, const Body& body);
    Result<void> refuse_late_offer();
    void agree_session_timer(const MessageView& success);
    void start_session_timer();

    UserAgentCore& core_;
    InviteSessionHandler* handler_ = nullptr;
    SessionId id_;
    Role role_;
    State state_;
    InDialogPath path_ = InDialogPath::Automatic;
    bool rang_ = false;
    bool early_description_ = false;
    bool hang_up_waits_ = false;  ///< BYE goes out when the ACK is here (RFC 3261 §15)
    bool ended_told_ = false;
    bool agreed_ = false;  ///< a first offer was answered: there is a description to fall back to
    std::uint8_t refresh_failures_ = 0;
    std::uint16_t ending_status_ = 0;
    EndCause cause_ = EndCause::LocalBye;  ///< while Leaving, and until an end is told
    SessionTimerPolicy timer_policy_;
    SessionTimer session_timer_;
    Flow flow_;
    Dialog dialog_;
    Deadlines<Wait, 10> deadlines_;
    Timer timer_;
    std::shared_ptr<DigestClient> credentials_;
    std::unique_ptr<CallerPart> caller_;       ///< until the INVITE is answered
    std::unique_ptr<CalleePart> callee_;       ///< until the INVITE is answered
    std::unique_ptr<PendingSuccess> success_;  ///< our 2xx until its ACK
    std::unique_ptr<PendingAck> pending_ack_;  ///< a late offer until our answer
    std::unique_ptr<LocalExchange> exchange_;  ///< our re-INVITE or UPDATE
    std::unique_ptr<LocalExchange> queued_;    ///< the next one
    std::unique_ptr<RemoteExchange> remote_;   ///< the peer's unanswered offer
    std::unique_ptr<std::string> hang_up_reason_;
};

}  // namespace dp::sip

#include "sip/invite_session.hpp"

#include <algorithm>

#include "sip/header_values.hpp"
#include "sip/invite_session_parts.hpp"
#include "sip/user_agent_core.hpp"

namespace dp::sip {

InviteSession::InviteSession(UserAgentCore& core, SessionId id, Role role)
    : core_(core),
      id_(id),
      role_(role),
      state_(role == Role::Caller ? State::Inviting : State::Alerting),
      timer_([this] { on_deadline(); }) {}

InviteSession::~InviteSession() = default;

SessionId InviteSession::id() const {
    return id_;
}
InviteSession::Role InviteSession::role() const {
    return role_;
}
InviteSession::State InviteSession::state() const {
    return state_;
}
std::string_view InviteSession::call_id() const {
    return dialog_.call_id();
}
std::string_view InviteSession::local_tag() const {
    return dialog_.local_tag();
}
std::string_view InviteSession::remote_tag() const {
    return dialog_.remote_tag();
}
const Flow& InviteSession::flow() const {
    return flow_;
}
void InviteSession::set_handler(InviteSessionHandler* handler) {
    handler_ = handler;
}
void InviteSession::set_in_dialog_path(InDialogPath path) {
    path_ = path;
}
void InviteSession::set_credentials(std::shared_ptr<DigestClient> credentials) {
    credentials_ = std::move(credentials);
}
void InviteSession::set_session_timer(SessionTimerPolicy policy) {
    timer_policy_ = policy;
}

void InviteSession::set_reliable_answers(ReliableAnswers when) {
    if (callee_) callee_->reliable = when;
}

Result<void> InviteSession::wrong_state(std::string_view operation) const {
    return fail(ErrorCode::Conflict, std::string(operation) + " does not fit the state of the session.");
}

// ---- time

void InviteSession::set_deadline(Wait wait, Duration after) {
    deadlines_.set(wait, core_.now() + after);
    arm();
}

void InviteSession::arm() {
    const TimePoint next = deadlines_.earliest();
    if (next == kNever) return timer_.cancel();
    if (!timer_.armed() || timer_.deadline() != next) core_.environment().timers.arm(timer_, next);
}

void InviteSession::on_deadline() {
    while (const auto wait = deadlines_.take_due(core_.now())) due(*wait);
    arm();
}

void InviteSession::due(Wait wait) {
    switch (wait) {
        case Wait::Report:
            return report_end(cause_, ending_status_, nullptr);
        case Wait::Success:
            return repeat_success();
        case Wait::Ack:
            return leave(EndCause::NoAck, {});
        case Wait::Provisional:
            return repeat_provisional();
        case Wait::Prack:
            (void)reject(504, {});
            cause_ = EndCause::NoPrack;  // RFC 3262 §3: a 5xx when the 1xx stays unacknowledged for 64·T1
            return;
        case Wait::GiveUp:
            if (state_ == State::Ended) {
                if (exchange_) core_.layer().abandon(exchange_->transaction);
                return core_.bury(id_);
            }
            core_.layer().abandon(caller_ ? caller_->transaction : ClientTransactionId());
            return end(EndCause::LocalCancel, 0, nullptr);
        case Wait::Refresh:
            return refresh();
        case Wait::Expire:
            return leave(EndCause::SessionExpired, {});
        case Wait::Exchange:
            return exchange_overdue();
        case Wait::Retry:
            if (exchange_ && !exchange_->in_flight) send_exchange();
            return;
    }
}

// ---- the end

// An exchange of ours that is still out when the session ends wants its ACK (siphon-sip#375): the session lingers for
// it.
bool InviteSession::in_transit() const {
    return exchange_ && exchange_->in_flight && exchange_->method == Method::Invite;
}

void InviteSession::end(EndCause cause, int status, const MessageView* message) {
    if (state_ == State::Ended) return;
    state_ = State::Ended;
    cause_ = cause;
    deadlines_.clear();
    success_.reset();
    report_end(cause, status, message);
}

// Operations never call back: what they end is told from a timer.
void InviteSession::end_later(EndCause cause, int status) {
    state_ = State::Ended;
    cause_ = cause;
    ending_status_ = static_cast<std::uint16_t>(status);
    deadlines_.clear();
    set_deadline(Wait::Report, Duration{});
}

void InviteSession::report_end(EndCause cause, int status, const MessageView* message) {
    if (std::exchange(ended_told_, true)) return;
    SessionEnd report;
    report.cause = cause;
    report.status = status;
    report.rang = rang_;
    report.early_description = early_description_;
    report.message = message;
    if (message) {
        report.reason_header = message->value(HeaderId::Reason);
        if (message->is_response()) report.reason_phrase = message->reason();
        if (auto wait = retry_after(*message)) report.retry_after = *wait;
    }
    callee_.reset();
    caller_.reset();
    InviteSessionHandler* handler = std::exchange(handler_, nullptr);
    if (in_transit()) {
        set_deadline(Wait::GiveUp, core_.config().timing.timeout());
    } else {
        timer_.cancel();
        core_.bury(id_);
    }
    if (handler) handler->on_session_ended(*this, report);
}

// BYE (§15.1.1); `cause` is reported when it is answered or times out.
void InviteSession::leave(EndCause cause, std::string_view reason) {
    if (state_ == State::Leaving || state_ == State::Ended) return;
    if (pending_ack_) send_ack(*pending_ack_, {});  // §13.2.2.4: even a 2xx that came too late is acknowledged first
    pending_ack_.reset();
    drop_remote_exchange(487);
    state_ = State::Leaving;
    cause_ = cause;
    deadlines_.clear();
    success_.reset();
    queued_.reset();
    send_request(dialog_, Method::Bye, Purpose::Bye, [&](RequestBuilder& out) {
        if (!reason.empty()) out.header(HeaderId::Reason, reason);
    });
}

// §15.1.2: requests that were waiting for an answer of ours are answered 487.
void InviteSession::drop_remote_exchange(int status) {
    const auto dropped = std::move(remote_);
    if (!dropped) return;
    ServerTransaction* transaction = core_.layer().find(dropped->transaction);
    if (transaction && !transaction->answered) answer_plainly(*transaction, status);
}

void InviteSession::hang_up(std::string_view reason, int status) {
    switch (state_) {
        case State::Inviting:
            state_ = State::Cancelling;
            caller_->cancel_reason = reason;
            if (caller_->provisional) cancel_invite();  // §9.1: before a 1xx it waits
            return;
        case State::Alerting: {
            HeaderLines headers;
            if (!reason.empty()) (void)headers.add("Reason", reason);
            (void)reject(status, {}, headers);
            return;
        }
        case State::Accepted:  // §15: no BYE before the ACK or the end of the wait for it
            hang_up_waits_ = true;
            hang_up_reason_ = std::make_unique<std::string>(reason);
            return;
        case State::Confirmed:
            return leave(EndCause::LocalBye, reason);
        case State::Cancelling:
        case State::Leaving:
        case State::Ended:
            return;
    }
}

}  // namespace dp::sip

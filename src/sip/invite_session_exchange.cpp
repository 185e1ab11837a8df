// InviteSession: offers within the session, ours and the answers to the peer's; refreshes of the session timer (RFC
// 3261 §14, RFC 3311, RFC 4028, RFC 6141).
#include <algorithm>

#include "sip/header_values.hpp"
#include "sip/invite_session_parts.hpp"
#include "sip/user_agent_core.hpp"

namespace dp::sip {

namespace {

constexpr int kMaxGlareTries = 3;
constexpr std::chrono::seconds kMaxRetryAfter{10};  // a longer wait is a refusal
constexpr std::chrono::seconds kRefreshAgain{10};   // after a refresh that failed without ending the dialog

BodyView body_of(const MessageView& message) {
    return {message.body().empty() ? std::string_view() : message.value(HeaderId::ContentType), message.body()};
}

}  // namespace

// ---- our offers

Result<void> InviteSession::offer(const Body& body) {
    if (state_ == State::Cancelling || state_ == State::Leaving || state_ == State::Ended) return wrong_state("offer");
    queued_ = std::make_unique<LocalExchange>();
    queued_->body = body;
    start_exchange();
    return {};
}

Result<void> InviteSession::request_offer() {
    if (state_ != State::Confirmed && state_ != State::Accepted) return wrong_state("request_offer");
    queued_ = std::make_unique<LocalExchange>();
    queued_->kind = LocalExchange::Kind::OfferRequest;
    start_exchange();
    return {};
}

void InviteSession::refresh() {
    if (queued_) return;  // a queued offer refreshes as well
    queued_ = std::make_unique<LocalExchange>();
    queued_->kind = LocalExchange::Kind::Refresh;
    start_exchange();
}

// The queued exchange goes out as soon as nothing else is under way in either direction.
void InviteSession::start_exchange() {
    if (!queued_ || exchange_ || remote_ || success_ || pending_ack_) return;
    Dialog* dialog = exchange_dialog(queued_->method);
    if (!dialog || !dialog->offers().may_offer()) return;
    exchange_ = std::move(queued_);
    exchange_->remote_tag = dialog->remote_tag();
    send_exchange();
}

// Which dialog it runs in, and by which method: in an early dialog only UPDATE is possible, and only after a reliable
// answer (RFC 3311 §5.1).
Dialog* InviteSession::exchange_dialog(Method& method) {
    const bool refresh = queued_->kind == LocalExchange::Kind::Refresh;
    if (state_ == State::Confirmed) {
        method = refresh && dialog_.peer().update ? Method::Update : Method::Invite;
        return &dialog_;
    }
    if (queued_->kind != LocalExchange::Kind::Offer) return nullptr;
    method = Method::Update;
    Dialog* early = nullptr;
    if (state_ == State::Alerting && callee_ && !callee_->in_flight) early = &dialog_;
    if (state_ == State::Inviting && caller_ && !caller_->forks.empty()) early = caller_->forks.back().get();
    const bool ready = early && early->answered_early && early->peer().update;
    return ready ? early : nullptr;
}

Dialog* InviteSession::dialog_of(std::string_view remote_tag) {
    return remote_tag.empty() ? &dialog_ : dialog_with(remote_tag);
}

void InviteSession::send_exchange() {
    Dialog* dialog = dialog_of(exchange_->remote_tag);
    if (!dialog || !dialog->offers().may_offer()) return retry_exchange(core_.config().timing.t1);
    if (exchange_->kind == LocalExchange::Kind::Refresh && exchange_->method == Method::Invite && handler_)
        exchange_->body = handler_->current_description(*this);
    exchange_->carries_offer = !exchange_->body.bytes.empty();
    if (exchange_->carries_offer) (void)dialog->offers().send_offer();
    const Purpose purpose = exchange_->method == Method::Invite ? Purpose::ReInvite : Purpose::Update;
    exchange_->in_flight = true;
    exchange_->transaction =
        send_request(*dialog, exchange_->method, purpose, [&](RequestBuilder& out) { write_exchange(out, *dialog); });
    exchange_->cseq = dialog->local_cseq();
    if (exchange_->method == Method::Invite) set_deadline(Wait::Exchange, core_.config().timing.timeout());
}

// Timer B ends with the first 1xx; a peer that never says more is asked to stop (§9), then taken for lost.
void InviteSession::exchange_overdue() {
    if (!exchange_ || !exchange_->in_flight) return;
    set_deadline(Wait::Exchange, core_.config().timing.timeout());
    if (!std::exchange(exchange_->cancelled, true)) return core_.layer().cancel(exchange_->transaction, {});
    core_.layer().abandon(exchange_->transaction);
    exchange_.reset();
    lose_dialog(408, nullptr);
}

void InviteSession::write_exchange(RequestBuilder& out, Dialog& dialog) {
    out.header(HeaderId::Contact, dialog.contact()).header(HeaderId::Allow, core_.allow());
    out.header(HeaderId::Supported, kSupported);
    if (session_timer_.runs()) {  // RFC 4028 §7.4: who refreshes stays as it was
        const auto interval = std::max(session_timer_.interval(), timer_policy_.min_interval);
        out.header(HeaderId::SessionExpires, session_expires_value(interval, session_timer_.refresher_in_request()));
        out.number(HeaderId::MinSe, static_cast<std::uint64_t>(timer_policy_.min_interval.count()));
    }
    if (exchange_->carries_offer) out.body(exchange_->body.type, exchange_->body.bytes);
}

// ---- the answers to them

void InviteSession::on_exchange_response(ClientTransaction& transaction, const MessageView& response) {
    if (response.status() < 200) return;
    const bool success = response.status() < 300;
    const bool current = exchange_ && exchange_->transaction == transaction.id;
    // A 2xx to a re-INVITE is acknowledged even when the session is ending (siphon-sip#375).
    if (!current || state_ == State::Leaving || state_ == State::Ended) {
        if (success && transaction.method == Method::Invite && !pending_ack_)
            send_ack({transaction.id, response.cseq().number}, {});
        if (state_ == State::Ended && current) {
            exchange_.reset();
            core_.bury(id_);
        }
        return;
    }
    if (success) return on_exchange_success(response);
    on_exchange_refused(transaction, response);
}

void InviteSession::on_exchange_success(const MessageView& response) {
    const auto done = std::move(exchange_);
    deadlines_.clear(Wait::Exchange);
    Dialog* dialog = dialog_of(done->remote_tag);
    if (!dialog) return;
    dialog->refresh_target(response);
    dialog->learn_abilities(response);
    const PendingAck ack{done->transaction, done->cseq};
    const bool late_offer = done->method == Method::Invite && !done->carries_offer && !response.body().empty();
    if (late_offer && handler_) {
        (void)dialog->offers().receive_offer();
        pending_ack_ = std::make_unique<PendingAck>(ack);
        remote_ = std::make_unique<RemoteExchange>();
        remote_->carrier = RemoteOffer::Carrier::Success;
    } else if (done->method == Method::Invite) {
        send_ack(ack, {});
    }
    if (state_ == State::Confirmed) agree_session_timer(response);
    if (remote_ && late_offer)
        return handler_->on_session_offered(
            *this, {.carrier = RemoteOffer::Carrier::Success, .body = body_of(response), .message = &response});
    const bool answered = done->carries_offer && dialog->offers().receive_answer() && !response.body().empty();
    if (answered && handler_) handler_->on_session_offer_answered(*this, body_of(response));
    const bool refresh = done->kind == LocalExchange::Kind::Refresh;
    if (!answered && !refresh && handler_)
        handler_->on_session_offer_failed(*this, OfferFailure::Refused, response.status());
    start_exchange();
}

void InviteSession::on_exchange_refused(ClientTransaction& transaction, const MessageView& response) {
    const int status = response.status();
    Dialog* dialog = dialog_of(exchange_->remote_tag);
    if (!dialog) return finish_exchange(OfferFailure::Refused, status);
    const bool challenged = (status == 401 || status == 407) && credentials_;
    if (challenged) {
        const auto retry = core_.answer_challenge(transaction, response, *credentials_, dialog->local_cseq() + 1);
        if (retry) {
            exchange_->cseq = dialog->next_cseq();
            exchange_->transaction = *retry;
            return;
        }
    }
    exchange_->in_flight = false;
    if (exchange_->carries_offer) dialog->offers().fail();  // RFC 6141 §3.4: what was agreed before stays in force
    if (status == 408 || status == 481) {
        exchange_.reset();
        return lose_dialog(status, &response);
    }
    if (status == 491) {
        const bool again = ++exchange_->glare_tries < kMaxGlareTries;
        return again ? retry_exchange(glare_wait()) : finish_exchange(OfferFailure::GlareGivenUp, status);
    }
    if (status == 422 && raise_interval(response)) return send_exchange();
    const auto wait = retry_after(response);
    const bool later = (status == 500 || status == 503) && wait && *wait <= kMaxRetryAfter;
    if (later && ++exchange_->failures < 2) return retry_exchange(*wait);
    finish_exchange(OfferFailure::Refused, status);
}

// RFC 4028 §7.4; a 422 leaves the running timer as it is.
bool InviteSession::raise_interval(const MessageView& response) {
    const auto wanted = number(response, HeaderId::MinSe);
    if (!wanted || std::exchange(exchange_->interval_raised, true)) return false;
    timer_policy_.min_interval = std::max(timer_policy_.min_interval, std::chrono::seconds(*wanted));
    return true;
}

void InviteSession::on_exchange_failed(ClientTransaction& transaction, RequestFailure failure) {
    if (!exchange_ || exchange_->transaction != transaction.id) return;
    if (state_ == State::Ended) {
        exchange_.reset();
        return core_.bury(id_);
    }
    exchange_->in_flight = false;
    if (state_ == State::Leaving) return;
    if (Dialog* dialog = dialog_of(exchange_->remote_tag); dialog && exchange_->carries_offer) dialog->offers().fail();
    if (failure == RequestFailure::Timeout) {
        exchange_.reset();
        return lose_dialog(408, nullptr);
    }
    finish_exchange(OfferFailure::Refused, 503);
}

void InviteSession::finish_exchange(OfferFailure failure, int status) {
    const auto done = std::move(exchange_);
    deadlines_.clear(Wait::Exchange);
    if (done->kind == LocalExchange::Kind::Refresh) {
        // Once more; if that fails as well, the session expires.
        if (++refresh_failures_ < 2) set_deadline(Wait::Refresh, kRefreshAgain);
    } else if (handler_) {
        handler_->on_session_offer_failed(*this, failure, status);
    }
    start_exchange();
}

void InviteSession::retry_exchange(Duration after) {
    exchange_->in_flight = false;
    set_deadline(Wait::Retry, after);
}

// §14.1: the owner of the Call-ID waits 2.1-4.0 s, the other 0-2.0 s, in units of 10 ms.
Duration InviteSession::glare_wait() {
    const std::uint64_t random = core_.identity().random64();
    const std::uint64_t steps = role_ == Role::Caller ? 210 + random % 191 : random % 201;
    return std::chrono::milliseconds(10 * steps);
}

// ---- the peer's offers

Result<void> InviteSession::answer(const Body& body) {
    if (!remote_) return wrong_state("answer");
    if (body.bytes.empty()) return fail(ErrorCode::MissingField, "An answer needs a description.", "body");
    const auto remote = std::move(remote_);
    Dialog* dialog = dialog_of(remote->remote_tag);
    if (!dialog) return wrong_state("answer");
    agreed_ = true;
    if (remote->offerless)
        (void)dialog->offers().send_offer();
    else
        (void)dialog->offers().send_answer();
    switch (remote->carrier) {
        case RemoteOffer::Carrier::ReliableProvisional:
            dialog->answered_early = true;
            send_prack(*dialog, remote->rseq, body);
            break;
        case RemoteOffer::Carrier::Success: {
            const auto ack = std::move(pending_ack_);
            if (ack) send_ack(*ack, body);
            break;
        }
        case RemoteOffer::Carrier::ReInvite:
        case RemoteOffer::Carrier::Update:
        case RemoteOffer::Carrier::Prack:
            answer_request(*remote, body);
            break;
    }
    start_exchange();
    return {};
}

void InviteSession::answer_request(const RemoteExchange& remote, const Body& body) {
    ServerTransaction* transaction = core_.layer().find(remote.transaction);
    if (!transaction || transaction->answered) return;
    if (remote.carrier == RemoteOffer::Carrier::Update) return answer_update(*transaction, remote.timer, body);
    ResponseBuilder out = core_.layer().answer(*transaction, 200);
    if (remote.carrier == RemoteOffer::Carrier::Prack) {
        core_.layer().send_answer(*transaction, 200, out.body(body.type, body.bytes).finish());
        return after_prack();
    }
    write_dialog_headers(out, remote.timer);
    start_success(*transaction, out.body(body.type, body.bytes).finish(), remote.cseq, remote.offerless);
}

Result<void> InviteSession::refuse_offer(int status, std::string_view warning) {
    if (!remote_) return wrong_state("refuse_offer");
    const auto remote = std::move(remote_);
    Dialog* dialog = dialog_of(remote->remote_tag);
    if (dialog) dialog->offers().fail();
    if (remote->carrier == RemoteOffer::Carrier::ReliableProvisional) {
        hang_up();  // nothing can be said in a PRACK but an answer
        return {};
    }
    if (remote->carrier == RemoteOffer::Carrier::Success) return refuse_late_offer();
    if (ServerTransaction* transaction = core_.layer().find(remote->transaction)) {
        ResponseBuilder out = core_.layer().answer(*transaction, status);
        if (!warning.empty()) out.header(HeaderId::Warning, warning);
        core_.layer().send_answer(*transaction, status, out.finish());
    }
    start_exchange();
    return {};
}

// A 2xx cannot be refused: it is acknowledged; a first one is followed by BYE (§13.2.2.4).
Result<void> InviteSession::refuse_late_offer() {
    const auto ack = std::move(pending_ack_);
    if (ack) send_ack(*ack, {});
    if (!agreed_)
        leave(EndCause::BadAnswer, {});
    else
        start_exchange();
    return {};
}

// ---- session timer

void InviteSession::agree_session_timer(const MessageView& success) {
    const SessionTimerHeaders said = SessionTimerHeaders::of(success);
    refresh_failures_ = 0;
    // RFC 4028 §7.2: a 2xx without Session-Expires means no timer, unless it answers a request that carried ours.
    if (said.expires)
        session_timer_.agree(said.expires->interval, said.expires->refresher, SessionTimer::As::Uac);
    else
        session_timer_.stop();
    start_session_timer();
}

void InviteSession::start_session_timer() {
    deadlines_.clear(Wait::Refresh);
    deadlines_.clear(Wait::Expire);
    if (session_timer_.runs()) {
        const TimePoint now = core_.now();
        if (session_timer_.we_refresh()) deadlines_.set(Wait::Refresh, now + session_timer_.refresh_after());
        deadlines_.set(Wait::Expire, now + session_timer_.expire_after());
    }
    arm();
}

}  // namespace dp::sip

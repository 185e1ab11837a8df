// InviteSession, callee: from the INVITE to the ACK of our answer (RFC 3261 §13.3, RFC 3262 §3).
#include <algorithm>

#include "sip/header_values.hpp"
#include "sip/invite_session_parts.hpp"
#include "sip/user_agent_core.hpp"

namespace dp::sip {

namespace {

constexpr Duration kRepeatProvisional = std::chrono::minutes(1);  // §13.3.1.1: proxies give up after three

}  // namespace

void InviteSession::receive_invite(const MessageView& invite, const Flow& flow, ServerTransaction& transaction,
                                   Dialog dialog) {
    flow_ = flow;
    dialog_ = std::move(dialog);
    transaction.session = id_.value();
    callee_ = std::make_unique<CalleePart>();
    callee_->transaction = transaction.id;
    callee_->cseq = invite.cseq().number;
    callee_->peer_requires_reliable = invite.has_token(HeaderId::Require, "100rel");
    callee_->invite_has_offer = !invite.body().empty();
    callee_->timer = SessionTimerHeaders::of(invite);
    // RFC 3262 §3: RSeq begins at random below 2^31.
    callee_->next_rseq = static_cast<std::uint32_t>(core_.identity().random64() & 0x3FFF'FFFF) + 1;
    if (callee_->invite_has_offer) (void)dialog_.offers().receive_offer();
}

bool InviteSession::answers_reliably() const {
    const bool wanted = callee_->reliable == ReliableAnswers::IfSupported && dialog_.peer().prack;
    return callee_->peer_requires_reliable || wanted;
}

/// RFC 3261 §13.2.1: to an INVITE without an offer the first reliable answer carries ours. A 180 that has none yet is not
/// sent: the caller has our 100.
bool InviteSession::owes_offer() const {
    const bool offered = dialog_.answered_early || dialog_.offers().state() == OfferAnswer::State::LocalOffer;
    return !callee_->invite_has_offer && !offered;
}

Result<void> InviteSession::provide(int status, const Body& body, const HeaderLines& headers) {
    if (state_ != State::Alerting || !callee_ || callee_->success) return wrong_state("provide");
    if (status <= 100 || status >= 200)
        return fail(ErrorCode::InvalidValue, "A provisional answer is 101-199.", "status");
    const bool reliable = answers_reliably();
    if (reliable && owes_offer() && body.bytes.empty()) return {};
    if (reliable && callee_->in_flight) {
        callee_->waiting.push_back({status, body, headers});  // RFC 3262 §3: one unacknowledged at a time
        return {};
    }
    return send_provisional(status, body, headers, reliable);
}

Result<void> InviteSession::send_provisional(int status, const Body& body, const HeaderLines& headers, bool reliable) {
    ServerTransaction* transaction = core_.layer().find(callee_->transaction);
    if (!transaction) return wrong_state("provide");
    ResponseBuilder out = core_.layer().answer(*transaction, status);
    out.header(HeaderId::Contact, dialog_.contact()).header(HeaderId::Allow, core_.allow());
    const std::uint32_t rseq = callee_->next_rseq;
    if (reliable) out.header(HeaderId::Require, "100rel").number(HeaderId::RSeq, rseq);
    out.lines(headers);
    if (!body.bytes.empty()) out.body(body.type, body.bytes);
    const std::string_view bytes = out.finish();
    rang_ = rang_ || status == 180;
    early_description_ = early_description_ || !body.bytes.empty();
    if (reliable) {
        ++callee_->next_rseq;
        const Duration t1 = core_.config().timing.t1;
        callee_->in_flight = std::make_unique<CalleePart::InFlight>(
            CalleePart::InFlight{rseq, !body.bytes.empty(), t1, std::string(bytes)});
        if (!body.bytes.empty()) {
            // Our answer, or our offer when the INVITE had none (RFC 6337 §2.2).
            if (dialog_.offers().send_answer())
                dialog_.answered_early = true;
            else if (!callee_->invite_has_offer && !dialog_.answered_early)
                (void)dialog_.offers().send_offer();
        }
        deadlines_.set(Wait::Prack, core_.now() + core_.config().timing.timeout());
        set_deadline(Wait::Provisional, t1);
    } else {
        set_deadline(Wait::Provisional, kRepeatProvisional);
    }
    core_.layer().send_answer(*transaction, status, bytes);
    return {};
}

void InviteSession::repeat_provisional() {
    ServerTransaction* transaction = callee_ ? core_.layer().find(callee_->transaction) : nullptr;
    if (!transaction || state_ != State::Alerting) return;
    if (!callee_->in_flight) {
        (void)core_.layer().send(transaction->flow, transaction->answer);
        return set_deadline(Wait::Provisional, kRepeatProvisional);
    }
    (void)core_.layer().send(transaction->flow, callee_->in_flight->bytes);
    callee_->in_flight->interval *= 2;  // RFC 3262 §3: doubling, not capped at T2
    set_deadline(Wait::Provisional, callee_->in_flight->interval);
}

// ---- PRACK

void InviteSession::on_prack(const MessageView& prack, ServerTransaction& transaction) {
    const auto named = rack(prack);
    const bool ours = named && callee_ && callee_->in_flight && named->rseq == callee_->in_flight->rseq &&
                      named->cseq == callee_->cseq && named->method == Method::Invite;
    if (!ours) return answer_plainly(transaction, 481);  // RFC 3262 §3
    callee_->in_flight.reset();
    deadlines_.clear(Wait::Prack);
    set_deadline(Wait::Provisional, kRepeatProvisional);
    take_prack_body(prack, transaction);
    after_prack();
}

void InviteSession::take_prack_body(const MessageView& prack, ServerTransaction& transaction) {
    const BodyView body{prack.value(HeaderId::ContentType), prack.body()};
    if (prack.body().empty()) return answer_plainly(transaction, 200);
    if (dialog_.offers().receive_answer()) {  // to the offer in our 1xx
        dialog_.answered_early = true;
        answer_plainly(transaction, 200);
        if (handler_) handler_->on_session_offer_answered(*this, body);
        return;
    }
    if (dialog_.offers().receive_offer() != OfferAnswer::Received::Taken || !handler_)
        return answer_plainly(transaction, 488);
    remote_ = std::make_unique<RemoteExchange>();
    remote_->carrier = RemoteOffer::Carrier::Prack;
    remote_->transaction = transaction.id;
    handler_->on_session_offered(*this, {.carrier = RemoteOffer::Carrier::Prack, .body = body, .message = &prack});
}

void InviteSession::after_prack() {
    if (state_ != State::Alerting || !callee_ || callee_->in_flight) return;
    if (!callee_->waiting.empty()) {
        const auto next = std::move(callee_->waiting.front());
        callee_->waiting.pop_front();
        (void)send_provisional(next.status, next.body, next.headers, true);
        return;
    }
    if (!callee_->success) return;
    const auto success = std::move(callee_->success);
    (void)send_success(success->body, success->headers);
}

// ---- 2xx

Result<void> InviteSession::accept(const Body& body, const HeaderLines& headers) {
    if (state_ != State::Alerting || !callee_ || callee_->success || remote_) return wrong_state("accept");
    const bool waits_for_prack = callee_->in_flight && callee_->in_flight->has_description;
    if (!dialog_.answered_early && body.bytes.empty() && !waits_for_prack)
        return fail(ErrorCode::MissingField, "The 200 has to carry a description.", "body");
    if (waits_for_prack) {
        // RFC 3262 §3: no 2xx while a 1xx with a description is unacknowledged.
        callee_->success = std::make_unique<CalleePart::Outgoing>(CalleePart::Outgoing{200, body, headers});
        return {};
    }
    return send_success(body, headers);
}

Result<void> InviteSession::send_success(const Body& body, const HeaderLines& headers) {
    ServerTransaction* transaction = core_.layer().find(callee_->transaction);
    if (!transaction) return wrong_state("accept");
    const bool offers = !dialog_.answered_early && !callee_->invite_has_offer;
    const bool answers = dialog_.offers().send_answer();
    if (offers) (void)dialog_.offers().send_offer();
    ResponseBuilder out = core_.layer().answer(*transaction, 200);
    write_dialog_headers(out, callee_->timer);
    out.lines(headers);
    if (answers || offers)
        out.body(body.type, body.bytes);  // after an early answer the 2xx carries none (pjproject#1397)
    start_success(*transaction, out.finish(), callee_->cseq, offers);
    success_->initial = true;
    state_ = State::Accepted;
    agreed_ = true;
    callee_.reset();
    return {};
}

// §13.3.1.4: a 2xx is repeated by us, on every transport, until its ACK or 64·T1.
void InviteSession::start_success(ServerTransaction& transaction, std::string_view bytes, std::uint32_t cseq,
                                  bool carries_offer) {
    const TimerValues& timing = core_.config().timing;
    success_ = std::make_unique<PendingSuccess>();
    success_->transaction = transaction.id;
    success_->cseq = cseq;
    success_->carries_offer = carries_offer;
    success_->interval = timing.t1;
    success_->bytes = bytes;
    deadlines_.clear(Wait::Provisional);
    deadlines_.clear(Wait::Prack);
    deadlines_.set(Wait::Ack, core_.now() + timing.timeout());
    set_deadline(Wait::Success, timing.t1);
    core_.layer().send_answer(transaction, 200, success_->bytes);
}

void InviteSession::repeat_success() {
    ServerTransaction* transaction = success_ ? core_.layer().find(success_->transaction) : nullptr;
    if (!transaction) return;
    core_.layer().send_answer(*transaction, 200, success_->bytes);
    success_->interval = std::min(2 * success_->interval, core_.config().timing.t2);
    set_deadline(Wait::Success, success_->interval);
}

void InviteSession::write_dialog_headers(ResponseBuilder& out, const SessionTimerHeaders& asked) {
    out.header(HeaderId::Contact, dialog_.contact()).header(HeaderId::Allow, core_.allow());
    out.header(HeaderId::Supported, kSupported).header(HeaderId::Server, core_.config().product);
    const SessionTimerAnswer timer = answer_session_timer(asked, timer_policy_);
    if (timer.interval.count() == 0) return session_timer_.stop();
    if (timer.require_timer) out.header(HeaderId::Require, "timer");
    out.header(HeaderId::SessionExpires, session_expires_value(timer.interval, timer.refresher));
    session_timer_.agree(timer.interval, timer.refresher, SessionTimer::As::Uas);
    start_session_timer();
}

void InviteSession::on_ack(const MessageView& ack) {
    if (!success_ || ack.cseq().number != success_->cseq) return;
    const auto success = std::move(success_);
    deadlines_.clear(Wait::Success);
    deadlines_.clear(Wait::Ack);
    arm();
    if (success->initial) state_ = State::Confirmed;
    const bool answered = success->carries_offer && !ack.body().empty();
    const BodyView body{answered ? ack.value(HeaderId::ContentType) : std::string_view(),
                        answered ? ack.body() : std::string_view()};
    if (success->carries_offer) (void)dialog_.offers().receive_answer();
    if (hang_up_waits_) return leave(cause_, *hang_up_reason_);
    if (success->carries_offer && !answered) return leave(EndCause::BadAnswer, {});
    if (handler_ && success->initial)
        handler_->on_session_confirmed(*this, body);
    else if (handler_ && answered)
        handler_->on_session_offer_answered(*this, body);
    start_exchange();
}

// ---- refusals and failures

Result<void> InviteSession::reject(int status, std::string_view reason, const HeaderLines& headers) {
    if (state_ != State::Alerting || !callee_) return wrong_state("reject");
    if (status < 300 || status > 699) return fail(ErrorCode::InvalidValue, "A refusal is 300-699.", "status");
    if (ServerTransaction* transaction = core_.layer().find(callee_->transaction)) {
        ResponseBuilder out = core_.layer().answer(*transaction, status, reason);
        out.header(HeaderId::Server, core_.config().product).lines(headers);
        core_.layer().send_answer(*transaction, status, out.finish());
    }
    drop_remote_exchange(487);
    end_later(EndCause::Refused, status);
    return {};
}

// §9.2. The CANCEL itself is answered; here the INVITE gets its 487.
void InviteSession::on_cancel(ServerTransaction& invite, const MessageView& cancel) {
    answer_plainly(invite, 487);
    if (callee_ && callee_->transaction == invite.id) {
        drop_remote_exchange(487);
        return end(EndCause::RemoteCancel, 487, &cancel);
    }
    if (!remote_ || remote_->transaction != invite.id) return;
    remote_.reset();
    dialog_.offers().fail();  // RFC 6141: as if it had never been made
    if (handler_) handler_->on_session_offer_withdrawn(*this);
    start_exchange();
}

void InviteSession::on_server_failed(ServerTransaction& transaction, RequestFailure) {
    if (!callee_ || callee_->transaction != transaction.id || state_ != State::Alerting) return;
    end(EndCause::TransportFailed, 0, nullptr);  // the caller cannot be reached any more
}

}  // namespace dp::sip

// InviteSession: requests within the dialog, the peer's and ours (RFC 3261 §12.2, §14, §15).
#include "sip/header_values.hpp"
#include "sip/in_dialog_route.hpp"
#include "sip/invite_session_parts.hpp"
#include "sip/user_agent_core.hpp"

namespace dp::sip {

namespace {

BodyView body_of(const MessageView& message) {
    return {message.body().empty() ? std::string_view() : message.value(HeaderId::ContentType), message.body()};
}

}  // namespace

// A forked caller has one dialog for each To tag (§12.2.2); in all others there is only one.
Dialog* InviteSession::dialog_with(std::string_view remote_tag) {
    if (!caller_) return dialog_.remote_tag() == remote_tag ? &dialog_ : nullptr;
    std::uint32_t index = 0;
    return find_fork(remote_tag, index);
}

void InviteSession::on_request(const MessageView& request, const Flow& flow, HashKey key, Dialog& dialog) {
    TransactionLayer& layer = core_.layer();
    const bool over = state_ == State::Ended || (state_ == State::Leaving && request.method() != Method::Bye);
    const bool in_order = !over && dialog.take_remote_cseq(request.cseq().number);
    // The newest flow of the peer is the way back: connections come and go, NAT moves ports.
    if (in_order && (flow.kind != TransportKind::Udp || path_ != InDialogPath::Target)) flow_ = flow;
    if (request.method() == Method::Invite && in_order) return on_reinvite(request, flow, key);
    ServerTransaction& transaction = layer.accept(request, flow, key, dialog.local_tag());
    transaction.session = id_.value();
    if (over) return answer_plainly(transaction, 481);
    if (!in_order) return answer_plainly(transaction, 500);  // §12.2.2
    switch (request.method()) {
        case Method::Bye:
            return on_bye(request, transaction);
        case Method::Prack:
            return on_prack(request, transaction);
        case Method::Update:
            return on_update(request, transaction, dialog);
        case Method::Info:
            answer_plainly(transaction, 200);
            if (handler_) handler_->on_session_info(*this, request);
            return;
        case Method::Notify:
            return on_notify(request, transaction);
        case Method::Refer:
            if (!handler_) return answer_plainly(transaction, 603);
            return handler_->on_session_referred(*this, request, ServerRequestId(transaction.id.value()));
        case Method::Options:
            return answer_plainly(transaction, 200);
        case Method::Subscribe:
            return answer_plainly(transaction, 489);
        default:
            return answer_plainly(transaction, 405);
    }
}

void InviteSession::answer_plainly(ServerTransaction& transaction, int status) {
    ResponseBuilder out = core_.layer().answer(transaction, status);
    if (status == 405 || status == 200) out.header(HeaderId::Allow, core_.allow());
    if (status == 489) out.header(HeaderId::AllowEvents, "refer");
    core_.layer().send_answer(transaction, status, out.header(HeaderId::Server, core_.config().product).finish());
}

// §14.2, RFC 3311 §5.2: 0-10 s at random, when the peer's earlier request is still unanswered.
void InviteSession::refuse_busy(ServerTransaction& transaction) {
    ResponseBuilder out = core_.layer().answer(transaction, 500);
    out.number(HeaderId::RetryAfter, core_.identity().random64() % 11);
    core_.layer().send_answer(transaction, 500, out.finish());
}

void InviteSession::on_bye(const MessageView& bye, ServerTransaction& transaction) {
    if (role_ == Role::Caller && caller_)
        return answer_plainly(transaction, 481);  // §15: the callee has no BYE before its 2xx
    answer_plainly(transaction, 200);
    drop_remote_exchange(487);
    if (callee_)  // §15.1.2: BYE on an early dialog: the INVITE is answered 487
        if (ServerTransaction* invite = core_.layer().find(callee_->transaction)) answer_plainly(*invite, 487);
    if (state_ == State::Leaving) return end(cause_, 0, &bye);  // BYE crossed with BYE: both get 200
    end(EndCause::RemoteBye, 0, &bye);
}

void InviteSession::on_notify(const MessageView& notify, ServerTransaction& transaction) {
    const auto event = word(notify, HeaderId::Event);
    if (!event || !ascii::iequals(event->word, "refer")) return answer_plainly(transaction, 489);  // RFC 6665 §4.1.3
    answer_plainly(transaction, 200);
    if (handler_) handler_->on_session_notified(*this, notify);
}

// ---- re-INVITE and UPDATE

void InviteSession::on_reinvite(const MessageView& invite, const Flow& flow, HashKey key) {
    ServerTransaction& transaction = core_.layer().accept(invite, flow, key, dialog_.local_tag());
    transaction.session = id_.value();
    if (state_ == State::Alerting || remote_) return refuse_busy(transaction);  // §14.2: the first one is unanswered
    const bool ours_is_out = in_transit() || success_ || pending_ack_ || state_ != State::Confirmed;
    if (ours_is_out) return answer_plainly(transaction, 491);
    if (refuse_brief_interval(invite, transaction)) return;
    const bool offerless = invite.body().empty();
    if (!offerless && dialog_.offers().receive_offer() == OfferAnswer::Received::Glare)
        return answer_plainly(transaction, 491);
    if (offerless && !dialog_.offers().may_offer()) return answer_plainly(transaction, 491);
    dialog_.refresh_target(invite);
    dialog_.learn_abilities(invite);
    remote_ = std::make_unique<RemoteExchange>();
    remote_->carrier = RemoteOffer::Carrier::ReInvite;
    remote_->transaction = transaction.id;
    remote_->offerless = offerless;
    remote_->cseq = invite.cseq().number;
    remote_->timer = SessionTimerHeaders::of(invite);
    if (!handler_) return (void)refuse_offer();
    handler_->on_session_offered(
        *this, {.carrier = RemoteOffer::Carrier::ReInvite, .body = body_of(invite), .message = &invite});
}

// RFC 3311 §5.2. Without a body it is a refresh and is answered here.
void InviteSession::on_update(const MessageView& update, ServerTransaction& transaction, Dialog& dialog) {
    if (refuse_brief_interval(update, transaction)) return;
    if (update.body().empty()) {
        dialog.refresh_target(update);
        return answer_update(transaction, SessionTimerHeaders::of(update), {});
    }
    if (remote_) return refuse_busy(transaction);
    if (success_ && success_->carries_offer) return answer_plainly(transaction, 491);
    switch (dialog.offers().receive_offer()) {
        case OfferAnswer::Received::Glare:
            return answer_plainly(transaction, 491);
        case OfferAnswer::Received::Busy:
            return refuse_busy(transaction);
        case OfferAnswer::Received::Taken:
            break;
    }
    dialog.refresh_target(update);
    remote_ = std::make_unique<RemoteExchange>();
    remote_->carrier = RemoteOffer::Carrier::Update;
    remote_->transaction = transaction.id;
    remote_->remote_tag = dialog.remote_tag();
    remote_->timer = SessionTimerHeaders::of(update);
    if (!handler_) return (void)refuse_offer();
    handler_->on_session_offered(
        *this, {.carrier = RemoteOffer::Carrier::Update, .body = body_of(update), .message = &update});
}

void InviteSession::answer_update(ServerTransaction& transaction, const SessionTimerHeaders& timer, const Body& body) {
    ResponseBuilder out = core_.layer().answer(transaction, 200);
    const bool confirmed = state_ == State::Confirmed || state_ == State::Accepted;
    write_dialog_headers(out, confirmed ? timer : SessionTimerHeaders());
    if (!body.bytes.empty()) out.body(body.type, body.bytes);
    core_.layer().send_answer(transaction, 200, out.finish());
}

// RFC 4028 §9.
bool InviteSession::refuse_brief_interval(const MessageView& request, ServerTransaction& transaction) {
    if (!answer_session_timer(SessionTimerHeaders::of(request), timer_policy_).too_brief) return false;
    ResponseBuilder out = core_.layer().answer(transaction, 422);
    out.number(HeaderId::MinSe, static_cast<std::uint64_t>(timer_policy_.min_interval.count()));
    core_.layer().send_answer(transaction, 422, out.finish());
    return true;
}

// ---- our requests

Flow InviteSession::request_flow(const Dialog& dialog) {
    const auto target = in_dialog_target(dialog.next_hop(), flow_, path_);
    if (!target) return flow_;
    if (target->transport != TransportKind::Udp) return core_.environment().transport.open_flow(*target);
    Flow flow = flow_;
    flow.remote = target->remote;
    return flow;
}

ClientTransactionId InviteSession::send_request(Dialog& dialog, Method method, Purpose purpose, const Fill& fill,
                                                Duration timeout) {
    const Flow flow = request_flow(dialog);
    const std::string branch = core_.identity().branch();
    const std::uint32_t cseq = dialog.next_cseq();
    RequestBuilder out = dialog.request(core_.layer().buffer(), method, cseq, core_.layer().via_fields(flow, branch));
    out.header(HeaderId::UserAgent, core_.config().product);
    if (credentials_)
        if (auto line = credentials_->preemptive(method_name(method), dialog.remote_target()))
            out.header(line->header, line->value);
    fill(out);
    const ClientStart start{.request = out.finish(),
                            .branch = branch,
                            .method = method,
                            .purpose = purpose,
                            .owner = id_.value(),
                            .timeout = timeout};
    return core_.layer().start(start, flow);
}

void InviteSession::on_request_response(ClientTransaction& transaction, const MessageView& response) {
    const int status = response.status();
    if (status < 200 || state_ == State::Ended) return;
    const Purpose purpose = transaction.purpose;
    const bool challenged = (status == 401 || status == 407) && credentials_ && purpose != Purpose::Prack;
    if (challenged && core_.answer_challenge(transaction, response, *credentials_, dialog_.local_cseq() + 1)) {
        dialog_.set_local_cseq(dialog_.local_cseq() + 1);
        return;
    }
    if (purpose == Purpose::Bye) return end(cause_, 0, &response);  // 481 and 408 count as success, too
    if (purpose == Purpose::Info && handler_) handler_->on_session_info_answered(*this, transaction.id, status);
    const bool usage_of_its_own = purpose == Purpose::Notify || purpose == Purpose::Refer;  // RFC 5057 §5
    const bool confirmed = state_ == State::Confirmed || state_ == State::Accepted;
    if ((status == 481 || status == 408) && !usage_of_its_own && confirmed) lose_dialog(status, &response);
}

void InviteSession::on_request_failed(ClientTransaction& transaction, RequestFailure failure) {
    if (state_ == State::Ended) return;
    if (transaction.purpose == Purpose::Bye) return end(cause_, 0, nullptr);
    if (transaction.purpose == Purpose::Info && handler_)
        handler_->on_session_info_answered(*this, transaction.id, failure == RequestFailure::Timeout ? 408 : 503);
    const bool usage_of_its_own = transaction.purpose == Purpose::Notify || transaction.purpose == Purpose::Refer;
    const bool confirmed = state_ == State::Confirmed || state_ == State::Accepted;
    if (failure == RequestFailure::Timeout && !usage_of_its_own && confirmed) lose_dialog(408, nullptr);
}

// §12.2.1.2: 408 and 481 end the dialog. After a 481 the peer has none to end; after a 408 it may.
void InviteSession::lose_dialog(int status, const MessageView* message) {
    if (status == 481) return end(EndCause::DialogLost, 0, message);
    leave(EndCause::DialogLost, {});
}

Result<InfoId> InviteSession::info(const Body& body, const HeaderLines& headers, Duration timeout) {
    if (state_ != State::Confirmed) return std::unexpected(wrong_state("info").error());
    const auto fill = [&](RequestBuilder& out) { out.lines(headers).body(body.type, body.bytes); };
    return send_request(dialog_, Method::Info, Purpose::Info, fill, timeout);
}

Result<void> InviteSession::notify_refer(std::string_view sipfrag, std::string_view subscription_state) {
    if (state_ != State::Confirmed && state_ != State::Accepted) return wrong_state("notify");
    send_request(dialog_, Method::Notify, Purpose::Notify, [&](RequestBuilder& out) {
        out.header(HeaderId::Contact, dialog_.contact()).header(HeaderId::Event, "refer");
        out.header(HeaderId::SubscriptionState, subscription_state).body("message/sipfrag;version=2.0", sipfrag);
    });
    return {};
}

Result<void> InviteSession::refer(std::string_view refer_to, const HeaderLines& headers) {
    if (state_ != State::Confirmed) return wrong_state("refer");
    send_request(dialog_, Method::Refer, Purpose::Refer, [&](RequestBuilder& out) {
        out.header(HeaderId::Contact, dialog_.contact()).header(HeaderId::ReferTo, refer_to).lines(headers);
    });
    return {};
}

}  // namespace dp::sip

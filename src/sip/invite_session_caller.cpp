// InviteSession, caller: from the INVITE to its final answer (RFC 3261 §13.2, RFC 3262 §4).
#include <algorithm>

#include "sip/header_values.hpp"
#include "sip/invite_session_parts.hpp"
#include "sip/user_agent_core.hpp"

namespace dp::sip {

namespace {

constexpr std::size_t kLargeRequest = 1300;  // §18.1.1: path MTU unknown
constexpr std::size_t kMaxForks = 16;        // early dialogs kept; further ones are seen only if they answer

BodyView body_of(const MessageView& message) {
    return {message.body().empty() ? std::string_view() : message.value(HeaderId::ContentType), message.body()};
}

bool is_reliable_provisional(const MessageView& response) {
    return response.has_token(HeaderId::Require, "100rel") && response.has(HeaderId::RSeq);
}

}  // namespace

void InviteSession::begin(const InviteRequest& request, InviteSessionHandler& handler) {
    handler_ = &handler;
    path_ = request.path;
    credentials_ = request.credentials;
    timer_policy_ = request.session_timer;
    caller_ = std::make_unique<CallerPart>();
    caller_->request = request;
    if (!request.offer.bytes.empty()) (void)dialog_.offers().send_offer();
    (void)dialog_.next_cseq();
    send_invite();
}

// One transaction to the current hop.
void InviteSession::send_invite() {
    const NextHop& hop = caller_->request.hops[caller_->hop];
    SipTransport& transport = core_.environment().transport;
    flow_ = hop.flow ? *hop.flow : transport.open_flow(hop.target);
    const std::string branch = core_.identity().branch();
    const bool fits = build_invite(branch);
    const bool may_switch = hop.large == NextHop::LargeRequest::SwitchToTcp && !caller_->stay_on_udp;
    caller_->over_stream = !fits && may_switch;
    if (caller_->over_stream) {
        flow_ = transport.open_flow({.transport = TransportKind::Tcp, .remote = flow_.remote, .server_name = {}});
        (void)build_invite(branch);
    }
    caller_->provisional = false;
    const ClientStart start{.request = core_.layer().buffer(),
                            .branch = branch,
                            .method = Method::Invite,
                            .purpose = Purpose::Invite,
                            .owner = id_.value(),
                            .timeout = caller_->request.timer_b};
    caller_->transaction = core_.layer().start(start, flow_);
}

/// True when the message may go over its transport as it is.
bool InviteSession::build_invite(std::string_view branch) {
    const InviteRequest& request = caller_->request;
    dialog_.set_contact(core_.contact(request.contact, request.contact_user, flow_));
    RequestBuilder out = dialog_.request(core_.layer().buffer(), Method::Invite, dialog_.local_cseq(),
                                         core_.layer().via_fields(flow_, branch), request.max_forwards);
    write_invite_headers(out);
    const std::size_t size = out.body(request.offer.type, request.offer.bytes).finish().size();
    return flow_.kind != TransportKind::Udp || size <= kLargeRequest;
}

void InviteSession::write_invite_headers(RequestBuilder& out) {
    const InviteRequest& request = caller_->request;
    out.header(HeaderId::Contact, dialog_.contact()).header(HeaderId::Allow, core_.allow());
    const bool reliable = request.reliable != ReliableProvisionals::Off;
    out.header(HeaderId::Supported, reliable ? kSupported : kSupportedWithout100rel);
    if (request.reliable == ReliableProvisionals::Required) out.header(HeaderId::Require, "100rel");
    if (timer_policy_.interval.count() > 0) {  // RFC 4028 §7.1
        out.number(HeaderId::SessionExpires, static_cast<std::uint64_t>(timer_policy_.interval.count()));
        out.number(HeaderId::MinSe, static_cast<std::uint64_t>(timer_policy_.min_interval.count()));
    }
    if (credentials_)
        if (auto line = credentials_->preemptive("INVITE", request.request_uri)) out.header(line->header, line->value);
    out.header(HeaderId::UserAgent, core_.config().product).lines(request.headers);
}

void InviteSession::on_invite_response(ClientTransaction& transaction, const MessageView& response) {
    if (!caller_ || (state_ != State::Inviting && state_ != State::Cancelling)) return;
    if (response.status() < 200) return on_provisional(response);
    if (response.status() < 300) return on_success(transaction, response);
    on_failure(transaction, response);
}

// ---- 1xx

void InviteSession::on_provisional(const MessageView& response) {
    caller_->provisional = true;
    if (state_ == State::Cancelling) return cancel_invite();  // §9.1: it was waiting for this
    if (response.status() == 100) return;
    rang_ = rang_ || response.status() == 180;
    std::uint32_t index = 0;
    Dialog* dialog = fork_for(response, index);
    if (!dialog) return;
    const bool reliable = is_reliable_provisional(response);
    const std::uint32_t rseq = reliable ? number(response, HeaderId::RSeq).value_or(0) : 0;
    if (reliable && !dialog->take_rseq(rseq))
        return;  // RFC 3262 §4: repeated or out of order: not acknowledged, not shown
    const Description description = take_provisional_description(*dialog, response, reliable);
    early_description_ = early_description_ || description != Description::None;
    if (description == Description::Offer) {
        remote_ = std::make_unique<RemoteExchange>();
        remote_->carrier = RemoteOffer::Carrier::ReliableProvisional;
        remote_->rseq = rseq;
        remote_->remote_tag = response.to_tag();
    } else if (reliable) {
        send_prack(*dialog, rseq, {});
    }
    if (handler_)
        handler_->on_session_progress(*this, {.status = response.status(),
                                              .reason = response.reason(),
                                              .description = description,
                                              .body = body_of(response),
                                              .fork = index,
                                              .message = &response});
}

Dialog* InviteSession::find_fork(std::string_view remote_tag, std::uint32_t& index) {
    auto& forks = caller_->forks;
    const auto known = std::ranges::find_if(forks, [&](const auto& fork) { return fork->remote_tag() == remote_tag; });
    index = static_cast<std::uint32_t>(known - forks.begin());
    return known == forks.end() ? nullptr : known->get();
}

// §12.1.2: each To tag is a dialog of its own. Without a tag (RFC 2543) there is none, but the progress is still worth
// telling.
Dialog* InviteSession::fork_for(const MessageView& response, std::uint32_t& index) {
    auto& forks = caller_->forks;
    if (Dialog* known = find_fork(response.to_tag(), index)) {
        known->refresh_target(response);
        known->learn_abilities(response);
        return known;
    }
    if (forks.size() >= kMaxForks) return nullptr;
    forks.push_back(std::make_unique<Dialog>(dialog_.forked(response)));
    return forks.back().get();
}

// RFC 6337 §2.1: only a reliable 1xx takes part in offer/answer; the same in an unreliable one is a preview.
Description InviteSession::take_provisional_description(Dialog& dialog, const MessageView& response, bool reliable) {
    if (response.body().empty()) return Description::None;
    const bool offered = dialog.offers().state() == OfferAnswer::State::LocalOffer;
    if (!reliable) {
        dialog.previewed = dialog.previewed || offered;
        return offered ? Description::Preview : Description::None;
    }
    if (offered) {
        (void)dialog.offers().receive_answer();
        dialog.answered_early = true;
        return Description::Answer;
    }
    const bool late_offer = caller_->request.offer.bytes.empty() && !dialog.answered_early;
    if (!late_offer || dialog.offers().receive_offer() != OfferAnswer::Received::Taken) return Description::None;
    return Description::Offer;
}

// RFC 3262 §4; RAck names the RSeq and the INVITE's CSeq.
void InviteSession::send_prack(Dialog& dialog, std::uint32_t rseq, const Body& body) {
    const std::string rack = std::to_string(rseq) + " " + std::to_string(dialog_.local_cseq()) + " INVITE";
    send_request(dialog, Method::Prack, Purpose::Prack, [&](RequestBuilder& out) {
        out.header(HeaderId::RAck, rack);
        if (!body.bytes.empty()) out.body(body.type, body.bytes);
    });
}

// ---- 2xx

void InviteSession::on_success(ClientTransaction& transaction, const MessageView& response) {
    const bool cancelled = state_ == State::Cancelling;
    std::uint32_t index = 0;
    const Dialog* early = find_fork(response.to_tag(), index);
    const std::uint32_t cseq = dialog_.local_cseq();
    Dialog winner = dialog_.forked(response);  // §13.2.2.4: the route set is taken from the 2xx
    if (early) winner.continue_from(*early);
    dialog_ = std::move(winner);
    pending_ack_ = std::make_unique<PendingAck>(PendingAck{transaction.id, cseq});
    state_ = State::Confirmed;
    deadlines_.clear();
    const auto description = take_success_description(response);
    if (cancelled) {
        const std::string reason = caller_->cancel_reason;
        caller_.reset();
        return leave(EndCause::LocalCancel, reason);  // CANCEL crossed with the 200: ACK, then BYE
    }
    caller_.reset();
    remote_.reset();
    if (!description) return leave(EndCause::BadAnswer, {});
    if (*description == Description::Offer) {
        remote_ = std::make_unique<RemoteExchange>();
        remote_->carrier = RemoteOffer::Carrier::Success;
    } else {
        send_ack(*pending_ack_, {});
        pending_ack_.reset();
        agreed_ = true;
    }
    confirm(response);
    if (handler_)
        handler_->on_session_answered(
            *this, {.description = *description, .body = body_of(response), .fork = index, .message = &response});
    start_exchange();
}

void InviteSession::confirm(const MessageView& response) {
    if (credentials_) credentials_->learn(response);
    agree_session_timer(response);
}

// What the body of the 2xx is; nothing when the rules leave no session to stand on.
std::optional<Description> InviteSession::take_success_description(const MessageView& response) {
    const bool has_body = !response.body().empty();
    if (dialog_.offers().state() == OfferAnswer::State::LocalOffer) {
        // A peer that put its answer into an unreliable 1xx only is wrong but common; the preview stands for it.
        if (!has_body && !dialog_.previewed) return std::nullopt;
        (void)dialog_.offers().receive_answer();
        return has_body ? Description::Answer : Description::None;
    }
    const bool late_offer = caller_->request.offer.bytes.empty() && !dialog_.answered_early;
    if (!late_offer) return Description::None;  // a repeated description is not a new one (pjproject#1397)
    if (!has_body) return std::nullopt;
    (void)dialog_.offers().receive_offer();
    return Description::Offer;
}

// §13.2.2.4: a transaction of its own, the dialog's route set, the credentials of the INVITE.
void InviteSession::send_ack(const PendingAck& pending, const Body& body) {
    const Flow flow = request_flow(dialog_);
    const std::string branch = core_.identity().branch();
    RequestBuilder out =
        dialog_.request(core_.layer().buffer(), Method::Ack, pending.cseq, core_.layer().via_fields(flow, branch));
    core_.copy_credentials(pending.transaction, out);
    if (!body.bytes.empty()) out.body(body.type, body.bytes);
    core_.layer().acknowledge(pending.transaction, dialog_.remote_tag(), out.finish(), flow);
}

// ---- failures

void InviteSession::on_failure(ClientTransaction& transaction, const MessageView& response) {
    const int status = response.status();
    if (state_ == State::Cancelling) return end(EndCause::LocalCancel, status, &response);
    if (retry_invite(transaction, response)) return;
    const bool elsewhere = status == 503 && !response.has(HeaderId::RetryAfter);  // RFC 3263 §4.3
    if (elsewhere && next_hop()) return;
    end(EndCause::Rejected, status, &response);
}

bool InviteSession::retry_invite(ClientTransaction& transaction, const MessageView& response) {
    const int status = response.status();
    if ((status == 401 || status == 407) && credentials_) {
        const auto retry = core_.answer_challenge(transaction, response, *credentials_, dialog_.local_cseq() + 1);
        if (!retry) return false;
        dialog_.set_local_cseq(dialog_.local_cseq() + 1);
        caller_->forks.clear();  // §12.3: early dialogs of a refused request are over
        caller_->transaction = *retry;
        caller_->provisional = false;
        return true;
    }
    if (status != 422 || caller_->interval_raised) return false;
    const auto wanted = number(response, HeaderId::MinSe);  // RFC 4028 §7.4: same Call-ID, CSeq + 1
    if (!wanted || std::chrono::seconds(*wanted) <= timer_policy_.min_interval) return false;
    caller_->interval_raised = true;
    timer_policy_.min_interval = std::chrono::seconds(*wanted);
    timer_policy_.interval = std::max(timer_policy_.interval, timer_policy_.min_interval);
    (void)dialog_.next_cseq();
    caller_->forks.clear();
    send_invite();
    return true;
}

/// RFC 3263 §4.3: a new transaction to the next address.
bool InviteSession::next_hop() {
    if (caller_->hop + 1 >= caller_->request.hops.size()) return false;
    ++caller_->hop;
    caller_->stay_on_udp = false;
    caller_->forks.clear();
    (void)dialog_.next_cseq();
    send_invite();
    return true;
}

void InviteSession::on_invite_failed(ClientTransaction& transaction, RequestFailure failure) {
    if (!caller_ || caller_->transaction != transaction.id) return;
    if (state_ == State::Cancelling) return end(EndCause::LocalCancel, 0, nullptr);
    const bool transport = failure == RequestFailure::TransportFailed;
    if (transport && caller_->over_stream) {  // §18.1.1: a peer without TCP gets it over UDP all the same
        caller_->stay_on_udp = true;
        (void)dialog_.next_cseq();
        return send_invite();
    }
    if (!caller_->provisional && next_hop()) return;
    end(transport ? EndCause::TransportFailed : EndCause::NoAnswer, 0, nullptr);
}

// §9.1. The INVITE's 487 is still to come and is acknowledged by its transaction; after 64·T1 we give up.
void InviteSession::cancel_invite() {
    if (std::exchange(caller_->cancel_sent, true)) return;
    core_.layer().cancel(caller_->transaction, caller_->cancel_reason);
    set_deadline(Wait::GiveUp, core_.config().timing.timeout());
}

}  // namespace dp::sip

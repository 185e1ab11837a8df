#include "sip/user_agent_core.hpp"

#include <array>

#include "sip/header_values.hpp"
#include "sip/invite_session_parts.hpp"
#include "sip/local_tag.hpp"

namespace dp::sip {

namespace {

constexpr std::array kMethods{Method::Invite,  Method::Ack,    Method::Cancel,   Method::Bye,
                              Method::Options, Method::Info,   Method::Prack,    Method::Update,
                              Method::Refer,   Method::Notify, Method::Register, Method::Subscribe};
constexpr std::array kAllowed{Method::Invite, Method::Ack,   Method::Cancel, Method::Bye,   Method::Options,
                              Method::Info,   Method::Prack, Method::Update, Method::Refer, Method::Notify};
constexpr std::array<std::string_view, 7> kExtensions{"timer", "100rel",   "replaces", "norefersub",
                                                      "path",  "outbound", "gruu"};
constexpr std::array<std::string_view, 7> kBodyTypes{"application/sdp",
                                                     "multipart/mixed",
                                                     "application/dtmf-relay",
                                                     "application/dtmf",
                                                     "message/sipfrag",
                                                     "application/media_control+xml",
                                                     "application/vnd.dialplane.call"};
constexpr UasProfile kProfile{.methods = kMethods, .extensions = kExtensions, .body_types = kBodyTypes};

}  // namespace

UserAgentCore::UserAgentCore(Environment environment, UserAgentConfig config, UserAgentHandler& handler)
    : environment_(environment),
      config_(std::move(config)),
      handler_(handler),
      identity_(environment.random),
      layer_(environment, config_.timing, identity_, stats_, *this),
      allow_(allow_value(kAllowed)),
      reaper_([this] { reap(); }) {}

UserAgentCore::~UserAgentCore() = default;

UserAgentStats UserAgentCore::stats() const {
    UserAgentStats now = stats_;
    now.sessions = sessions_.size();
    now.client_transactions = layer_.clients();
    now.server_transactions = layer_.servers();
    return now;
}

// ---- arriving

void UserAgentCore::receive(std::span<char> bytes, const Flow& flow) {
    ++stats_.received;
    const Verdict verdict = parser_.parse(bytes, {flow.kind});
    switch (verdict.disposition) {
        case Disposition::Accept:
            return receive_parsed(parser_.message(), flow);
        case Disposition::Answer:
            return answer_malformed(verdict, flow);
        case Disposition::Drop:
            ++stats_.malformed;
            return;
    }
}

void UserAgentCore::receive_parsed(const MessageView& message, const Flow& flow) {
    if (message.is_response()) return layer_.receive_response(message, flow);
    const bool stateful = layer_.servers() < config_.max_transactions;
    if (!stateful && message.to_tag().empty() && message.method() != Method::Cancel) return refuse(message, flow, 503);
    layer_.receive_request(message, flow);
}

void UserAgentCore::answer_malformed(const Verdict& verdict, const Flow& flow) {
    ++stats_.malformed;
    const MessageView& message = parser_.message();
    layer_.send_stateless(message, flow,
                          layer_.stateless_answer(message, flow, verdict.status, verdict.reason).finish());
}

// §8.2: authentication comes first (the screen), then method, header fields and body. So a stranger learns nothing from the order.
void UserAgentCore::on_new_request(const MessageView& request, const Flow& flow, HashKey key) {
    if (!request.to_tag().empty()) return route_in_dialog(request, flow, key);
    if (refused_by_screen(request, flow) || refused_by_rule(request, flow) || refused_by_drain(request, flow)) return;
    route_out_of_dialog(request, flow, key);
}

// RFC 3261 §8.2.1-8.2.3: method, scheme, Require, body.
bool UserAgentCore::refused_by_rule(const MessageView& request, const Flow& flow) {
    const Refusal refusal = check_request(request, kProfile);
    if (refusal.verdict.ok()) return false;
    HeaderLines headers;
    if (refusal.header != HeaderId::Unknown) {
        const bool allow = refusal.header == HeaderId::Allow;
        (void)headers.add(header_name(refusal.header), allow ? allow_ : refusal.header_value);
    }
    refuse(request, flow, refusal.verdict.status, headers);
    return true;
}

bool UserAgentCore::refused_by_screen(const MessageView& request, const Flow& flow) {
    const Screening screening = handler_.screen(request, flow);
    if (screening.verdict == Screening::Verdict::Pass) return false;
    if (screening.verdict == Screening::Verdict::Drop) return true;
    const Response& answer = screening.answer;
    ResponseBuilder out = layer_.stateless_answer(request, flow, answer.status, answer.reason);
    out.lines(answer.headers);
    if (!answer.body.bytes.empty()) out.body(answer.body.type, answer.body.bytes);
    layer_.send_stateless(request, flow, out.finish());
    return true;
}

// Draining: carriers that probe by OPTIONS stop sending calls (livekit/sip#770).
bool UserAgentCore::refused_by_drain(const MessageView& request, const Flow& flow) {
    const bool affected = request.method() == Method::Invite || request.method() == Method::Options;
    if (!drain_after_ || !affected) return false;
    refuse(request, flow, 503, HeaderLines("Retry-After", std::to_string(drain_after_->count())));
    return true;
}

void UserAgentCore::refuse(const MessageView& request, const Flow& flow, int status, const HeaderLines& headers) {
    ResponseBuilder out = layer_.stateless_answer(request, flow, status, {});
    layer_.send_stateless(request, flow, out.header(HeaderId::Server, config_.product).lines(headers).finish());
}

void UserAgentCore::route_out_of_dialog(const MessageView& request, const Flow& flow, HashKey key) {
    switch (request.method()) {
        case Method::Invite:
            return open_session(request, flow, key);
        case Method::Subscribe:
            return refuse(request, flow, 489, HeaderLines("Allow-Events", "refer"));  // RFC 6665 §4.1.3
        case Method::Refer:
            return refuse(request, flow, 403);  // a transfer needs a call of ours
        case Method::Bye:
        case Method::Info:
        case Method::Prack:
        case Method::Update:
        case Method::Notify:
            return refuse(request, flow, 481);
        default:
            break;
    }
    const std::string tag = identity_.stateless_tag(request);
    const ServerTransaction& transaction = layer_.accept(request, flow, key, tag);
    handler_.on_request({ServerRequestId(transaction.id.value()), request, flow});
}

void UserAgentCore::route_in_dialog(const MessageView& request, const Flow& flow, HashKey key) {
    InviteSession* session = session_of(request.to_tag(), request.call_id());
    Dialog* dialog = session ? session->dialog_with(request.from_tag()) : nullptr;
    if (!dialog) return refuse(request, flow, 481);  // §12.2.2
    if (refused_by_rule(request, flow)) return;
    session->on_request(request, flow, key, *dialog);
}

void UserAgentCore::on_success_ack(const MessageView& ack, const Flow&) {
    InviteSession* session = session_of(ack.to_tag(), ack.call_id());
    if (session && session->dialog_with(ack.from_tag())) session->on_ack(ack);
}

void UserAgentCore::on_cancel(ServerTransaction& invite, const MessageView& cancel) {
    if (InviteSession* session = sessions_.find(SessionId(invite.session))) session->on_cancel(invite, cancel);
}

void UserAgentCore::on_server_failed(ServerTransaction& transaction, RequestFailure failure) {
    if (InviteSession* session = sessions_.find(SessionId(transaction.session)))
        session->on_server_failed(transaction, failure);
}

// ---- sessions

InviteSession* UserAgentCore::session_of(std::string_view local_tag, std::string_view call_id) {
    const auto index = local_tag_index(local_tag);
    InviteSession* session = index ? sessions_.at(*index) : nullptr;
    const bool matches = session && session->local_tag() == local_tag && session->call_id() == call_id;
    return matches ? session : nullptr;
}

InviteSession* UserAgentCore::find(std::string_view call_id, std::string_view local_tag, std::string_view remote_tag) {
    InviteSession* session = session_of(local_tag, call_id);
    return session && session->dialog_with(remote_tag) ? session : nullptr;
}

InviteSession& UserAgentCore::make_session(InviteSession::Role role, std::string& local_tag) {
    return sessions_.emplace([&](SessionId id) {
        local_tag = make_local_tag(static_cast<std::uint32_t>(id.value()), identity_.tag());
        return std::unique_ptr<InviteSession>(new InviteSession(*this, id, role));
    });
}

Result<SessionId> UserAgentCore::place(const InviteRequest& request, InviteSessionHandler& handler) {
    if (request.hops.empty()) return fail(ErrorCode::MissingField, "A call needs somewhere to go.", "hops");
    if (sessions_.size() >= config_.max_sessions) return fail(ErrorCode::Unavailable, "Too many sessions.");
    std::string tag;
    InviteSession& session = make_session(InviteSession::Role::Caller, tag);
    const std::string call_id = request.call_id.empty() ? identity_.call_id() : request.call_id;
    session.dialog_ = Dialog::calling(request, call_id, tag, {});
    session.begin(request, handler);
    return session.id();
}

void UserAgentCore::open_session(const MessageView& invite, const Flow& flow, HashKey key) {
    if (sessions_.size() >= config_.max_sessions) return refuse(invite, flow, 503);
    if (invite.contact().empty()) return refuse(invite, flow, 400);  // §8.1.1.8: nowhere to send the BYE
    if (answer_session_timer(SessionTimerHeaders::of(invite), {}).too_brief)
        return refuse(invite, flow, 422,
                      HeaderLines("Min-SE", std::to_string(SessionTimerPolicy().min_interval.count())));
    std::string tag;
    InviteSession& session = make_session(InviteSession::Role::Callee, tag);
    const SessionId id = session.id();
    auto dialog = Dialog::called(invite, tag, contact({}, invite.request_uri().user(), flow));
    if (!dialog) {
        sessions_.erase(id);
        return refuse(invite, flow, 400);
    }
    ServerTransaction& transaction = layer_.accept(invite, flow, key, tag);
    session.receive_invite(invite, flow, transaction, std::move(*dialog));
    handler_.on_invite(session, invite, flow);
    const bool ignored = !session.handler_ && session.state() == InviteSession::State::Alerting;
    if (ignored) (void)session.reject(500);
}

void UserAgentCore::bury(SessionId id) {
    dead_.push_back(id);
    if (!reaper_.armed()) environment_.timers.arm(reaper_, now());
}

void UserAgentCore::reap() {
    for (SessionId id : std::exchange(dead_, {})) sessions_.erase(id);
}

void UserAgentCore::flow_replaced(const Flow& old_flow, const Flow& new_flow) {
    sessions_.for_each([&](InviteSession& session) {
        if (session.flow_ == old_flow) session.flow_ = new_flow;
    });
}

std::string UserAgentCore::contact(std::string_view given, std::string_view user, const Flow& flow) const {
    if (!given.empty()) return std::string(given);
    std::string value = "<sip:";
    if (!user.empty()) value.append(user).append("@");
    value.append(environment_.transport.advertised(flow));
    if (flow.kind != TransportKind::Udp) value.append(";transport=").append(uri_name(flow.kind));
    return value.append(">");
}

// ---- responses

void UserAgentCore::on_response(ClientTransaction& transaction, const MessageView& response) {
    if (transaction.purpose == Purpose::Cancel || transaction.purpose == Purpose::Nothing) return;
    if (transaction.purpose == Purpose::Request) return finish_request(transaction, RequestFailure::None, &response);
    const bool invite_success =
        transaction.method == Method::Invite && response.status() >= 200 && response.status() < 300;
    if (invite_success && layer_.acknowledge_again(transaction, response.to_tag())) return;
    InviteSession* session = sessions_.find(SessionId(transaction.owner));
    switch (transaction.purpose) {
        case Purpose::Invite: {
            const bool waits = session && (session->state() == InviteSession::State::Inviting ||
                                           session->state() == InviteSession::State::Cancelling);
            if (waits) return session->on_invite_response(transaction, response);
            const bool ours = session && session->pending_ack_ && session->remote_tag() == response.to_tag();
            if (invite_success && !ours) reject_fork(transaction, response);
            return;
        }
        case Purpose::ReInvite:
        case Purpose::Update:
            if (session) session->on_exchange_response(transaction, response);
            return;
        default:
            if (session) session->on_request_response(transaction, response);
    }
}

void UserAgentCore::on_client_failed(ClientTransaction& transaction, RequestFailure failure) {
    if (transaction.purpose == Purpose::Request) return finish_request(transaction, failure, nullptr);
    InviteSession* session = sessions_.find(SessionId(transaction.owner));
    if (!session) return;
    switch (transaction.purpose) {
        case Purpose::Invite:
            return session->on_invite_failed(transaction, failure);
        case Purpose::ReInvite:
        case Purpose::Update:
            return session->on_exchange_failed(transaction, failure);
        case Purpose::Cancel:
        case Purpose::Nothing:
            return;
        default:
            session->on_request_failed(transaction, failure);
    }
}

// §13.2.2.4: a further 2xx of a forked INVITE is a dialog nobody wants: ACK, then BYE, built from that 2xx alone.
void UserAgentCore::reject_fork(ClientTransaction& transaction, const MessageView& success) {
    const Dialog dialog = Dialog::stray_fork(success);
    const std::uint32_t cseq = success.cseq().number;
    const Flow flow = transaction.flow;
    const ClientTransactionId invite = transaction.id;
    const std::string ack_branch = identity_.branch();
    RequestBuilder ack = dialog.request(layer_.buffer(), Method::Ack, cseq, layer_.via_fields(flow, ack_branch));
    copy_credentials(invite, ack);
    layer_.acknowledge(invite, success.to_tag(), ack.finish(), flow);
    const std::string branch = identity_.branch();
    RequestBuilder bye = dialog.request(layer_.buffer(), Method::Bye, cseq + 1, layer_.via_fields(flow, branch));
    bye.header(HeaderId::UserAgent, config_.product);
    layer_.start({.request = bye.finish(), .branch = branch, .method = Method::Bye, .purpose = Purpose::Nothing}, flow);
}

std::optional<ClientTransactionId> UserAgentCore::answer_challenge(ClientTransaction& transaction,
                                                                   const MessageView& challenge,
                                                                   DigestClient& credentials, std::uint32_t cseq) {
    if (!own_.parse(transaction.request, {transaction.flow.kind}).ok()) return std::nullopt;
    const MessageView& request = own_.message();
    auto attempts = transaction.attempts ? std::move(transaction.attempts) : std::make_unique<DigestAttempts>();
    const auto line = credentials.answer(challenge, request.method_text(), request.request_uri().text(), *attempts);
    if (!line) return std::nullopt;
    const std::string branch = identity_.branch();
    RequestBuilder out(layer_.buffer(), request.method(), request.request_uri().text());
    out.via(layer_.via_fields(transaction.flow, branch));
    for (const HeaderView& header : request.headers()) {
        switch (header.id) {
            case HeaderId::Via:
            case HeaderId::CSeq:
            case HeaderId::ContentLength:
            case HeaderId::ContentType:
            case HeaderId::Authorization:
            case HeaderId::ProxyAuthorization:
                break;
            default:
                out.header(request.name_of(header), request.value_of(header));
        }
    }
    out.cseq(cseq, request.method()).header(line->header, line->value);
    if (!request.body().empty()) out.body(request.value(HeaderId::ContentType), request.body());
    const ClientStart start{.request = out.finish(),
                            .branch = branch,
                            .method = transaction.method,
                            .purpose = transaction.purpose,
                            .owner = transaction.owner};
    const ClientTransactionId retry = layer_.start(start, transaction.flow);
    layer_.find(retry)->attempts = std::move(attempts);
    return retry;
}

void UserAgentCore::copy_credentials(ClientTransactionId invite, RequestBuilder& out) {
    ClientTransaction* transaction = layer_.find(invite);
    if (!transaction || transaction->request.find("uthorization: ") == std::string::npos) return;
    if (!own_.parse(transaction->request, {transaction->flow.kind}).ok()) return;
    out.copy(own_.message(), HeaderId::Authorization).copy(own_.message(), HeaderId::ProxyAuthorization);
}

}  // namespace dp::sip

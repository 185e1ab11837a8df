#include "sip/transaction_layer.hpp"

#include <memory>

#include "sip/header_values.hpp"

namespace dp::sip {

using enum TransactionAction;

namespace {

Reliability reliability_of(const Flow& flow) {
    return is_reliable(flow.kind) ? Reliability::Reliable : Reliability::Unreliable;
}

// §18.2.2: without rport an answer over UDP goes to the address it came from and the port of sent-by (RFC 3581 §4
// otherwise).
Flow answer_flow(const MessageView& request, const Flow& flow) {
    Flow back = flow;
    if (flow.kind != TransportKind::Udp || request.top_via().params().has("rport")) return back;
    back.remote.port = request.top_via().port().value_or(default_port(TransportKind::Udp));
    return back;
}

}  // namespace

TransactionLayer::TransactionLayer(Environment environment, const TimerValues& timing, KeyedIdentity& identity,
                                   UserAgentStats& stats, TransactionUser& user)
    : environment_(environment), timing_(timing), identity_(identity), stats_(stats), user_(user) {}

bool TransactionLayer::send(const Flow& flow, std::string_view bytes) {
    ++stats_.sent;
    return environment_.transport.send(flow, bytes);
}

ViaFields TransactionLayer::via_fields(const Flow& flow, std::string_view branch) const {
    const std::string_view advertised = environment_.transport.advertised(flow);
    const auto colon = advertised.rfind(':');
    ViaFields via{.transport = flow.kind, .host = advertised, .port = 0, .branch = branch};
    const bool has_port = colon != advertised.npos && advertised.find(']', colon) == advertised.npos;
    if (!has_port) return via;
    via.host = advertised.substr(0, colon);
    via.port = ascii::parse_decimal<std::uint16_t>(advertised.substr(colon + 1)).value_or(0);
    return via;
}

// ---- arriving requests

void TransactionLayer::receive_request(const MessageView& request, const Flow& flow) {
    if (request.method() == Method::Ack) return receive_ack(request, flow);
    const HashKey key = identity_.server_key(request);
    if (absorb_repetition(request, key)) return;
    if (request.method() == Method::Cancel) return receive_cancel(request, flow, key);
    if (request.to_tag().empty() && refuse_merged(request, flow)) return;
    arriving_ = {};
    user_.on_new_request(request, flow, key);
    keep_request(arriving_);
}

bool TransactionLayer::absorb_repetition(const MessageView&, HashKey key) {
    ServerTransaction* transaction = servers_.find(ServerTransactionId(server_keys_.find(key)));
    if (!transaction) return false;
    ++stats_.absorbed;
    perform(*transaction, std::visit([](const auto& m) { return m.on_request_again(); }, transaction->machine));
    return true;
}

// §8.2.2.2: the same request over another path while its first copy is alive.
bool TransactionLayer::refuse_merged(const MessageView& request, const Flow& flow) {
    if (merge_keys_.find(identity_.merge_key(request)) == KeyMap::kNothing) return false;
    ++stats_.merged;
    send_stateless(request, flow, stateless_answer(request, flow, 482, {}).finish());
    return true;
}

// §17.2.3: the ACK of a failure has the branch of its INVITE; that of a 2xx has its own and belongs to the dialog.
void TransactionLayer::receive_ack(const MessageView& ack, const Flow& flow) {
    ServerTransaction* invite = servers_.find(ServerTransactionId(server_keys_.find(identity_.server_key(ack))));
    if (!invite) return user_.on_success_ack(ack, flow);
    const bool legacy = !ack.top_via().has_3261_branch();
    if (legacy && ack.to_tag() != invite->to_tag) return;  // §17.2.3: To tag of our answer
    auto* machine = std::get_if<InviteServerFsm>(&invite->machine);
    if (!machine) return;
    const TransactionActions actions = machine->on_ack(now());
    if (actions.has(Deliver)) return user_.on_success_ack(ack, flow);
    perform(*invite, actions);
}

// §9.2: a CANCEL is answered by itself, with the To tag of the INVITE's answers.
void TransactionLayer::receive_cancel(const MessageView& cancel, const Flow& flow, HashKey key) {
    const ServerTransactionId invite_id(server_keys_.find(identity_.cancelled_key(cancel)));
    ServerTransaction* invite = servers_.find(invite_id);
    const std::string to_tag = invite ? invite->to_tag : identity_.stateless_tag(cancel);
    ServerTransaction& own = accept(cancel, flow, key, to_tag);
    const ServerTransactionId own_id = own.id;
    const int status = invite ? 200 : 481;
    send_answer(own, status, answer(own, status).finish());
    keep_request(own_id);
    invite = servers_.find(invite_id);
    if (invite && !invite->answered) user_.on_cancel(*invite, cancel);
}

// ---- server transactions

ServerTransaction& TransactionLayer::accept(const MessageView& request, const Flow& flow, HashKey key,
                                            std::string_view to_tag) {
    const bool invite = request.method() == Method::Invite;
    const Reliability reliability = reliability_of(flow);
    ServerTransaction& made = servers_.emplace([&](ServerTransactionId id) {
        auto machine = invite ? decltype(ServerTransaction::machine)(InviteServerFsm(timing_, reliability))
                              : NonInviteServerFsm(timing_, reliability, now());
        return std::unique_ptr<ServerTransaction>(
            new ServerTransaction{.id = id,
                                  .key = key,
                                  .merge_key = {},
                                  .method = request.method(),
                                  .flow = answer_flow(request, flow),
                                  .to_tag = std::string(to_tag),
                                  .answer = {},
                                  .arrived = &request,
                                  .kept = {},
                                  .machine = std::move(machine),
                                  .timer = Timer([this, id] { server_due(id); })});
    });
    server_keys_.set(key, made.id.value());
    if (request.to_tag().empty() && request.method() != Method::Cancel) {
        made.merge_key = identity_.merge_key(request);
        merge_keys_.set(made.merge_key, made.id.value());
    }
    arriving_ = made.id;
    arm(made);
    if (invite) send_answer(made, 100, answer(made, 100).finish());  // quenches the caller's retransmissions at once
    return made;
}

ResponseBuilder TransactionLayer::answer(const ServerTransaction& transaction, int status, std::string_view reason) {
    const std::string_view tag = status == 100 ? std::string_view() : std::string_view(transaction.to_tag);
    return ResponseBuilder(buffer_, transaction.request(), status,
                           {.reason = reason, .to_tag = tag, .source = &transaction.flow.remote});
}

void TransactionLayer::send_answer(ServerTransaction& transaction, int status, std::string_view bytes) {
    const TransactionActions actions =
        std::visit([&](auto& m) { return m.respond(status, now()); }, transaction.machine);
    const bool repeats_success = status >= 200 && status < 300 && transaction.method == Method::Invite;
    if (actions.has(Transmit)) {
        if (repeats_success) {
            transaction.answer.clear();
            transaction.answer.shrink_to_fit();
        } else {
            transaction.answer.assign(bytes);
        }
    }
    if (status >= 200) transaction.answered = true;
    const ServerTransactionId id = transaction.id;
    if (actions.has(Transmit) && !send(transaction.flow, bytes) && !resend_elsewhere(transaction)) {
        const auto failed = std::visit([](auto& m) { return m.on_transport_error(); }, transaction.machine);
        return perform(transaction, failed | actions);
    }
    perform(transaction, actions);
    if (ServerTransaction* alive = servers_.find(id); alive && alive->answered) release_request(*alive);
}

// §18.2.2: when the connection of a request is gone, its answer may open one to the sent-by port. Not so over
// WebSocket, where nobody listens at the other end (RFC 7118 §5).
bool TransactionLayer::resend_elsewhere(ServerTransaction& transaction) {
    const bool connectable = transaction.flow.kind == TransportKind::Tcp || transaction.flow.kind == TransportKind::Tls;
    if (!connectable || transaction.reconnected || transaction.answer.empty()) return false;
    transaction.reconnected = true;
    const Via& via = transaction.request().top_via();
    Target target{.transport = transaction.flow.kind, .remote = transaction.flow.remote, .server_name = {}};
    target.remote.port = via.port().value_or(default_port(transaction.flow.kind));
    transaction.flow = environment_.transport.open_flow(target);
    return send(transaction.flow, transaction.answer);
}

// The request is needed only to build answers from; a handled one that has none yet is copied out of the receive
// buffer.
void TransactionLayer::keep_request(ServerTransactionId id) {
    ServerTransaction* transaction = servers_.find(id);
    if (!transaction || !transaction->arrived) return;
    if (!transaction->answered) transaction->kept = Message(*transaction->arrived);
    transaction->arrived = nullptr;
}

void TransactionLayer::release_request(ServerTransaction& transaction) {
    if (!transaction.arrived) transaction.kept = Message();
}

void TransactionLayer::perform(ServerTransaction& transaction, TransactionActions actions) {
    if (actions.has(Retransmit) && !transaction.answer.empty()) {
        ++stats_.retransmitted;
        if (!send(transaction.flow, transaction.answer)) ++stats_.transport_failures;
    }
    if (actions.has(ReportTimeout)) {
        ++stats_.timeouts;
        user_.on_server_failed(transaction, RequestFailure::Timeout);
    }
    if (actions.has(ReportTransportError)) {
        ++stats_.transport_failures;
        user_.on_server_failed(transaction, RequestFailure::TransportFailed);
    }
    if (actions.has(Terminate)) return remove(transaction);
    arm(transaction);
}

void TransactionLayer::arm(ServerTransaction& transaction) {
    const TimePoint deadline = transaction.deadline();
    if (deadline == kNever) return transaction.timer.cancel();
    if (!transaction.timer.armed() || transaction.timer.deadline() != deadline)
        environment_.timers.arm(transaction.timer, deadline);
}

void TransactionLayer::server_due(ServerTransactionId id) {
    while (ServerTransaction* transaction = servers_.find(id)) {
        if (transaction->deadline() > now()) return arm(*transaction);
        perform(*transaction, std::visit([&](auto& m) { return m.on_deadline(now()); }, transaction->machine));
    }
}

void TransactionLayer::remove(ServerTransaction& transaction) {
    server_keys_.erase(transaction.key);
    const bool owns_merge_key =
        !transaction.merge_key.empty() && merge_keys_.find(transaction.merge_key) == transaction.id.value();
    if (owns_merge_key) merge_keys_.erase(transaction.merge_key);
    servers_.erase(transaction.id);
}

ResponseBuilder TransactionLayer::stateless_answer(const MessageView& request, const Flow& flow, int status,
                                                   std::string_view reason) {
    const std::string tag = identity_.stateless_tag(request);
    return ResponseBuilder(buffer_, request, status, {.reason = reason, .to_tag = tag, .source = &flow.remote});
}

void TransactionLayer::send_stateless(const MessageView& request, const Flow& flow, std::string_view bytes) {
    if (request.method() == Method::Ack) return;  // §17.1.1.3: never answered
    ++stats_.refused;
    if (!send(answer_flow(request, flow), bytes)) ++stats_.transport_failures;
}

}  // namespace dp::sip

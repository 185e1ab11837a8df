// The client half of TransactionLayer (transaction_layer.hpp).
#include <memory>

#include "sip/transaction_layer.hpp"

namespace dp::sip {

using enum TransactionAction;

namespace {

Reliability reliability_of(const Flow& flow) {
    return is_reliable(flow.kind) ? Reliability::Reliable : Reliability::Unreliable;
}

}  // namespace

ClientTransactionId TransactionLayer::start(const ClientStart& start, const Flow& flow) {
    const bool invite = start.method == Method::Invite;
    const Reliability reliability = reliability_of(flow);
    const ViaFields via = via_fields(flow, start.branch);
    const std::uint16_t port = via.port ? via.port : default_port(flow.kind);
    ClientTransaction& made = clients_.emplace([&](ClientTransactionId id) {
        using Machine = decltype(ClientTransaction::machine);
        return std::unique_ptr<ClientTransaction>(new ClientTransaction{
            .id = id,
            .key = identity_.client_key(start.branch, via.host, port, method_name(start.method)),
            .owner = start.owner,
            .purpose = start.purpose,
            .method = start.method,
            .started = now(),
            .flow = flow,
            .request = std::string(start.request),
            .ack = {},
            .acks = {},
            .attempts = {},
            .machine = invite ? Machine(InviteClientFsm(timing_, reliability, now(), start.timeout))
                              : Machine(NonInviteClientFsm(timing_, reliability, now(), start.timeout)),
            .timer = Timer([this, id] { client_due(id); })});
    });
    client_keys_.set(made.key, made.id.value());
    if (reliability == Reliability::Reliable) by_stream_.emplace(flow, made.id);
    made.send_failed = !send(flow, made.request);
    arm(made);
    return made.id;
}

// §18.1.2: only what answers a transaction of ours is looked at; a response with a second Via is for somebody else.
void TransactionLayer::receive_response(const MessageView& response, const Flow&) {
    const ClientTransactionId id(client_keys_.find(identity_.response_key(response)));
    ClientTransaction* transaction = clients_.find(id);
    if (!transaction || response.elements(HeaderId::Via).count() != 1) {
        ++stats_.stray_responses;
        return;
    }
    const TransactionActions actions =
        std::visit([&](auto& m) { return m.on_response(response.status(), now()); }, transaction->machine);
    if (actions.none()) ++stats_.absorbed;
    perform(*transaction, actions, &response);
}

void TransactionLayer::perform(ClientTransaction& transaction, TransactionActions actions,
                               const MessageView* response) {
    const ClientTransactionId id = transaction.id;
    if (actions.has(Retransmit)) {
        ++stats_.retransmitted;
        if (!send(transaction.flow, transaction.request)) return fail(id);
    }
    if (actions.has(SendAck)) send_failure_ack(transaction, *response);
    if (actions.has(ResendAck)) (void)send(transaction.flow, transaction.ack);
    if (actions.has(Deliver)) user_.on_response(transaction, *response);
    if (actions.has(ReportTimeout)) report(transaction, RequestFailure::Timeout);
    if (actions.has(ReportTransportError)) report(transaction, RequestFailure::TransportFailed);
    if (!clients_.find(id)) return;  // the user abandoned it
    if (actions.has(Terminate)) return remove(transaction);
    if (actions.has(SendAck)) std::string().swap(transaction.request);
    arm(transaction);
}

void TransactionLayer::report(ClientTransaction& transaction, RequestFailure failure) {
    ++(failure == RequestFailure::Timeout ? stats_.timeouts : stats_.transport_failures);
    user_.on_client_failed(transaction, failure);
}

void TransactionLayer::fail(ClientTransactionId id) {
    ClientTransaction* transaction = clients_.find(id);
    if (!transaction) return;
    perform(*transaction, std::visit([](auto& m) { return m.on_transport_error(); }, transaction->machine), nullptr);
}

void TransactionLayer::client_due(ClientTransactionId id) {
    while (ClientTransaction* transaction = clients_.find(id)) {
        if (transaction->send_failed) {
            transaction->send_failed = false;
            fail(id);
            continue;
        }
        if (transaction->deadline() > now()) return arm(*transaction);
        perform(*transaction, std::visit([&](auto& m) { return m.on_deadline(now()); }, transaction->machine), nullptr);
    }
}

void TransactionLayer::arm(ClientTransaction& transaction) {
    const TimePoint deadline = transaction.send_failed ? now() : transaction.deadline();
    if (deadline == kNever) return transaction.timer.cancel();
    if (!transaction.timer.armed() || transaction.timer.deadline() != deadline)
        environment_.timers.arm(transaction.timer, deadline);
}

void TransactionLayer::remove(ClientTransaction& transaction) {
    client_keys_.erase(transaction.key);
    if (is_reliable(transaction.flow.kind)) {
        auto [first, last] = by_stream_.equal_range(transaction.flow);
        for (auto it = first; it != last; ++it) {
            if (it->second != transaction.id) continue;
            by_stream_.erase(it);
            break;
        }
    }
    clients_.erase(transaction.id);
}

void TransactionLayer::disown(ClientTransactionId id) {
    ClientTransaction* transaction = clients_.find(id);
    if (transaction) transaction->purpose = Purpose::Nothing;
}

void TransactionLayer::abandon(ClientTransactionId id) {
    if (ClientTransaction* transaction = clients_.find(id)) remove(*transaction);
}

// §8.1.3.1: what was waiting for this connection hears of it as of a 503.
void TransactionLayer::flow_closed(const Flow& flow) {
    std::vector<ClientTransactionId> waiting;
    auto [first, last] = by_stream_.equal_range(flow);
    for (auto it = first; it != last; ++it) waiting.push_back(it->second);
    for (ClientTransactionId id : waiting) fail(id);
}

// §18.4: ICMP can be forged by anyone who knows our ports, but not the branch that it quotes.
void TransactionLayer::datagram_refused(std::string_view quoted) {
    constexpr std::string_view kVia = "\r\nVia: ";
    const auto begin = quoted.find(kVia);
    const auto method_end = quoted.find(' ');
    if (begin == quoted.npos || method_end > begin) return;
    const auto value = quoted.substr(begin + kVia.size());
    const auto via = Via::parse(value.substr(0, value.find("\r\n")));
    if (!via || !via->has_3261_branch()) return;
    const std::uint16_t port = via->port().value_or(default_port(TransportKind::Udp));
    const HashKey key = identity_.client_key(via->branch(), via->host(), port, quoted.substr(0, method_end));
    fail(ClientTransactionId(client_keys_.find(key)));
}

// §17.1.1.3: R-URI, Call-ID, From, Route, top Via and CSeq number of the INVITE, To of the response.
void TransactionLayer::send_failure_ack(ClientTransaction& transaction, const MessageView& response) {
    if (!own_.parse(transaction.request, {transaction.flow.kind}).ok()) return;
    const MessageView& invite = own_.message();
    RequestBuilder ack(buffer_, Method::Ack, invite.request_uri().text());
    ack.copy(invite, HeaderId::Via).number(HeaderId::MaxForwards, 70).copy(invite, HeaderId::Route);
    ack.copy(invite, HeaderId::From).header(HeaderId::To, response.to().text()).copy(invite, HeaderId::CallId);
    ack.cseq(invite.cseq().number, Method::Ack);
    transaction.ack.assign(ack.finish());
    (void)send(transaction.flow, transaction.ack);
}

// §9.1: everything that identifies the INVITE is copied from it; one Via, that of the INVITE.
void TransactionLayer::cancel(ClientTransactionId invite_id, std::string_view reason) {
    ClientTransaction* transaction = clients_.find(invite_id);
    if (!transaction || !own_.parse(transaction->request, {transaction->flow.kind}).ok()) return;
    const MessageView& invite = own_.message();
    RequestBuilder cancel(buffer_, Method::Cancel, invite.request_uri().text());
    cancel.copy(invite, HeaderId::Via).number(HeaderId::MaxForwards, 70).copy(invite, HeaderId::Route);
    cancel.copy(invite, HeaderId::From).copy(invite, HeaderId::To).copy(invite, HeaderId::CallId);
    cancel.cseq(invite.cseq().number, Method::Cancel);
    if (!reason.empty()) cancel.header(HeaderId::Reason, reason);
    const std::string branch(invite.top_via().branch());
    const std::string_view bytes = cancel.finish();
    start({.request = bytes, .branch = branch, .method = Method::Cancel, .purpose = Purpose::Cancel},
          transaction->flow);
}

void TransactionLayer::acknowledge(ClientTransactionId invite, std::string_view to_tag, std::string_view ack,
                                   const Flow& flow) {
    if (!send(flow, ack)) ++stats_.transport_failures;
    ClientTransaction* transaction = clients_.find(invite);
    if (!transaction) return;
    transaction->acks.push_back({std::string(to_tag), std::string(ack), flow});
    std::string().swap(transaction->request);
}

bool TransactionLayer::acknowledge_again(ClientTransaction& invite, std::string_view to_tag) {
    for (const KeptAck& kept : invite.acks) {
        if (kept.to_tag != to_tag) continue;
        ++stats_.retransmitted;
        (void)send(kept.flow, kept.bytes);
        return true;
    }
    return false;
}

}  // namespace dp::sip

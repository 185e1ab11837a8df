#pragma once
/// @file TransactionLayer: matches messages to transactions, runs the four machines, sends what they ask for and tells
/// the transaction user. Source: RFC 3261 §17, §9, §8.2.2.2, §18; RFC 6026; RFC 4320.
///
/// Threads: the control thread. Lifetime: what the constructor is given must outlive it. A user may start, answer or
/// abandon any transaction from inside every callback; the transaction handed to a callback lives until the callback
/// returns.

#include <optional>
#include <string_view>
#include <unordered_map>

#include "base/clock.hpp"
#include "base/timer_wheel.hpp"
#include "sip/keyed_identity.hpp"
#include "sip/message_builder.hpp"
#include "sip/parser.hpp"
#include "sip/transaction.hpp"
#include "sip/user_agent.hpp"

namespace dp::sip {

class TransactionUser {
public:
    virtual ~TransactionUser() = default;
    /// Every response that the machine lets through; after a 2xx to INVITE also its repetitions.
    virtual void on_response(ClientTransaction& transaction, const MessageView& response) = 0;
    virtual void on_client_failed(ClientTransaction& transaction, RequestFailure failure) = 0;
    /// A request that matches no transaction and is no ACK or CANCEL. `key` is for TransactionLayer::accept.
    virtual void on_new_request(const MessageView& request, const Flow& flow, HashKey key) = 0;
    /// The ACK of a 2xx: it has a transaction of its own (§17.1.1.3) and gets no answer.
    virtual void on_success_ack(const MessageView& ack, const Flow& flow) = 0;
    /// A CANCEL for a live INVITE transaction; the CANCEL itself is answered already (§9.2).
    virtual void on_cancel(ServerTransaction& invite, const MessageView& cancel) = 0;
    /// Timer H, or the answer could not be sent.
    virtual void on_server_failed(ServerTransaction& transaction, RequestFailure failure) = 0;
};

/// What the layer needs to start a client transaction. The request's top Via carries `branch`.
struct ClientStart {
    std::string_view request;
    std::string_view branch;
    Method method = Method::Unknown;
    Purpose purpose = Purpose::Nothing;
    std::uint64_t owner = 0;
    Duration timeout{};  ///< Timer B or F; zero: 64·T1
};

class TransactionLayer {
public:
    TransactionLayer(Environment environment, const TimerValues& timing, KeyedIdentity& identity, UserAgentStats& stats,
                     TransactionUser& user);

    // What arrives.
    void receive_request(const MessageView& request, const Flow& flow);
    void receive_response(const MessageView& response, const Flow& flow);
    void flow_closed(const Flow& flow);
    void datagram_refused(std::string_view quoted);

    // Client side.
    /// Sends at once. A failure to send is reported by a timer, never from inside this call.
    ClientTransactionId start(const ClientStart& start, const Flow& flow);
    ClientTransaction* find(ClientTransactionId id) { return clients_.find(id); }
    /// CANCEL for an INVITE that has seen a 1xx (§9.1). `reason`: a Reason value or empty.
    void cancel(ClientTransactionId invite, std::string_view reason);
    /// Sends the ACK of a 2xx and keeps it for the repetitions of that 2xx.
    void acknowledge(ClientTransactionId invite, std::string_view to_tag, std::string_view ack, const Flow& flow);
    /// True when the ACK of this 2xx was kept and has been sent again.
    bool acknowledge_again(ClientTransaction& invite, std::string_view to_tag);
    /// Nobody waits for it any more; its machine runs on.
    void disown(ClientTransactionId id);
    /// Ends it without a word.
    void abandon(ClientTransactionId id);

    // Server side.
    /// Makes the transaction of a new request; for INVITE a 100 is sent at once.
    ServerTransaction& accept(const MessageView& request, const Flow& flow, HashKey key, std::string_view to_tag);
    ServerTransaction* find(ServerTransactionId id) { return servers_.find(id); }
    /// Begins the answer to `transaction` in the shared buffer; finish it and hand it to send_answer.
    ResponseBuilder answer(const ServerTransaction& transaction, int status, std::string_view reason = {});
    void send_answer(ServerTransaction& transaction, int status, std::string_view bytes);
    /// Answers without making a transaction (§8.2.7). Never answers an ACK.
    ResponseBuilder stateless_answer(const MessageView& request, const Flow& flow, int status, std::string_view reason);
    void send_stateless(const MessageView& request, const Flow& flow, std::string_view bytes);

    /// Sends without a transaction.
    bool send(const Flow& flow, std::string_view bytes);
    /// `host:port` of the flow for Via and Contact.
    ViaFields via_fields(const Flow& flow, std::string_view branch) const;

    std::string& buffer() { return buffer_; }
    std::size_t clients() const { return clients_.size(); }
    std::size_t servers() const { return servers_.size(); }
    TimePoint now() const { return environment_.clock.now(); }

private:
    void perform(ClientTransaction& transaction, TransactionActions actions, const MessageView* response);
    void perform(ServerTransaction& transaction, TransactionActions actions);
    void client_due(ClientTransactionId id);
    void server_due(ServerTransactionId id);
    void arm(ClientTransaction& transaction);
    void arm(ServerTransaction& transaction);
    void remove(ClientTransaction& transaction);
    void remove(ServerTransaction& transaction);
    void fail(ClientTransactionId id);
    void report(ClientTransaction& transaction, RequestFailure failure);
    void send_failure_ack(ClientTransaction& transaction, const MessageView& response);
    void receive_ack(const MessageView& ack, const Flow& flow);
    void receive_cancel(const MessageView& cancel, const Flow& flow, HashKey key);
    bool absorb_repetition(const MessageView& request, HashKey key);
    bool refuse_merged(const MessageView& request, const Flow& flow);
    bool resend_elsewhere(ServerTransaction& transaction);
    void release_request(ServerTransaction& transaction);
    void keep_request(ServerTransactionId id);

    Environment environment_;
    const TimerValues& timing_;
    KeyedIdentity& identity_;
    UserAgentStats& stats_;
    TransactionUser& user_;
    SlotTable<ClientTransaction, ClientTransactionId> clients_;
    SlotTable<ServerTransaction, ServerTransactionId> servers_;
    KeyMap client_keys_;
    KeyMap server_keys_;
    KeyMap merge_keys_;
    std::unordered_multimap<Flow, ClientTransactionId> by_stream_;  ///< client transactions that die with a connection
    ServerTransactionId arriving_;                                  ///< made by the request that is being handled
    Parser own_;  ///< reads our own requests again, for ACK and CANCEL
    std::string buffer_;
};

}  // namespace dp::sip

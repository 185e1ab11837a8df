#pragma once
/// @file UserAgentCore: what stands behind UserAgent: the transaction user, the table of sessions, the requests outside
/// dialogs. For the implementation files of the user agent and of InviteSession only.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sip/invite_session.hpp"
#include "sip/keyed_identity.hpp"
#include "sip/parser.hpp"
#include "sip/request_check.hpp"
#include "sip/slot_table.hpp"
#include "sip/transaction_layer.hpp"
#include "sip/user_agent.hpp"

namespace dp::sip {

/// Option tags we honour in Require.
inline constexpr std::string_view kSupported = "timer, 100rel, replaces, norefersub";
inline constexpr std::string_view kSupportedWithout100rel = "timer, replaces, norefersub";

class UserAgentCore final : public TransactionUser {
public:
    UserAgentCore(Environment environment, UserAgentConfig config, UserAgentHandler& handler);
    ~UserAgentCore() override;

    // Behind UserAgent.
    void receive(std::span<char> bytes, const Flow& flow);
    void flow_replaced(const Flow& old_flow, const Flow& new_flow);
    Result<SessionId> place(const InviteRequest& request, InviteSessionHandler& handler);
    InviteSession* find(SessionId id) { return sessions_.find(id); }
    InviteSession* find(std::string_view call_id, std::string_view local_tag, std::string_view remote_tag);
    Result<ClientRequestId> send(const ClientRequest& request, RequestCompletion completion);
    void forget(ClientRequestId id);
    bool respond(ServerRequestId id, const Response& response, const AnswerWriter& write);
    void drain(std::chrono::seconds retry_after) { drain_after_ = retry_after; }
    bool draining() const { return drain_after_.has_value(); }
    UserAgentStats stats() const;

    // TransactionUser.
    void on_response(ClientTransaction& transaction, const MessageView& response) override;
    void on_client_failed(ClientTransaction& transaction, RequestFailure failure) override;
    void on_new_request(const MessageView& request, const Flow& flow, HashKey key) override;
    void on_success_ack(const MessageView& ack, const Flow& flow) override;
    void on_cancel(ServerTransaction& invite, const MessageView& cancel) override;
    void on_server_failed(ServerTransaction& transaction, RequestFailure failure) override;

    // For sessions.
    TransactionLayer& layer() { return layer_; }
    KeyedIdentity& identity() { return identity_; }
    const Environment& environment() const { return environment_; }
    const UserAgentConfig& config() const { return config_; }
    TimePoint now() const { return environment_.clock.now(); }
    std::string_view allow() const { return allow_; }
    /// `given`, or `<sip:user@advertised;transport=…>`.
    std::string contact(std::string_view given, std::string_view user, const Flow& flow) const;
    /// Sends a challenged request again with credentials (§22.2): same Call-ID, tags and body, `cseq`, new branch.
    /// Nothing: the challenge cannot or must not be answered.
    std::optional<ClientTransactionId> answer_challenge(ClientTransaction& transaction, const MessageView& challenge,
                                                        DigestClient& credentials, std::uint32_t cseq);
    /// Copies the credentials of an INVITE into its ACK (§13.2.2.4).
    void copy_credentials(ClientTransactionId invite, RequestBuilder& out);
    /// The session is over: it is destroyed when the timers are next advanced.
    void bury(SessionId id);
    Parser& own_parser() { return own_; }

private:
    struct PendingRequest {
        ClientRequestId id;
        RequestCompletion completion;
        TimePoint sent{};
        Flow flow;
        ClientTransactionId transaction;
    };

    void receive_parsed(const MessageView& message, const Flow& flow);
    void answer_malformed(const Verdict& verdict, const Flow& flow);
    void route_in_dialog(const MessageView& request, const Flow& flow, HashKey key);
    void route_out_of_dialog(const MessageView& request, const Flow& flow, HashKey key);
    bool refused_by_rule(const MessageView& request, const Flow& flow);
    bool refused_by_screen(const MessageView& request, const Flow& flow);
    bool refused_by_drain(const MessageView& request, const Flow& flow);
    void open_session(const MessageView& invite, const Flow& flow, HashKey key);
    void refuse(const MessageView& request, const Flow& flow, int status, const HeaderLines& headers = {});
    InviteSession* session_of(std::string_view local_tag, std::string_view call_id);
    InviteSession& make_session(InviteSession::Role role, std::string& local_tag);
    void reject_fork(ClientTransaction& transaction, const MessageView& success);
    void finish_request(ClientTransaction& transaction, RequestFailure failure, const MessageView* response);
    void write_response(ServerTransaction& transaction, const Response& response, const AnswerWriter& write);
    void reap();

    Environment environment_;
    UserAgentConfig config_;
    UserAgentHandler& handler_;
    UserAgentStats stats_;
    KeyedIdentity identity_;
    TransactionLayer layer_;
    Parser parser_;
    Parser own_;
    std::string allow_;
    SlotTable<InviteSession, SessionId> sessions_;
    SlotTable<PendingRequest, ClientRequestId> requests_;
    std::vector<SessionId> dead_;
    Timer reaper_;
    std::optional<std::chrono::seconds> drain_after_;
};

}  // namespace dp::sip

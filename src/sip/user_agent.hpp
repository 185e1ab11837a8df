#pragma once
/// @file UserAgent: the SIP core of one control thread: transactions, dialogs, sessions. Messages and time go in;
/// messages go out through SipTransport, events through the handlers.
///
/// Threads: the control thread only. Lifetime: TimerWheel, Clock, Random, SipTransport and handlers must outlive it.
/// Errors: hostile bytes give an answer or silence and a counter. Everything is deterministic given the same calls,
/// clock and random. Source: RFC 3261 §8, 9, 11, 12, 17, 18 with 4320, 5393, 6026.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "base/result.hpp"
#include "base/timer_wheel.hpp"
#include "sip/header.hpp"
#include "sip/header_lines.hpp"
#include "sip/invite_session.hpp"
#include "sip/message_builder.hpp"
#include "sip/timing.hpp"
#include "sip/transport.hpp"

namespace dp::sip {

using ClientRequestId = StrongIndex<struct ClientRequestTag>;

/// What the UserAgent runs in.
struct Environment {
    TimerWheel& timers;
    const Clock& clock;
    Random& random;
    SipTransport& transport;
};

struct UserAgentConfig {
    std::string product = "Dialplane";  ///< User-Agent and Server
    TimerValues timing;
    std::size_t max_sessions = 100'000;
    std::size_t max_transactions = 400'000;
};

/// A final answer to a request outside dialogs.
struct Response {
    int status = 200;
    std::string_view reason = {};  ///< empty: the standard phrase
    HeaderLines headers = {};
    Body body = {};
};

/// What to do with a new request before any state is made for it (§3.4 of RFC 4320, overload, unknown sources, 401).
struct Screening {
    enum class Verdict : std::uint8_t {
        Pass,
        Answer,  ///< `answer` goes out statelessly; the same request again gets the same To tag (§8.2.7)
        Drop,    ///< silence
    } verdict = Verdict::Pass;
    Response answer;
};

/// A request outside dialogs that waits for an answer. Valid during the callback, `id` until answered.
struct IncomingRequest {
    ServerRequestId id;
    const MessageView& message;
    const Flow& flow;
};

class UserAgentHandler {
public:
    virtual ~UserAgentHandler() = default;

    /// Every request that starts something new (no To tag; not ACK, CANCEL), before a transaction exists. Must not call
    /// back.
    virtual Screening screen(const MessageView& request, const Flow& flow) = 0;
    /// A new call. Set a handler on the session, and answer now or later; a session without a handler on return is
    /// refused 500.
    virtual void on_invite(InviteSession& session, const MessageView& invite, const Flow& flow) = 0;
    /// REGISTER, OPTIONS and the other methods that `UserAgent::allow` names. Answer with UserAgent::respond, now or
    /// within 32 s.
    virtual void on_request(const IncomingRequest& request) = 0;
};

/// A request outside dialogs: REGISTER, OPTIONS, MESSAGE. `from`, `to`, `contact`: whole values without tags.
struct ClientRequest {
    Method method = Method::Options;
    NextHop hop;
    std::string request_uri;
    std::string from;
    std::string to;
    std::string contact;         ///< whole value; empty: `<sip:CONTACT_USER@advertised;transport=…>`
    std::string contact_user;    ///< with neither, no Contact is sent
    std::string contact_params;  ///< behind the Contact: `;expires=60`, `;+sip.instance="…"`
    std::vector<std::string> routes;
    HeaderLines headers;
    Body body;
    std::string call_id;     ///< empty: a fresh one
    std::string from_tag;    ///< empty: a fresh one
    std::uint32_t cseq = 1;  ///< the digest retry, if one is needed, uses cseq + 1
    Duration timeout{};      ///< Timer F; zero: 64·T1
    int max_forwards = 70;
};

/// How a client request ended. `response` is its final answer, null after a failure; valid during the callback.
struct RequestOutcome {
    RequestFailure failure = RequestFailure::None;
    const MessageView* response = nullptr;
    Flow flow;
    Duration latency{};  ///< from sending to the answer
};

using RequestCompletion = std::move_only_function<void(const RequestOutcome&)>;

using AnswerWriter = std::function<void(ResponseBuilder&)>;

struct UserAgentStats {
    std::uint64_t received = 0;
    std::uint64_t sent = 0;
    std::uint64_t retransmitted = 0;
    std::uint64_t malformed = 0;  ///< no SIP, or a broken response: silence
    std::uint64_t refused = 0;    ///< answered statelessly
    std::uint64_t absorbed = 0;   ///< retransmissions of the other side
    std::uint64_t stray_responses = 0;
    std::uint64_t merged = 0;  ///< 482 (§8.2.2.2)
    std::uint64_t timeouts = 0;
    std::uint64_t transport_failures = 0;
    std::size_t sessions = 0;             ///< live now
    std::size_t client_transactions = 0;  ///< live now
    std::size_t server_transactions = 0;  ///< live now
};

class UserAgentCore;

class UserAgent {
public:
    UserAgent(Environment environment, UserAgentConfig config, UserAgentHandler& handler);
    ~UserAgent();
    UserAgent(const UserAgent&) = delete;
    UserAgent& operator=(const UserAgent&) = delete;

    // What arrives.
    /// One whole message: a datagram, or what the framing of a stream cut out.
    /// Folded header lines are joined in place, nothing else of `bytes` is changed (parser.hpp).
    void receive(std::span<char> bytes, const Flow& flow);
    /// The connection is gone, or could not be made: its client transactions fail as 503 (RFC 3261 §8.1.3.1).
    void flow_closed(const Flow& flow);
    /// ICMP says a datagram did not arrive; `quoted` is its beginning. Only the transaction whose branch it quotes
    /// fails.
    void datagram_refused(const Endpoint& remote, std::string_view quoted);
    /// The peer of a dialog is now reached over another flow (a WebSocket phone reconnected).
    void flow_replaced(const Flow& old_flow, const Flow& new_flow);

    // Calls.
    /// Sends an INVITE. The handler hears everything of the session; nothing is called back before this returns.
    Result<SessionId> place(const InviteRequest& request, InviteSessionHandler& handler);
    InviteSession* find(SessionId id);
    /// By the identity of a dialog as Replaces names it (RFC 3891): `local_tag` is ours.
    InviteSession* find(std::string_view call_id, std::string_view local_tag, std::string_view remote_tag);

    // Requests outside dialogs.
    Result<ClientRequestId> send(const ClientRequest& request, RequestCompletion completion);
    /// The completion will not be called.
    void forget(ClientRequestId id);
    /// Answers a request that `on_request` or `on_session_referred` delivered. False when it is answered already or
    /// gone.
    bool respond(ServerRequestId id, const Response& response);
    /// The same with headers written straight into the answer (RegisterAnswer::write …).
    bool respond(ServerRequestId id, int status, const AnswerWriter& write);

    // Running.
    /// The methods we take, as an Allow value.
    std::string_view allow() const;
    /// New INVITEs and OPTIONS get 503 with this Retry-After; everything inside dialogs goes on.
    void drain(std::chrono::seconds retry_after);
    bool draining() const;
    UserAgentStats stats() const;

private:
    std::unique_ptr<UserAgentCore> core_;
};

}  // namespace dp::sip

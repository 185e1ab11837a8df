#pragma once
/// @file SipStreams: SIP over TCP, TLS, WS and WSS. Connections and framing live on an I/O loop; whole messages with
/// their flow go to the control thread, and messages come from there by flow.
///
/// Threads: each method says which. Events arrive on the control executor. Lifetime: stop() on the I/O loop, then the
/// control thread must let go before destruction; the sink outlives both. Errors: a flow that is gone or whose queue is
/// full answers false. A flow number is never used twice, so a stale flow reaches nobody.

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/endpoint.hpp"
#include "base/mailbox.hpp"
#include "base/result.hpp"
#include "net/http_message.hpp"
#include "net/stream_connection.hpp"
#include "net/stream_listener.hpp"
#include "net/websocket.hpp"
#include "sip/flow.hpp"
#include "sip/transport.hpp"

namespace dp::net {

class EventLoop;

/// What happens on flows, told to the control thread.
class SipStreamSink {
public:
    virtual ~SipStreamSink() = default;
    /// One whole message; `message` may be changed in place.
    virtual void on_sip_message(const sip::Flow& flow, std::string message) = 0;
    /// Octets that are no message, with the status of the stateless answer they may get (write it with
    /// answer_and_close).
    virtual void on_sip_garbage(const sip::Flow& flow, std::uint16_t status, std::string_view reason,
                                std::string octets) = 0;
    /// Once per flow, last. Also for a connection that could not be made.
    virtual void on_sip_flow_closed(const sip::Flow& flow, CloseReason reason) = 0;
};

struct SipStreamOptions {
    std::chrono::milliseconds idle_unregistered{32'000};  ///< a flow that nobody called keep() for
    std::chrono::milliseconds idle_kept{0};               ///< zero: kept flows live on keep-alives alone
    std::chrono::milliseconds outgoing_ping{100'000};  ///< CRLFCRLF on connections we made (RFC 5626 4.4.1: 95-120 s)
    std::chrono::milliseconds outgoing_pong{10'000};
    std::size_t send_queue = 1 << 20;  ///< octets a flow may wait for its peer
    WebSocketOptions websocket{};
    std::vector<std::string> allowed_origins{};  ///< of WebSockets, exact (`https://pbx.example.com`); own host always
    TlsContext client_tls{};                     ///< for TLS flows we open
    StreamLimits limits{};
};

class SipStreams {
public:
    SipStreams(EventLoop& io, Executor& control, SipStreamOptions options, SipStreamSink& sink);
    ~SipStreams();
    SipStreams(const SipStreams&) = delete;
    SipStreams& operator=(const SipStreams&) = delete;

    // --- I/O loop ---
    /// TCP, or TLS when `options.tls` is set.
    Result<Endpoint> listen(ListenOptions options);
    void set_tls(TlsContext context);
    /// Whether this request may become a SIP WebSocket (RFC 7118 section 5: sub-protocol `sip`; Origin ours or allowed,
    /// when the client is a browser). Forbidden or InvalidValue says why not.
    Result<void> admit(const HttpRequest& request) const;
    /// For HttpResponder::accept_websocket("sip", …).
    std::shared_ptr<WebSocketHandler> websocket_handler();
    const WebSocketOptions& websocket_options() const;
    /// Closes everything; no event follows.
    void stop();

    // --- control thread ---
    /// The live flow to this target, or a new one that begins to connect; messages wait for it (bounded). UDP and
    /// WebSocket targets cannot be opened: the flow is then unconnected and takes nothing.
    sip::Flow open_flow(const sip::Target& target);
    [[nodiscard]] bool send(const sip::Flow& flow, std::string_view message);
    /// The flow carries a registration or a call: no idle time-out.
    void keep(const sip::Flow& flow);
    void unkeep(const sip::Flow& flow);
    /// What goes out on the flow from now on carries this DSCP.
    void mark(const sip::Flow& flow, std::uint8_t dscp);
    void answer_and_close(const sip::Flow& flow, std::string_view message);
    void close(const sip::Flow& flow);
    std::size_t open_flows() const;

private:
    struct Impl;
    std::shared_ptr<Impl> impl_;
};

}  // namespace dp::net

#pragma once
/// @file WebSocket sessions (RFC 6455) over a StreamConnection: handler interface, thread-safe session handle, and a
/// client.
///
/// Threads: a handler is called on its connection's loop; WebSocketSession may be used from any thread. A reader that
/// lets more than `send_queue` octets wait is closed with 1013. No extension is negotiated (no compression).

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/endpoint.hpp"
#include "base/result.hpp"
#include "net/tls_context.hpp"

namespace dp::net {

class EventLoop;

enum class WebSocketKind : std::uint8_t { Text, Binary };

struct WebSocketOptions {
    std::size_t max_message = 64 * 1024;  ///< fragments joined; longer: 1009
    std::size_t send_queue = 1 << 20;
    std::chrono::milliseconds ping_interval{20'000};  ///< from us: proxies drop idle sockets, browsers cannot ping
    std::chrono::milliseconds pong_timeout{10'000};   ///< without any octet from the peer after a ping: dead
};

/// RFC 6455 7.4.1 and the registry; 4000-4999 are the application's.
namespace websocket_code {
inline constexpr std::uint16_t kNormal = 1000, kGoingAway = 1001, kProtocolError = 1002, kUnsupported = 1003,
                               kNoStatus = 1005, kAbnormal = 1006, kBadPayload = 1007, kPolicy = 1008, kTooBig = 1009,
                               kInternal = 1011, kTryAgainLater = 1013, kSessionEnded = 4401;
}

/// Thread-safe; kept as long as wanted, sends nothing once closed.
class WebSocketSession {
public:
    virtual ~WebSocketSession() = default;
    /// False when closed or overflowing (then it is closing with 1013).
    virtual bool send(WebSocketKind kind, std::string_view payload) = 0;
    bool send_text(std::string_view text) { return send(WebSocketKind::Text, text); }
    /// Starts the closing handshake; `reason` is cut to 123 octets.
    virtual void close(std::uint16_t code, std::string_view reason = {}) = 0;
    /// Of the connection's packets, from now on (RFC 2474). Owner loop only.
    virtual void set_dscp(std::uint8_t dscp) = 0;
    virtual bool open() const = 0;
    virtual std::uint64_t id() const = 0;
    virtual const Endpoint& remote() const = 0;
    virtual const Endpoint& local() const = 0;
    virtual bool is_tls() const = 0;
};

class WebSocketHandler {
public:
    virtual ~WebSocketHandler() = default;
    virtual void on_open(std::shared_ptr<WebSocketSession>) {}
    /// Text is valid UTF-8. `payload` is valid during the call only.
    virtual void on_message(WebSocketSession&, WebSocketKind, std::string_view payload) = 0;
    /// Once, last. kNoStatus = closed without a code, kAbnormal = the connection broke.
    virtual void on_closed(WebSocketSession&, std::uint16_t /*code*/, std::string_view /*reason*/) {}
};

struct WebSocketConnect {
    Endpoint to{};
    TlsContext tls{};    ///< empty = ws
    std::string host{};  ///< Host header, SNI and certificate name
    std::string target = "/";
    std::string subprotocol{};  ///< empty = none; the server must choose it
    std::string origin{};       ///< empty = no Origin header
    std::string headers{};      ///< further complete header lines
    WebSocketOptions options{};
};

/// Client side, on `loop`. A failure to connect or to upgrade is on_closed(kAbnormal) with the reason, without on_open.
void connect_websocket(EventLoop& loop, WebSocketConnect connect, std::shared_ptr<WebSocketHandler> handler);

}  // namespace dp::net

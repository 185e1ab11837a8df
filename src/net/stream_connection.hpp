#pragma once
/// @file StreamConnection: one TCP or TLS connection as a byte stream with a bounded write queue. HTTP, WebSocket and
/// SIP stand on this one interface and cannot tell TCP from TLS.
///
/// Threads: owner loop only. Lifetime: the connection owns its handler; the loop's pending operations keep the
/// connection alive until it is closed, after which `on_closed` has been called exactly once and nothing else follows.
/// A handler may close, write or replace itself from any of its callbacks.

#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/endpoint.hpp"
#include "base/result.hpp"
#include "net/tls_context.hpp"

namespace dp::net {

class EventLoop;
class StreamConnection;

enum class CloseReason : std::uint8_t {
    LocalClose,  ///< we wanted it
    PeerClosed,  ///< orderly end of the stream
    PeerReset,
    ConnectFailed,  ///< refused, unreachable, no route
    ConnectTimeout,
    HandshakeFailed,  ///< TLS: not TLS, no common version, certificate refused
    HandshakeTimeout,
    IdleTimeout,
    SlowReader,     ///< the write queue overflowed or did not move
    ProtocolError,  ///< said by the handler
    Shutdown,       ///< the server is stopping
};
std::string_view label(CloseReason reason);

/// What a protocol does with a connection.
class StreamHandler {
public:
    virtual ~StreamHandler() = default;
    /// Connected and, for TLS, the handshake done.
    virtual void on_open(StreamConnection&) {}
    /// `bytes` is valid during the call only; keep what is not consumed.
    virtual void on_bytes(StreamConnection&, std::string_view bytes) = 0;
    /// The peer will send no more. Default: close once everything is written.
    virtual void on_end(StreamConnection&);
    /// The write queue has become empty after it was not.
    virtual void on_drained(StreamConnection&) {}
    virtual void on_closed(StreamConnection&, CloseReason) {}
};

/// Octets to send: owned, or shared and immutable (an embedded asset, one event for many readers).
struct OutgoingBytes {
    std::string owned{};
    std::string_view shared{};             ///< used when `owned` is empty
    std::shared_ptr<const void> keeper{};  ///< keeps `shared` alive; null = static storage
    std::string_view view() const { return owned.empty() ? shared : std::string_view(owned); }
};

struct StreamLimits {
    std::chrono::milliseconds connect_timeout{5000};
    std::chrono::milliseconds handshake_timeout{5000};
    std::chrono::milliseconds write_check{
        20'000};  ///< every so often a waiting queue must have moved by `write_check_octets`
    std::size_t write_check_octets = 16 * 1024;
    std::size_t write_queue = 4 << 20;  ///< when this many octets wait, one more write closes as SlowReader
};

class StreamConnection : public std::enable_shared_from_this<StreamConnection> {
public:
    virtual ~StreamConnection() = default;

    /// False when closed, or when the write queue was full already (the connection is then closed as SlowReader).
    virtual bool write(OutgoingBytes bytes) = 0;
    bool write(std::string bytes) { return write(OutgoingBytes{std::move(bytes), {}, {}}); }
    /// Holds writes back until uncork(), so that several small ones become one system call.
    virtual void cork() = 0;
    virtual void uncork() = 0;
    virtual std::size_t queued() const = 0;

    /// Backpressure towards the peer.
    virtual void pause_reading() = 0;
    virtual void resume_reading() = 0;

    /// Closes as IdleTimeout when nothing has been received for this long; zero = never. Restarts the count.
    virtual void set_idle_timeout(std::chrono::milliseconds timeout) = 0;

    /// Of what is sent from now on (RFC 2474).
    virtual void set_dscp(std::uint8_t dscp) = 0;

    /// Writes what is queued, says goodbye (TLS close_notify, FIN), waits briefly for the peer's and closes.
    virtual void close_after_flush(CloseReason reason = CloseReason::LocalClose) = 0;
    /// At once; what is queued is lost.
    virtual void abort(CloseReason reason) = 0;
    virtual bool closing() const = 0;

    /// Takes effect when the current callback returns; the old handler is destroyed without a further call.
    virtual void replace_handler(std::unique_ptr<StreamHandler> handler) = 0;

    virtual EventLoop& loop() = 0;
    virtual const Endpoint& local() const = 0;
    virtual const Endpoint& remote() const = 0;
    virtual bool is_tls() const = 0;
};

struct ConnectOptions {
    Endpoint to{};
    Endpoint from{};            ///< unspecified = the kernel's choice
    TlsContext tls{};           ///< empty = plain TCP
    std::string server_name{};  ///< SNI and the name the certificate must carry; an IP address is matched as one
    StreamLimits limits{};
};

/// Starts to connect on `loop` (owner thread). The outcome is on_open or on_closed of the handler, never before this
/// returns.
std::shared_ptr<StreamConnection> connect_stream(EventLoop& loop, ConnectOptions options,
                                                 std::unique_ptr<StreamHandler> handler);

}  // namespace dp::net

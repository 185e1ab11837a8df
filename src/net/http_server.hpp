#pragma once
/// @file HttpServer: HTTP/1.1 (RFC 9112) on an EventLoop, plain and TLS, with keep-alive, in-order pipelining,
/// streaming responses and upgrade to WebSocket.
///
/// Threads: HttpServer on the owner loop; HttpResponder and HttpStream from any thread. The handler runs on the loop
/// and must not block: it answers at once or keeps the responder and answers later. Errors: malformed requests are
/// answered by the server (400, 408, 411, 413, 414, 431, 501, 505) and never reach the handler.

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "base/result.hpp"
#include "net/http_message.hpp"
#include "net/stream_listener.hpp"
#include "net/websocket.hpp"

namespace dp::net {

class EventLoop;
class HttpExchange;

struct HttpLimits {
    std::size_t header = 32 * 1024;
    std::size_t body = 1 << 20;
    std::size_t stream_queue = 1 << 20;  ///< octets a streaming response may wait for its reader
    std::chrono::milliseconds header_timeout{
        10'000};  ///< from a request's first octet (or the connection) to its empty line
    std::chrono::milliseconds body_timeout{30'000};
    std::chrono::milliseconds idle_timeout{75'000};  ///< between requests
};

/// A streaming response (server-sent events, exports), chunked. Thread-safe handle; copies share the stream.
class HttpStream {
public:
    HttpStream() = default;
    /// False when the reader is gone, or too slow: its queue is full and the connection is being closed.
    bool write(std::string bytes);
    /// Octets written and not yet taken by the network: a writer with a choice stops before the queue is full.
    std::size_t waiting() const;
    /// Called on the loop thread each time a queue that had to wait has been taken.
    void on_drained(std::function<void()> callback);
    /// Ends the response in an orderly way; further writes are refused.
    void end();
    bool open() const;
    /// Called once, on the loop thread, when the stream is over for whatever reason; at once, where it stands, if it
    /// already is.
    void on_closed(std::function<void()> callback);

private:
    friend class HttpResponder;
    explicit HttpStream(std::shared_ptr<HttpExchange> exchange) : exchange_(std::move(exchange)) {}
    std::shared_ptr<HttpExchange> exchange_;
};

/// The right and the duty to answer one request, exactly once. Dropped unanswered it answers 500.
class HttpResponder {
public:
    explicit HttpResponder(std::shared_ptr<HttpExchange> exchange);
    HttpResponder(HttpResponder&&) noexcept = default;
    HttpResponder& operator=(HttpResponder&&) noexcept;
    ~HttpResponder();

    void respond(HttpResponse response) &&;
    /// Sends status and headers now (`response.body` as first chunk if any).
    HttpStream stream(HttpResponse response) &&;
    /// 101 with this sub-protocol (empty = none). Answers 426 or 400 itself when the request is no WebSocket handshake.
    void accept_websocket(std::string subprotocol, std::shared_ptr<WebSocketHandler> handler,
                          WebSocketOptions options = {}) &&;
    /// False once the client has gone: nobody will read the answer.
    bool client_connected() const;

private:
    std::shared_ptr<HttpExchange> exchange_;
};

using HttpHandler = std::function<void(HttpRequest, HttpResponder)>;

class HttpServer {
public:
    HttpServer(EventLoop& loop, HttpLimits limits, HttpHandler handler);
    ~HttpServer();
    HttpServer(const HttpServer&) = delete;
    HttpServer& operator=(const HttpServer&) = delete;

    /// May be called for several addresses. Returns the address bound.
    Result<Endpoint> listen(ListenOptions options);
    /// For the TLS listeners' new connections.
    void set_tls(TlsContext context);
    /// Accepts no more, closes idle connections, lets running requests finish (each then closes its connection).
    void drain();
    /// Requests that have been handed to the handler and are not answered, and open streams and WebSockets.
    std::size_t active() const;
    ListenCounters counters() const;

private:
    struct Impl;
    std::shared_ptr<Impl> impl_;
};

}  // namespace dp::net

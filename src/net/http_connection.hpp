#pragma once
/// @file HttpConnection: the StreamHandler of one HTTP/1.1 connection, and HttpExchange, what a responder on any thread
/// holds of one of its requests. Internal to net.
///
/// A connection handles one request at a time; what is pipelined behind it waits in the input buffer. That keeps
/// responses in order by construction (RFC 9112 9.3.2).

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <unordered_set>
#include <vector>

#include "base/timer_wheel.hpp"
#include "net/http_parser.hpp"
#include "net/http_server.hpp"
#include "net/stream_connection.hpp"

namespace dp::net {

class HttpConnection;
class WebSocketStream;

/// What all connections of a server share. Loop thread, `active` excepted.
struct HttpServerCore {
    EventLoop& loop;
    HttpLimits limits;
    HttpHandler handler;
    std::unordered_set<HttpConnection*> connections;
    std::shared_ptr<std::atomic<std::size_t>> active = std::make_shared<std::atomic<std::size_t>>(0);
    bool draining = false;
};

/// Counts one request, stream or WebSocket as long as it lives.
class ActiveHold {
public:
    explicit ActiveHold(std::shared_ptr<std::atomic<std::size_t>> active) : active_(std::move(active)) {
        active_->fetch_add(1, std::memory_order_relaxed);
    }
    ~ActiveHold() { release(); }
    ActiveHold(ActiveHold&&) noexcept = default;
    ActiveHold& operator=(ActiveHold&&) = delete;
    void release() {
        if (const auto active = std::exchange(active_, nullptr)) active->fetch_sub(1, std::memory_order_relaxed);
    }

private:
    std::shared_ptr<std::atomic<std::size_t>> active_;
};

class HttpExchange : public std::enable_shared_from_this<HttpExchange> {
public:
    HttpExchange(EventLoop& loop, HttpConnection& connection, std::size_t stream_limit, ActiveHold hold)
        : loop_(loop), connection_(&connection), stream_limit_(stream_limit), hold_(std::move(hold)) {}

    // Any thread.
    bool connected() const { return connected_.load(std::memory_order_acquire); }
    bool claim() { return !claimed_.exchange(true, std::memory_order_acq_rel); }
    void respond(HttpResponse response);
    void begin_stream(HttpResponse response);
    bool write_chunk(std::string bytes);
    void end_stream();
    void accept_websocket(std::string subprotocol, std::shared_ptr<WebSocketHandler> handler, WebSocketOptions options);
    void on_closed(std::function<void()> callback);
    void on_drained(std::function<void()> callback);
    std::size_t waiting() const {
        return posted_.load(std::memory_order_relaxed) + waiting_.load(std::memory_order_relaxed);
    }

    // Loop thread.
    void detach();
    void set_waiting(std::size_t octets) { waiting_.store(octets, std::memory_order_relaxed); }
    void drained() const {
        if (const auto callback = drained_callback_) callback();
    }
    /// For what goes on after this exchange.
    std::shared_ptr<void> take_hold() { return std::make_shared<ActiveHold>(std::move(hold_)); }

private:
    template <class Step>
    void on_loop(Step step);

    EventLoop& loop_;
    HttpConnection* connection_;  ///< loop thread only; null once it has let go
    const std::size_t stream_limit_;
    ActiveHold hold_;
    std::vector<std::function<void()>> closed_callbacks_;  ///< loop thread only
    std::function<void()> drained_callback_;               ///< loop thread only
    std::atomic<bool> connected_{true};
    std::atomic<bool> claimed_{false};
    std::atomic<bool> stream_open_{false};
    std::atomic<std::size_t> posted_{0};
    std::atomic<std::size_t> waiting_{0};
};

class HttpConnection final : public StreamHandler {
public:
    explicit HttpConnection(std::shared_ptr<HttpServerCore> core);
    ~HttpConnection() override;

    void on_open(StreamConnection& connection) override;
    void on_bytes(StreamConnection& connection, std::string_view bytes) override;
    void on_end(StreamConnection& connection) override;
    void on_drained(StreamConnection& connection) override;
    void on_closed(StreamConnection& connection, CloseReason reason) override;

    void drain();

    // For the exchange.
    void respond(HttpResponse response);
    void begin_stream(HttpResponse response);
    void write_chunk(std::string_view bytes);
    void end_stream();
    void abort_stream();
    void accept_websocket(const std::string& subprotocol, std::shared_ptr<WebSocketHandler> handler,
                          const WebSocketOptions& options);

private:
    enum class Phase : std::uint8_t { Idle, Header, Body, Handling, Streaming, Upgraded, Closing };

    std::size_t consume(std::string_view octets);
    void resume_input();
    void after_input();
    void finish_upgrade();
    std::size_t step(std::string_view octets);
    void dispatch();
    void refuse(int status, std::string_view reason);
    void finish_response();
    /// `room`: for how many octets behind the head to reserve.
    std::string head_of(const HttpResponse& response, std::string_view framing, std::size_t room);
    std::string head_with_length(const HttpResponse& response, std::size_t room);
    bool stays_open() const { return keep_alive_ && !core_->draining && !input_ended_; }
    void on_timeout();
    void arm(Phase phase);
    void let_go();

    std::shared_ptr<HttpServerCore> core_;
    StreamConnection* connection_ = nullptr;
    HttpRequestParser parser_;
    std::string input_;
    std::shared_ptr<HttpExchange> exchange_;
    Timer timer_;
    Phase phase_ = Phase::Idle;
    std::string websocket_key_;
    std::unique_ptr<WebSocketStream> upgrade_;  ///< accepted, not yet in charge
    bool is_head_ = false, keep_alive_ = true, is_http_1_0_ = false, chunked_ = false, input_ended_ = false;
    bool processing_ = false, upgrade_valid_ = false, upgrade_asked_ = false, continue_sent_ = false;
};

}  // namespace dp::net

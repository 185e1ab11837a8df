#include "net/websocket.hpp"

#include <fmt/format.h>
#include <openssl/sha.h>

#include <atomic>

#include "base/crypto.hpp"
#include "base/random.hpp"
#include "net/event_loop.hpp"
#include "net/websocket_stream.hpp"

namespace dp::net {
namespace {

constexpr auto kCloseWait = std::chrono::seconds(5);  ///< for the peer's close frame after ours

std::uint64_t next_session_id() {
    static std::atomic<std::uint64_t> next{1};
    return next.fetch_add(1, std::memory_order_relaxed);
}

std::optional<WebSocketMask> mask_for(WebSocketRole role) {
    if (role == WebSocketRole::Server) return std::nullopt;
    WebSocketMask mask;
    SecureRandom().fill(mask);
    return mask;
}

}  // namespace

/// The part of a session that other threads hold. It reaches the stream only on the loop, and only while that lives.
class WebSocketLink final : public WebSocketSession, public std::enable_shared_from_this<WebSocketLink> {
public:
    WebSocketLink(EventLoop& loop, WebSocketStream* stream, WebSocketRole role, std::size_t limit,
                  StreamConnection& connection)
        : loop_(loop),
          stream_(stream),
          role_(role),
          limit_(limit),
          remote_(connection.remote()),
          local_(connection.local()),
          tls_(connection.is_tls()) {}

    using WebSocketSession::send_text;
    bool send(WebSocketKind kind, std::string_view payload) override;
    void close(std::uint16_t code, std::string_view reason) override;
    void set_dscp(std::uint8_t dscp) override;
    bool open() const override { return open_.load(std::memory_order_acquire); }
    std::uint64_t id() const override { return id_; }
    const Endpoint& remote() const override { return remote_; }
    const Endpoint& local() const override { return local_; }
    bool is_tls() const override { return tls_; }

    void mark_closing() { open_.store(false, std::memory_order_release); }
    void detach() {
        mark_closing();
        stream_ = nullptr;
    }
    void set_waiting(std::size_t octets) { waiting_.store(octets, std::memory_order_relaxed); }

private:
    void write(std::string frame);

    EventLoop& loop_;
    WebSocketStream* stream_;  ///< loop thread only
    const WebSocketRole role_;
    const std::size_t limit_;
    const Endpoint remote_, local_;
    const bool tls_;
    const std::uint64_t id_ = next_session_id();
    std::atomic<bool> open_{true};
    std::atomic<std::size_t> posted_{0};   ///< octets on their way to the loop
    std::atomic<std::size_t> waiting_{0};  ///< octets in the connection's queue, as of the last write
};

bool WebSocketLink::send(WebSocketKind kind, std::string_view payload) {
    if (!open()) return false;
    std::string frame = encode_websocket_frame(
        kind == WebSocketKind::Text ? WebSocketOpcode::Text : WebSocketOpcode::Binary, payload, mask_for(role_));
    const std::size_t size = frame.size();
    const std::size_t ahead =
        posted_.fetch_add(size, std::memory_order_relaxed) + waiting_.load(std::memory_order_relaxed);
    if (ahead + size > limit_) {
        posted_.fetch_sub(size, std::memory_order_relaxed);
        close(websocket_code::kTryAgainLater, "reader too slow");
        return false;
    }
    if (loop_.is_owner()) {
        write(std::move(frame));
        return true;
    }
    const bool taken =
        loop_.post([self = shared_from_this(), frame = std::move(frame)]() mutable { self->write(std::move(frame)); });
    if (!taken) posted_.fetch_sub(size, std::memory_order_relaxed);
    return taken;
}

void WebSocketLink::write(std::string frame) {
    posted_.fetch_sub(frame.size(), std::memory_order_relaxed);
    if (!stream_ || stream_->close_sent_) return;
    StreamConnection& connection = *stream_->connection_;
    connection.StreamConnection::write(std::move(frame));
    set_waiting(connection.queued());
}

void WebSocketLink::set_dscp(std::uint8_t dscp) {
    if (stream_) stream_->connection_->set_dscp(dscp);
}

void WebSocketLink::close(std::uint16_t code, std::string_view reason) {
    if (!open_.exchange(false, std::memory_order_acq_rel)) return;
    // One per session, so it is bounded and may not be lost.
    loop_.complete([self = shared_from_this(), code, reason = std::string(reason)] {
        if (self->stream_) self->stream_->start_close(code, reason);
    });
}

WebSocketStream::WebSocketStream(WebSocketRole role, WebSocketOptions options,
                                 std::shared_ptr<WebSocketHandler> handler, std::shared_ptr<void> guard)
    : role_(role),
      options_(options),
      handler_(std::move(handler)),
      guard_(std::move(guard)),
      decoder_(role, options.max_message),
      keep_alive_([this] { on_keep_alive(); }),
      close_wait_([this] { connection_->abort(CloseReason::LocalClose); }) {}

WebSocketStream::~WebSocketStream() {
    if (link_) link_->detach();
}

void WebSocketStream::begin(StreamConnection& connection, std::string_view early) {
    connection_ = &connection;
    link_ = std::make_shared<WebSocketLink>(connection.loop(), this, role_, options_.send_queue, connection);
    connection.loop().arm(keep_alive_, options_.ping_interval);
    handler_->on_open(link_);
    if (!early.empty()) on_bytes(connection, early);
}

void WebSocketStream::on_bytes(StreamConnection& connection, std::string_view bytes) {
    if (std::exchange(awaiting_pong_, false)) connection.loop().arm(keep_alive_, options_.ping_interval);
    const auto violation = decoder_.feed(
        bytes, [&](WebSocketOpcode opcode, std::string_view payload) { return on_frame(connection, opcode, payload); });
    if (!violation) return;
    start_close(*violation, {});
    // The peer is out of step: its answer to our close frame could not be told from noise.
    connection.close_after_flush(CloseReason::ProtocolError);
}

bool WebSocketStream::on_frame(StreamConnection& connection, WebSocketOpcode opcode, std::string_view payload) {
    switch (opcode) {
        case WebSocketOpcode::Text:
        case WebSocketOpcode::Binary:
            // After our close frame the peer may still be sending: read, not delivered (1.4).
            if (!close_sent_)
                handler_->on_message(
                    *link_, opcode == WebSocketOpcode::Text ? WebSocketKind::Text : WebSocketKind::Binary, payload);
            return !connection.closing();
        case WebSocketOpcode::Ping:
            write_frame(WebSocketOpcode::Pong, payload);
            return true;
        case WebSocketOpcode::Close:
            on_close_frame(connection, payload);
            return false;
        default:
            return true;
    }
}

void WebSocketStream::on_close_frame(StreamConnection& connection, std::string_view payload) {
    const auto peer = parse_websocket_close(payload);
    if (!close_sent_) {
        start_close(peer ? peer->code : websocket_code::kProtocolError, {});
        if (peer) close_reason_ = peer->reason;
    }
    close_wait_.cancel();
    connection.close_after_flush(peer ? CloseReason::PeerClosed : CloseReason::ProtocolError);
}

void WebSocketStream::write_frame(WebSocketOpcode opcode, std::string_view payload) {
    if (close_sent_) return;
    connection_->StreamConnection::write(encode_websocket_frame(opcode, payload, mask_for(role_)));
    link_->set_waiting(connection_->queued());
}

void WebSocketStream::start_close(std::uint16_t code, std::string_view reason) {
    if (close_sent_ || connection_->closing()) return;
    link_->mark_closing();
    connection_->StreamConnection::write(encode_websocket_close(code, reason, mask_for(role_)));
    close_sent_ = true;
    close_code_ = code;
    close_reason_ = reason;
    keep_alive_.cancel();
    // Whoever does not read would not answer either.
    if (code == websocket_code::kTryAgainLater) return connection_->close_after_flush(CloseReason::SlowReader);
    connection_->loop().arm(close_wait_, kCloseWait);
}

/// A ping; then, unless anything comes meanwhile, the end.
void WebSocketStream::on_keep_alive() {
    if (awaiting_pong_) return connection_->abort(CloseReason::IdleTimeout);
    write_frame(WebSocketOpcode::Ping, {});
    awaiting_pong_ = true;
    connection_->loop().arm(keep_alive_, options_.pong_timeout);
}

void WebSocketStream::on_end(StreamConnection& connection) {
    connection.close_after_flush(CloseReason::PeerClosed);
}

void WebSocketStream::on_drained(StreamConnection& connection) {
    link_->set_waiting(connection.queued());
}

void WebSocketStream::on_closed(StreamConnection&, CloseReason reason) {
    keep_alive_.cancel();
    close_wait_.cancel();
    const std::shared_ptr<WebSocketLink> link = link_;
    link->detach();
    handler_->on_closed(*link, close_code_, close_sent_ ? std::string_view(close_reason_) : label(reason));
}

std::shared_ptr<WebSocketSession> make_closed_session(StreamConnection& connection) {
    auto link = std::make_shared<WebSocketLink>(connection.loop(), nullptr, WebSocketRole::Client, 0, connection);
    link->detach();
    return link;
}

std::string websocket_accept(std::string_view key) {
    const std::string text = std::string(key) + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    unsigned char digest[SHA_DIGEST_LENGTH];
    SHA1(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest);
    return crypto::base64({reinterpret_cast<const char*>(digest), sizeof digest});
}

}  // namespace dp::net

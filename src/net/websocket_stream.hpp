#pragma once
/// @file WebSocketStream: the StreamHandler behind a WebSocketSession, for both roles. Internal to net.

#include <memory>

#include "base/timer_wheel.hpp"
#include "net/stream_connection.hpp"
#include "net/websocket.hpp"
#include "net/websocket_codec.hpp"

namespace dp::net {

class WebSocketLink;

class WebSocketStream final : public StreamHandler {
public:
    /// `guard` lives as long as the session.
    WebSocketStream(WebSocketRole role, WebSocketOptions options, std::shared_ptr<WebSocketHandler> handler,
                    std::shared_ptr<void> guard = {});
    ~WebSocketStream() override;

    /// The handshake is done and this is the connection's handler; `early` came behind it.
    void begin(StreamConnection& connection, std::string_view early);

    void on_bytes(StreamConnection& connection, std::string_view bytes) override;
    void on_end(StreamConnection& connection) override;
    void on_drained(StreamConnection& connection) override;
    void on_closed(StreamConnection& connection, CloseReason reason) override;

private:
    friend class WebSocketLink;
    bool on_frame(StreamConnection& connection, WebSocketOpcode opcode, std::string_view payload);
    void on_close_frame(StreamConnection& connection, std::string_view payload);
    void start_close(std::uint16_t code, std::string_view reason);
    void write_frame(WebSocketOpcode opcode, std::string_view payload);
    void on_keep_alive();

    WebSocketRole role_;
    WebSocketOptions options_;
    std::shared_ptr<WebSocketHandler> handler_;
    std::shared_ptr<void> guard_;
    std::shared_ptr<WebSocketLink> link_;
    WebSocketDecoder decoder_;
    StreamConnection* connection_ = nullptr;
    Timer keep_alive_, close_wait_;
    bool awaiting_pong_ = false, close_sent_ = false;
    std::uint16_t close_code_ = websocket_code::kAbnormal;
    std::string close_reason_;
};

/// For a connection that never became a session.
std::shared_ptr<WebSocketSession> make_closed_session(StreamConnection& connection);

/// RFC 6455 4.2.2: what proves that the server has read the key.
std::string websocket_accept(std::string_view key);

}  // namespace dp::net

#include <fmt/format.h>

#include <algorithm>

#include "base/ascii.hpp"
#include "base/crypto.hpp"
#include "base/random.hpp"
#include "net/event_loop.hpp"
#include "net/websocket.hpp"
#include "net/websocket_stream.hpp"

namespace dp::net {
namespace {

constexpr std::size_t kMaxHead = 16 * 1024;

/// The value of a header in a response head, trimmed; empty when absent.
std::string_view header_in(std::string_view head, std::string_view name) {
    for (auto line : ascii::split(head, '\n')) {
        const auto colon = line.find(':');
        if (colon == std::string_view::npos || !ascii::iequals(line.substr(0, colon), name)) continue;
        line.remove_prefix(colon + 1);
        if (line.ends_with('\r')) line.remove_suffix(1);
        return ascii::trim(line);
    }
    return {};
}

/// Sends the opening handshake and judges the answer (RFC 6455 4.1), then makes room for the session.
class ClientHandshake final : public StreamHandler {
public:
    ClientHandshake(WebSocketConnect connect, std::shared_ptr<WebSocketHandler> handler)
        : connect_(std::move(connect)), handler_(std::move(handler)) {
        std::array<std::uint8_t, 16> nonce;
        SecureRandom().fill(nonce);
        key_ = crypto::base64(crypto::as_text(nonce));
    }

    void on_open(StreamConnection& connection) override {
        connection.set_idle_timeout(std::chrono::seconds(10));
        connection.write(request());
    }
    void on_bytes(StreamConnection& connection, std::string_view bytes) override {
        received_ += bytes;
        const auto end = received_.find("\r\n\r\n");
        if (end == std::string::npos) {
            if (received_.size() > kMaxHead) refuse(connection, "the answer to the handshake is too long");
            return;
        }
        if (const auto problem = problem_with(std::string_view(received_).substr(0, end + 2)); !problem.empty())
            return refuse(connection, problem);
        connection.set_idle_timeout({});
        auto stream = std::make_unique<WebSocketStream>(WebSocketRole::Client, connect_.options, std::move(handler_));
        WebSocketStream& session = *stream;
        connection.replace_handler(std::move(stream));
        session.begin(connection, std::string_view(received_).substr(end + 4));
    }
    void on_closed(StreamConnection& connection, CloseReason reason) override {
        if (!handler_) return;
        const auto session = make_closed_session(connection);
        handler_->on_closed(*session, websocket_code::kAbnormal,
                            problem_.empty() ? label(reason) : std::string_view(problem_));
    }

private:
    std::string request() const {
        std::string out = fmt::format(
            "GET {} HTTP/1.1\r\nHost: {}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: {}\r\n"
            "Sec-WebSocket-Version: 13\r\n",
            connect_.target, connect_.host, key_);
        if (!connect_.subprotocol.empty()) out += fmt::format("Sec-WebSocket-Protocol: {}\r\n", connect_.subprotocol);
        if (!connect_.origin.empty()) out += fmt::format("Origin: {}\r\n", connect_.origin);
        return out + connect_.headers + "\r\n";
    }
    std::string problem_with(std::string_view head) const {
        if (!head.starts_with("HTTP/1.1 101 ")) return "refused: " + std::string(head.substr(0, head.find('\r')));
        if (!ascii::iequals(header_in(head, "Upgrade"), "websocket")) return "the server upgraded to something else";
        if (header_in(head, "Sec-WebSocket-Accept") != websocket_accept(key_)) return "the server has not read our key";
        if (header_in(head, "Sec-WebSocket-Protocol") != connect_.subprotocol)
            return "the server chose another sub-protocol";
        if (!header_in(head, "Sec-WebSocket-Extensions").empty()) return "the server chose an extension nobody offered";
        return {};
    }
    void refuse(StreamConnection& connection, std::string problem) {
        problem_ = std::move(problem);
        connection.abort(CloseReason::ProtocolError);
    }

    WebSocketConnect connect_;
    std::shared_ptr<WebSocketHandler> handler_;
    std::string key_, received_, problem_;
};

}  // namespace

void connect_websocket(EventLoop& loop, WebSocketConnect connect, std::shared_ptr<WebSocketHandler> handler) {
    ConnectOptions options{
        .to = connect.to, .tls = connect.tls, .server_name = connect.host.substr(0, connect.host.rfind(':'))};
    connect_stream(loop, std::move(options), std::make_unique<ClientHandshake>(std::move(connect), std::move(handler)));
}

}  // namespace dp::net

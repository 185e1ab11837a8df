#include "net/http_connection.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "base/ascii.hpp"
#include "base/log.hpp"
#include "base/metrics.hpp"
#include "net/event_loop.hpp"
#include "net/websocket_stream.hpp"

namespace dp::net {
namespace {

constexpr std::size_t kInlineBody = 16 * 1024;   ///< copied behind the header; larger ones are sent from where they are
constexpr std::size_t kHeadBesidesHeaders = 96;  ///< status line, framing, Connection
constexpr std::size_t kPipelineBuffer = 64 * 1024;  ///< waiting behind a running request; then reading pauses

std::uint64_t next_request_id() {
    static std::atomic<std::uint64_t> next{1};
    return next.fetch_add(1, std::memory_order_relaxed);
}

metrics::Counter& requests_total() {
    static auto& counter = metrics::counter("dialplane_http_requests_total", "", "Requests handed to a handler");
    return counter;
}
metrics::Counter& refused_total() {
    static auto& counter =
        metrics::counter("dialplane_http_refused_total", "", "Requests refused before a handler saw them");
    return counter;
}

bool has_no_body(int status) {
    return status < 200 || status == 204 || status == 304;
}

bool is_safe(const std::vector<HttpHeader>& headers) {
    static constexpr std::string_view kBad("\r\n\0", 3);
    const auto bad = [](const std::string& text) {
        return std::ranges::any_of(text, [](char c) { return c < ' ' && kBad.contains(c); });
    };
    return std::ranges::none_of(headers,
                                [&](const HttpHeader& h) { return h.name.empty() || bad(h.name) || bad(h.value); });
}

/// A number in decimal, as text, without allocating.
class Decimal {
public:
    explicit Decimal(std::uint64_t value) {
        end_ = std::to_chars(digits_.data(), digits_.data() + digits_.size(), value).ptr;
    }
    operator std::string_view() const { return {digits_.data(), end_}; }  // NOLINT: it is text

private:
    std::array<char, 20> digits_;
    const char* end_;
};

void append(std::string& out, std::initializer_list<std::string_view> parts) {
    for (const auto part : parts) out += part;
}

}  // namespace

/// Moves a body's octets into the write queue without copying them.
struct HttpBodyAccess {
    static OutgoingBytes release(HttpBody& body) {
        return {std::move(body.owned_), body.shared_, std::move(body.keeper_)};
    }
};

// --- HttpExchange
// -----------------------------------------------------------------------------------------------------------

template <class Step>
void HttpExchange::on_loop(Step step) {
    if (!connected()) return;  // the loop itself may be gone: a responder can outlive its server
    if (loop_.is_owner()) {
        if (connection_) step(*connection_);
        return;
    }
    loop_.complete([self = shared_from_this(), step = std::move(step)]() mutable {
        if (self->connection_) step(*self->connection_);
    });
}

void HttpExchange::respond(HttpResponse response) {
    on_loop([response = std::move(response)](HttpConnection& c) mutable { c.respond(std::move(response)); });
}

void HttpExchange::begin_stream(HttpResponse response) {
    stream_open_.store(connected(), std::memory_order_release);
    on_loop([response = std::move(response)](HttpConnection& c) mutable { c.begin_stream(std::move(response)); });
}

bool HttpExchange::write_chunk(std::string bytes) {
    if (!stream_open_.load(std::memory_order_acquire) || !connected()) return false;
    const std::size_t size = bytes.size();
    const std::size_t ahead =
        posted_.fetch_add(size, std::memory_order_relaxed) + waiting_.load(std::memory_order_relaxed);
    if (ahead + size > stream_limit_) {
        if (stream_open_.exchange(false, std::memory_order_acq_rel))
            on_loop([](HttpConnection& c) { c.abort_stream(); });
        return false;
    }
    on_loop([self = shared_from_this(), bytes = std::move(bytes)](HttpConnection& c) {
        self->posted_.fetch_sub(bytes.size(), std::memory_order_relaxed);
        c.write_chunk(bytes);
    });
    return true;
}

void HttpExchange::end_stream() {
    if (stream_open_.exchange(false, std::memory_order_acq_rel)) on_loop([](HttpConnection& c) { c.end_stream(); });
}

void HttpExchange::accept_websocket(std::string subprotocol, std::shared_ptr<WebSocketHandler> handler,
                                    WebSocketOptions options) {
    on_loop([subprotocol = std::move(subprotocol), handler = std::move(handler), options](HttpConnection& c) {
        c.accept_websocket(subprotocol, handler, options);
    });
}

void HttpExchange::on_closed(std::function<void()> callback) {
    if (!connected()) return callback();
    auto add = [self = shared_from_this(), callback = std::move(callback)]() mutable {
        if (self->connection_)
            self->closed_callbacks_.push_back(std::move(callback));
        else
            callback();
    };
    if (loop_.is_owner())
        add();
    else
        loop_.complete(std::move(add));
}

void HttpExchange::on_drained(std::function<void()> callback) {
    on_loop([self = shared_from_this(), callback = std::move(callback)](HttpConnection&) mutable {
        self->drained_callback_ = std::move(callback);
    });
}

void HttpExchange::detach() {
    drained_callback_ = nullptr;
    connection_ = nullptr;
    connected_.store(false, std::memory_order_release);
    stream_open_.store(false, std::memory_order_release);
    hold_.release();
    for (auto& callback : std::exchange(closed_callbacks_, {})) callback();
}

// --- HttpConnection: reading
// ------------------------------------------------------------------------------------------------

HttpConnection::HttpConnection(std::shared_ptr<HttpServerCore> core)
    : core_(std::move(core)), parser_({core_->limits.header, core_->limits.body}), timer_([this] { on_timeout(); }) {
    core_->connections.insert(this);
}

HttpConnection::~HttpConnection() {
    core_->connections.erase(this);
    let_go();
}

void HttpConnection::let_go() {
    if (exchange_) std::exchange(exchange_, nullptr)->detach();
}

void HttpConnection::on_open(StreamConnection& connection) {
    connection_ = &connection;
    arm(Phase::Header);
}

void HttpConnection::arm(Phase phase) {
    phase_ = phase;
    switch (phase) {
        case Phase::Idle:
            return core_->loop.arm(timer_, core_->limits.idle_timeout);
        case Phase::Header:
            return core_->loop.arm(timer_, core_->limits.header_timeout);
        case Phase::Body:
            return core_->loop.arm(timer_, core_->limits.body_timeout);
        default:
            return timer_.cancel();
    }
}

void HttpConnection::on_timeout() {
    if (phase_ == Phase::Header && input_.empty()) return connection_->close_after_flush(CloseReason::IdleTimeout);
    if (phase_ == Phase::Header || phase_ == Phase::Body) return refuse(408, "the request did not arrive in time");
    connection_->close_after_flush(CloseReason::IdleTimeout);
}

void HttpConnection::on_bytes(StreamConnection& connection, std::string_view bytes) {
    if (phase_ == Phase::Closing || phase_ == Phase::Upgraded) return;
    if (phase_ == Phase::Handling || phase_ == Phase::Streaming) {
        input_ += bytes;
        if (input_.size() > kPipelineBuffer) connection.pause_reading();
        return;
    }
    if (input_.empty()) {  // the common case: parsed where it was read
        input_.append(bytes.substr(consume(bytes)));
    } else {
        input_ += bytes;
        input_.erase(0, consume(input_));
    }
    after_input();
}

/// What waited behind a request that is now answered.
void HttpConnection::resume_input() {
    if (processing_ || input_.empty()) return;
    input_.erase(0, consume(input_));
    after_input();
}

void HttpConnection::after_input() {
    if (input_.empty()) input_.shrink_to_fit();  // an idle connection holds little
    if (upgrade_) finish_upgrade();
}

/// As many requests as are there and may run; returns how much of `octets` they took.
std::size_t HttpConnection::consume(std::string_view octets) {
    processing_ = true;
    std::size_t done = 0;
    while (done < octets.size() && phase_ <= Phase::Body) {
        const std::size_t taken = step(octets.substr(done));
        done += taken;
        if (taken == 0) break;
    }
    processing_ = false;
    return done;
}

/// One request at most, from `octets`; returns what it took.
std::size_t HttpConnection::step(std::string_view octets) {
    const std::size_t taken = parser_.parse(octets);
    switch (parser_.state()) {
        case HttpRequestParser::State::Header:
            if (phase_ == Phase::Idle && taken < octets.size()) arm(Phase::Header);
            return taken;
        case HttpRequestParser::State::Body:
            if (phase_ != Phase::Body) arm(Phase::Body);
            if (parser_.expects_continue() && !std::exchange(continue_sent_, true) && taken == octets.size())
                connection_->StreamConnection::write("HTTP/1.1 100 Continue\r\n\r\n");
            return taken;
        case HttpRequestParser::State::Complete:
            dispatch();
            return taken;
        case HttpRequestParser::State::Failed:
            refuse(parser_.error_status(), parser_.error_reason());
            return octets.size();
    }
    return taken;
}

void HttpConnection::dispatch() {
    HttpRequest request = parser_.take();
    keep_alive_ = parser_.keep_alive();
    is_http_1_0_ = parser_.is_http_1_0();
    parser_.reset();
    is_head_ = request.method == "HEAD";
    continue_sent_ = false;
    upgrade_valid_ = request.is_websocket_upgrade;
    upgrade_asked_ = request.has_header("Upgrade");
    if (upgrade_valid_) websocket_key_ = request.header("Sec-WebSocket-Key");
    request.remote = connection_->remote();
    request.local = connection_->local();
    request.is_tls = connection_->is_tls();
    request.id = next_request_id();
    arm(Phase::Handling);
    requests_total().add();
    exchange_ =
        std::make_shared<HttpExchange>(core_->loop, *this, core_->limits.stream_queue, ActiveHold(core_->active));
    core_->handler(std::move(request), HttpResponder(exchange_));
}

void HttpConnection::refuse(int status, std::string_view reason) {
    refused_total().add();
    timer_.cancel();
    phase_ = Phase::Closing;
    const std::string body = fmt::format("{}\n", reason);
    connection_->StreamConnection::write(
        fmt::format("HTTP/1.1 {} {}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {}\r\nConnection: "
                    "close\r\n\r\n{}",
                    status, reason_phrase(status), body.size(), body));
    connection_->close_after_flush(CloseReason::ProtocolError);
}

void HttpConnection::on_end(StreamConnection& connection) {
    input_ended_ = true;
    // A client may close its half and still wait for the answer.
    if (phase_ == Phase::Handling) return;
    if (phase_ == Phase::Streaming) return connection.abort(CloseReason::PeerClosed);
    connection.close_after_flush(CloseReason::PeerClosed);
}

void HttpConnection::on_drained(StreamConnection& connection) {
    if (!exchange_) return;
    const auto held = exchange_;  // the callback may end the stream
    held->set_waiting(connection.queued());
    held->drained();
}

void HttpConnection::on_closed(StreamConnection&, CloseReason) {
    timer_.cancel();
    phase_ = Phase::Closing;
    let_go();
}

void HttpConnection::drain() {
    if (phase_ == Phase::Idle || (phase_ == Phase::Header && input_.empty()))
        connection_->close_after_flush(CloseReason::Shutdown);
}

// --- HttpConnection: answering
// ----------------------------------------------------------------------------------------------

std::string HttpConnection::head_of(const HttpResponse& response, std::string_view framing, std::size_t room) {
    std::size_t size = kHeadBesidesHeaders + framing.size() + room;
    for (const auto& header : response.headers) size += header.name.size() + header.value.size() + 4;
    std::string out;
    out.reserve(size);
    append(out, {"HTTP/1.1 ", Decimal(static_cast<std::uint64_t>(response.status)), " ", reason_phrase(response.status),
                 "\r\n"});
    for (const auto& header : response.headers) append(out, {header.name, ": ", header.value, "\r\n"});
    out += framing;
    if (!stays_open())
        out += "Connection: close\r\n";
    else if (is_http_1_0_)
        out += "Connection: keep-alive\r\n";
    out += "\r\n";
    return out;
}

std::string HttpConnection::head_with_length(const HttpResponse& response, std::size_t room) {
    if (has_no_body(response.status)) return head_of(response, {}, room);
    std::string framing;
    append(framing, {"Content-Length: ", Decimal(response.body.size()), "\r\n"});
    return head_of(response, framing, room);
}

void HttpConnection::respond(HttpResponse response) {
    if (phase_ != Phase::Handling) return;
    if (!is_safe(response.headers)) {
        log::error("http", "a header of a response holds CR, LF or NUL: answered 500");
        response = plain_response(500, "internal error\n");
    }
    const bool sends_body = !has_no_body(response.status) && !is_head_ && response.body.size() > 0;
    if (sends_body && response.body.size() <= kInlineBody) {
        std::string out = head_with_length(response, response.body.size());
        out += response.body.view();
        connection_->StreamConnection::write(std::move(out));
    } else {
        connection_->cork();
        connection_->StreamConnection::write(head_with_length(response, 0));
        if (sends_body) connection_->write(HttpBodyAccess::release(response.body));
        connection_->uncork();
    }
    finish_response();
}

/// The exchange is over: the next request, or the end.
void HttpConnection::finish_response() {
    let_go();
    if (connection_->closing()) {
        phase_ = Phase::Closing;
        return;
    }
    if (!stays_open()) {
        phase_ = Phase::Closing;
        return connection_->close_after_flush();
    }
    arm(Phase::Idle);
    connection_->resume_reading();
    resume_input();
}

void HttpConnection::begin_stream(HttpResponse response) {
    if (phase_ != Phase::Handling) return;
    if (!is_safe(response.headers)) return respond(plain_response(500, "internal error\n"));
    if (is_head_) {
        connection_->StreamConnection::write(head_of(response, {}, 0));
        return finish_response();
    }
    phase_ = Phase::Streaming;
    chunked_ = !is_http_1_0_;
    if (!chunked_) keep_alive_ = false;  // ends with the connection
    connection_->cork();
    connection_->StreamConnection::write(head_of(response, chunked_ ? "Transfer-Encoding: chunked\r\n" : "", 0));
    if (response.body.size() > 0) write_chunk(response.body.view());
    connection_->uncork();
}

void HttpConnection::write_chunk(std::string_view bytes) {
    if (phase_ != Phase::Streaming || bytes.empty()) return;
    std::string out = chunked_ ? fmt::format("{:x}\r\n", bytes.size()) : std::string();
    out += bytes;
    if (chunked_) out += "\r\n";
    connection_->StreamConnection::write(std::move(out));
    if (exchange_) exchange_->set_waiting(connection_->queued());
}

void HttpConnection::end_stream() {
    if (phase_ != Phase::Streaming) return;
    if (chunked_) connection_->StreamConnection::write("0\r\n\r\n");
    finish_response();
}

void HttpConnection::abort_stream() {
    connection_->abort(CloseReason::SlowReader);
}

void HttpConnection::accept_websocket(const std::string& subprotocol, std::shared_ptr<WebSocketHandler> handler,
                                      const WebSocketOptions& options) {
    if (phase_ != Phase::Handling) return;
    if (!upgrade_valid_) {
        // RFC 6455 4.2.2: say which version; RFC 9110 15.5.22: 426 names the protocol.
        HttpResponse refusal =
            plain_response(upgrade_asked_ ? 400 : 426, "a WebSocket handshake (RFC 6455, version 13) is needed\n");
        refusal.headers.push_back({"Sec-WebSocket-Version", "13"});
        if (!upgrade_asked_) refusal.headers.push_back({"Upgrade", "websocket"});
        return respond(std::move(refusal));
    }
    std::string out = fmt::format(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {}\r\n",
        websocket_accept(websocket_key_));
    if (!subprotocol.empty()) out += fmt::format("Sec-WebSocket-Protocol: {}\r\n", subprotocol);
    out += "\r\n";
    phase_ = Phase::Upgraded;
    connection_->StreamConnection::write(std::move(out));
    upgrade_ =
        std::make_unique<WebSocketStream>(WebSocketRole::Server, options, std::move(handler), exchange_->take_hold());
    if (!processing_) finish_upgrade();  // else once it is known what came behind the handshake
}

void HttpConnection::finish_upgrade() {
    WebSocketStream& session = *upgrade_;
    StreamConnection& connection = *connection_;
    const std::string early = std::exchange(input_, {});
    let_go();
    timer_.cancel();
    connection.replace_handler(std::move(upgrade_));  // this goes away with the next turn
    session.begin(connection, early);
    connection.resume_reading();
}

}  // namespace dp::net

#include "net/sip_stream_flow.hpp"

#include <algorithm>
#include <vector>

#include "base/metrics.hpp"
#include "net/websocket_codec.hpp"

namespace dp::net {
namespace {

constexpr auto kRetry = std::chrono::milliseconds(10);
constexpr auto kAnswerTime = std::chrono::milliseconds(2000);  ///< for the stateless answer to garbage

metrics::Counter& dropped_messages() {
    static auto& counter =
        metrics::counter("dialplane_sip_stream_dropped_total", "", "SIP messages that met a full control mailbox");
    return counter;
}

}  // namespace

// --- SipFlowHub
// -------------------------------------------------------------------------------------------------------------

SipFlowHub::SipFlowHub(EventLoop& io_loop, Executor& control_executor, SipStreamOptions stream_options,
                       SipStreamSink& stream_sink)
    : io(io_loop), control(control_executor), options(std::move(stream_options)), sink(stream_sink), retry_([this] {
          retry();
      }) {}

void SipFlowHub::deliver(Task task) {
    // As with a datagram that finds the socket buffer full: the sender's timers repeat it.
    if (!undelivered_.empty() || !control.post(std::move(task))) dropped_messages().add();
}

void SipFlowHub::deliver_surely(Task task) {
    undelivered_.push_back(std::move(task));
    retry();
}

void SipFlowHub::retry() {
    while (!undelivered_.empty()) {
        // The task stays here until it is taken; a refused post has consumed only the wrapper.
        auto shared = std::make_shared<Task>(std::move(undelivered_.front()));
        if (!control.post([shared] { (*shared)(); })) {
            undelivered_.front() = std::move(*shared);
            return io.arm(retry_, kRetry);
        }
        undelivered_.pop_front();
    }
}

void SipFlowHub::message(const std::shared_ptr<FlowState>& state, const sip::Flow& flow, std::string octets) {
    state->announced = true;
    deliver([hub = self.lock(), state, flow, octets = std::move(octets)]() mutable {
        if (hub->stopped.load(std::memory_order_acquire)) return;
        hub->flows.try_emplace(state->id, state);
        hub->sink.on_sip_message(flow, std::move(octets));
    });
}

void SipFlowHub::garbage(const std::shared_ptr<FlowState>& state, const sip::Flow& flow, const sip::FrameEvent& event) {
    state->announced = true;
    deliver([hub = self.lock(), state, flow, status = event.status, reason = event.reason,
             octets = std::string(event.bytes.begin(), event.bytes.end())]() mutable {
        if (hub->stopped.load(std::memory_order_acquire)) return;
        hub->flows.try_emplace(state->id, state);
        hub->sink.on_sip_garbage(flow, status, reason, std::move(octets));
    });
}

void SipFlowHub::closed(const std::shared_ptr<FlowState>& state, const sip::Flow& flow, CloseReason reason) {
    state->closed.store(true, std::memory_order_release);
    if (!state->announced) return;
    deliver_surely([hub = self.lock(), state, flow, reason] {
        if (hub->stopped.load(std::memory_order_acquire)) return;
        hub->flows.erase(state->id);
        std::erase_if(hub->by_target, [&](const auto& entry) { return entry.second == state->id; });
        hub->sink.on_sip_flow_closed(flow, reason);
    });
}

void SipFlowHub::close_all() {
    stopped.store(true, std::memory_order_release);
    retry_.cancel();
    undelivered_.clear();
    std::vector<FlowLink*> all;
    for (const auto& [id, link] : links) all.push_back(link);
    for (FlowLink* link : all) link->close_now();
}

// --- FlowLink
// ---------------------------------------------------------------------------------------------------------------

FlowLink::FlowLink(std::shared_ptr<SipFlowHub> hub, std::shared_ptr<FlowState> state)
    : hub_(std::move(hub)), state_(std::move(state)) {
    flow_.connection = state_->id;
    state_->link = this;
    hub_->links.emplace(state_->id, this);
}

FlowLink::~FlowLink() {
    report_closed(CloseReason::LocalClose);
}

void FlowLink::report_closed(CloseReason reason) {
    if (std::exchange(closed_, true)) return;
    hub_->links.erase(state_->id);
    state_->link = nullptr;
    if (!hub_->stopped.load(std::memory_order_acquire)) hub_->closed(state_, flow_, reason);
}

// --- StreamFlow
// -------------------------------------------------------------------------------------------------------------

StreamFlow::StreamFlow(std::shared_ptr<SipFlowHub> hub, std::shared_ptr<FlowState> state, sip::TransportKind kind,
                       FlowOrigin origin)
    : FlowLink(std::move(hub), std::move(state)),
      origin_(origin),
      partial_([this] { on_partial_deadline(); }),
      ping_([this] { on_ping_due(); }) {
    flow_.kind = kind;
}

void StreamFlow::on_open(StreamConnection& connection) {
    connection_ = &connection;
    flow_.local = connection.local();
    flow_.remote = connection.remote();
    if (!kept_) connection.set_idle_timeout(hub_->options.idle_unregistered);
    if (origin_ == FlowOrigin::Opened) hub_->io.arm(ping_, hub_->options.outgoing_ping);
}

void StreamFlow::on_bytes(StreamConnection& connection, std::string_view bytes) {
    if (refused_) return;
    if (std::exchange(awaiting_pong_, false)) hub_->io.arm(ping_, hub_->options.outgoing_ping);
    framer_.feed(bytes, hub_->io.now());
    while (const auto event = framer_.next())
        if (!on_event(connection, *event)) return;
    if (framer_.deadline() == kNever)
        partial_.cancel();
    else if (!partial_.armed())
        hub_->io.timers().arm(partial_, framer_.deadline());
}

/// False when the stream is given up.
bool StreamFlow::on_event(StreamConnection& connection, const sip::FrameEvent& event) {
    switch (event.kind) {
        case sip::FrameEvent::Kind::Message:
            hub_->message(state_, flow_, std::string(event.bytes.begin(), event.bytes.end()));
            return !connection.closing();
        case sip::FrameEvent::Kind::Ping:
            connection.write(std::string("\r\n"));
            return !connection.closing();
        case sip::FrameEvent::Kind::Pong:
            return true;
        case sip::FrameEvent::Kind::Error:
            break;
    }
    refused_ = true;
    hub_->garbage(state_, flow_, event);
    hub_->io.arm(partial_, kAnswerTime);  // then it closes, answered or not
    return false;
}

void StreamFlow::on_partial_deadline() {
    connection_->close_after_flush(CloseReason::ProtocolError);
}

/// RFC 5626 4.4.1: CRLFCRLF out, CRLF back within ten seconds, or the flow is dead.
void StreamFlow::on_ping_due() {
    if (awaiting_pong_) return connection_->abort(CloseReason::IdleTimeout);
    awaiting_pong_ = true;
    framer_.ping_sent();
    connection_->write(std::string("\r\n\r\n"));
    hub_->io.arm(ping_, hub_->options.outgoing_pong);
}

void StreamFlow::on_drained(StreamConnection& connection) {
    state_->waiting.store(connection.queued(), std::memory_order_relaxed);
}

void StreamFlow::on_closed(StreamConnection&, CloseReason reason) {
    partial_.cancel();
    ping_.cancel();
    connection_ = nullptr;
    report_closed(reason);
}

void StreamFlow::write(std::string message) {
    if (!connection_) return;
    connection_->write(std::move(message));
    state_->waiting.store(connection_->queued(), std::memory_order_relaxed);
}

void StreamFlow::keep(bool kept) {
    kept_ = kept;
    if (connection_) connection_->set_idle_timeout(kept ? hub_->options.idle_kept : hub_->options.idle_unregistered);
}

void StreamFlow::mark(std::uint8_t dscp) {
    if (connection_) connection_->set_dscp(dscp);
}

void StreamFlow::close() {
    if (connection_) connection_->close_after_flush(CloseReason::LocalClose);
}

void StreamFlow::close_now() {
    if (connection_) connection_->abort(CloseReason::Shutdown);
}

// --- WebSocketFlow
// ----------------------------------------------------------------------------------------------------------

WebSocketFlow::WebSocketFlow(std::shared_ptr<SipFlowHub> hub, std::shared_ptr<FlowState> state)
    : FlowLink(std::move(hub), std::move(state)), idle_([this] { close(); }) {}

void WebSocketFlow::on_open(std::shared_ptr<WebSocketSession> session) {
    session_ = std::move(session);
    flow_.kind = session_->is_tls() ? sip::TransportKind::Wss : sip::TransportKind::Ws;
    flow_.local = session_->local();
    flow_.remote = session_->remote();
    if (!kept_) hub_->io.arm(idle_, hub_->options.idle_unregistered);
}

void WebSocketFlow::on_message(WebSocketSession& session, WebSocketKind, std::string_view payload) {
    if (!kept_) hub_->io.arm(idle_, hub_->options.idle_unregistered);
    std::string octets(payload);
    const sip::FrameEvent event = sip::frame_websocket(octets);
    switch (event.kind) {
        case sip::FrameEvent::Kind::Message:
            return hub_->message(state_, flow_, std::move(octets));
        case sip::FrameEvent::Kind::Ping:
            session.send_text("\r\n");
            return;
        case sip::FrameEvent::Kind::Pong:
            return;
        case sip::FrameEvent::Kind::Error:
            return hub_->garbage(state_, flow_, event);
    }
}

void WebSocketFlow::on_closed(WebSocketSession&, std::uint16_t code, std::string_view) {
    idle_.cancel();
    session_.reset();
    report_closed(code == websocket_code::kAbnormal ? CloseReason::PeerReset : CloseReason::PeerClosed);
}

void WebSocketFlow::write(std::string message) {
    // RFC 7118 section 4.2: one message per WebSocket message. Text where it is text; a body may be anything.
    if (session_) session_->send(is_utf8(message) ? WebSocketKind::Text : WebSocketKind::Binary, message);
}

void WebSocketFlow::keep(bool kept) {
    kept_ = kept;
    if (kept)
        idle_.cancel();
    else if (session_)
        hub_->io.arm(idle_, hub_->options.idle_unregistered);
}

void WebSocketFlow::mark(std::uint8_t dscp) {
    if (session_) session_->set_dscp(dscp);
}

void WebSocketFlow::close() {
    if (session_) session_->close(websocket_code::kNormal, {});
}

}  // namespace dp::net

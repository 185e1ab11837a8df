#pragma once
/// @file The I/O half of SIP flows: a StreamHandler for TCP and TLS, a WebSocketHandler for WS and WSS, both turning
/// octets into whole messages. Internal to net.
///
/// Threads: I/O loop, except FlowState's atomics.

#include <atomic>
#include <deque>
#include <memory>
#include <unordered_map>

#include "base/timer_wheel.hpp"
#include "net/event_loop.hpp"
#include "net/sip_streams.hpp"
#include "sip/stream_framer.hpp"

namespace dp::net {

class FlowLink;

/// One flow as both threads see it.
struct FlowState {
    explicit FlowState(std::uint64_t connection) : id(connection) {}
    const std::uint64_t id;
    std::atomic<bool> closed{false};
    std::atomic<std::size_t> posted{0};   ///< octets on their way to the I/O loop
    std::atomic<std::size_t> waiting{0};  ///< octets in the connection's queue, as of the last write
    FlowLink* link = nullptr;             ///< I/O loop only
    bool announced = false;               ///< I/O loop only: the control thread has heard of it
};

/// What the I/O half shares, and its way to the control thread.
class SipFlowHub {
public:
    SipFlowHub(EventLoop& io_loop, Executor& control, SipStreamOptions stream_options, SipStreamSink& stream_sink);

    std::shared_ptr<FlowState> new_state() {
        return std::make_shared<FlowState>(next_id_.fetch_add(1, std::memory_order_relaxed));
    }
    void message(const std::shared_ptr<FlowState>& state, const sip::Flow& flow, std::string octets);
    void garbage(const std::shared_ptr<FlowState>& state, const sip::Flow& flow, const sip::FrameEvent& event);
    void closed(const std::shared_ptr<FlowState>& state, const sip::Flow& flow, CloseReason reason);
    void close_all();

    EventLoop& io;
    Executor& control;
    const SipStreamOptions options;
    SipStreamSink& sink;
    std::unordered_map<std::uint64_t, FlowLink*> links;  ///< I/O loop only
    std::atomic<bool> stopped{false};

    /// Control thread: the flows it may use.
    std::unordered_map<std::uint64_t, std::shared_ptr<FlowState>> flows;
    std::unordered_map<std::string, std::uint64_t> by_target;

private:
    void deliver(Task task);
    void deliver_surely(Task task);
    void retry();

    std::atomic<std::uint64_t> next_id_{1};
    std::deque<Task> undelivered_;  ///< I/O loop only: what may not be lost while the control mailbox is full
    Timer retry_;

public:
    std::weak_ptr<SipFlowHub> self;
};

/// A flow's connection, whichever kind.
class FlowLink {
public:
    FlowLink(std::shared_ptr<SipFlowHub> hub, std::shared_ptr<FlowState> state);
    virtual ~FlowLink();
    virtual void write(std::string message) = 0;
    virtual void keep(bool kept) = 0;
    virtual void mark(std::uint8_t dscp) = 0;
    virtual void close() = 0;
    virtual void close_now() = 0;

protected:
    void report_closed(CloseReason reason);
    std::shared_ptr<SipFlowHub> hub_;
    std::shared_ptr<FlowState> state_;
    sip::Flow flow_;
    bool closed_ = false;
};

enum class FlowOrigin : std::uint8_t { Accepted, Opened };

class StreamFlow final : public StreamHandler, public FlowLink {
public:
    StreamFlow(std::shared_ptr<SipFlowHub> hub, std::shared_ptr<FlowState> state, sip::TransportKind kind,
               FlowOrigin origin);

    /// The connection of a flow we open; it may be written to before it is open.
    void attach(StreamConnection& connection) { connection_ = &connection; }
    void on_open(StreamConnection& connection) override;
    void on_bytes(StreamConnection& connection, std::string_view bytes) override;
    void on_drained(StreamConnection& connection) override;
    void on_closed(StreamConnection& connection, CloseReason reason) override;

    void write(std::string message) override;
    void keep(bool kept) override;
    void mark(std::uint8_t dscp) override;
    void close() override;
    void close_now() override;

private:
    bool on_event(StreamConnection& connection, const sip::FrameEvent& event);
    void on_partial_deadline();
    void on_ping_due();

    const FlowOrigin origin_;
    StreamConnection* connection_ = nullptr;
    sip::StreamFramer framer_;
    Timer partial_, ping_;
    bool awaiting_pong_ = false, kept_ = false, refused_ = false;
};

/// One per WebSocket session.
class WebSocketFlow final : public WebSocketHandler, public FlowLink {
public:
    WebSocketFlow(std::shared_ptr<SipFlowHub> hub, std::shared_ptr<FlowState> state);

    void on_open(std::shared_ptr<WebSocketSession> session) override;
    void on_message(WebSocketSession& session, WebSocketKind kind, std::string_view payload) override;
    void on_closed(WebSocketSession& session, std::uint16_t code, std::string_view reason) override;

    void write(std::string message) override;
    void keep(bool kept) override;
    void mark(std::uint8_t dscp) override;
    void close() override;
    void close_now() override { close(); }

private:
    std::shared_ptr<WebSocketSession> session_;
    Timer idle_;
    bool kept_ = false;
};

}  // namespace dp::net

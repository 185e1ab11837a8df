#include "net/sip_streams.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/ascii.hpp"
#include "net/sip_stream_flow.hpp"

namespace dp::net {
namespace {

/// Connections that may serve each other's requests: same transport, address and certificate name.
std::string key_of(const sip::Target& target) {
    return fmt::format("{} {} {}", static_cast<int>(target.transport), target.remote.str(), target.server_name);
}

sip::Flow flow_to(const sip::Target& target, std::uint64_t connection) {
    sip::Flow flow;
    flow.kind = target.transport;
    flow.connection = connection;
    flow.remote = target.remote;
    return flow;
}

}  // namespace

struct SipStreams::Impl {
    std::shared_ptr<SipFlowHub> hub;
    std::vector<std::unique_ptr<StreamListener>> listeners;
    std::vector<bool> tls;

    FlowState* find(const sip::Flow& flow) const {
        if (hub->stopped.load(std::memory_order_acquire)) return nullptr;
        const auto found = hub->flows.find(flow.connection);
        return found == hub->flows.end() || found->second->closed.load(std::memory_order_acquire) ? nullptr
                                                                                                  : found->second.get();
    }
    /// Runs `step` on the flow's connection, on the I/O loop.
    template <class Step>
    bool on_link(const sip::Flow& flow, Step step) {
        if (!find(flow)) return false;
        return hub->io.post([state = hub->flows.at(flow.connection), step = std::move(step)]() mutable {
            if (state->link) step(*state->link);
        });
    }
    bool send(const sip::Flow& flow, std::string_view message);
    void connect(const sip::Target& target, const std::shared_ptr<FlowState>& state);
};

SipStreams::SipStreams(EventLoop& io, Executor& control, SipStreamOptions options, SipStreamSink& sink)
    : impl_(std::make_shared<Impl>()) {
    impl_->hub = std::make_shared<SipFlowHub>(io, control, std::move(options), sink);
    impl_->hub->self = impl_->hub;
}

SipStreams::~SipStreams() = default;

// --- I/O loop
// ---------------------------------------------------------------------------------------------------------------

Result<Endpoint> SipStreams::listen(ListenOptions options) {
    const bool with_tls = static_cast<bool>(options.tls);
    const auto kind = with_tls ? sip::TransportKind::Tls : sip::TransportKind::Tcp;
    DP_TRY(listener,
           StreamListener::listen(impl_->hub->io, std::move(options), [hub = impl_->hub, kind](StreamConnection&) {
               return std::make_unique<StreamFlow>(hub, hub->new_state(), kind, FlowOrigin::Accepted);
           }));
    const Endpoint bound = listener->local();
    impl_->listeners.push_back(std::move(listener));
    impl_->tls.push_back(with_tls);
    return bound;
}

void SipStreams::set_tls(TlsContext context) {
    for (std::size_t i = 0; i < impl_->listeners.size(); ++i)
        if (impl_->tls[i]) impl_->listeners[i]->set_tls(context);
}

Result<void> SipStreams::admit(const HttpRequest& request) const {
    if (!request.is_websocket_upgrade)
        return fail(ErrorCode::InvalidValue, "a WebSocket handshake is needed", "Upgrade");
    const auto offered = request.websocket_protocols();
    if (std::ranges::find(offered, "sip") == offered.end())
        return fail(ErrorCode::InvalidValue, "the WebSocket sub-protocol must be sip", "Sec-WebSocket-Protocol");
    // Only browsers send an Origin, and they always do (RFC 6455 10.2).
    if (!request.has_header("Origin")) return {};
    const std::string_view origin = request.header("Origin");
    const std::string own = (request.is_tls ? "https://" : "http://") + std::string(request.header("Host"));
    if (ascii::iequals(origin, own)) return {};
    const auto& allowed = impl_->hub->options.allowed_origins;
    if (std::ranges::any_of(allowed, [origin](const std::string& one) { return ascii::iequals(one, origin); }))
        return {};
    return fail(ErrorCode::Forbidden, "this origin may not open a SIP WebSocket", "Origin");
}

std::shared_ptr<WebSocketHandler> SipStreams::websocket_handler() {
    return std::make_shared<WebSocketFlow>(impl_->hub, impl_->hub->new_state());
}

const WebSocketOptions& SipStreams::websocket_options() const {
    return impl_->hub->options.websocket;
}

void SipStreams::stop() {
    impl_->hub->close_all();
    impl_->listeners.clear();
}

void SipStreams::Impl::connect(const sip::Target& target, const std::shared_ptr<FlowState>& state) {
    if (hub->stopped.load(std::memory_order_acquire)) return;
    auto handler = std::make_unique<StreamFlow>(hub, state, target.transport, FlowOrigin::Opened);
    StreamFlow& flow = *handler;
    ConnectOptions options{.to = target.remote, .limits = hub->options.limits};
    if (target.transport == sip::TransportKind::Tls) {
        options.tls = hub->options.client_tls;
        options.server_name = target.server_name;
    }
    const auto connection = connect_stream(hub->io, std::move(options), std::move(handler));
    flow.attach(*connection);
}

// --- control thread
// ---------------------------------------------------------------------------------------------------------

sip::Flow SipStreams::open_flow(const sip::Target& target) {
    const bool openable = target.transport == sip::TransportKind::Tcp ||
                          (target.transport == sip::TransportKind::Tls && impl_->hub->options.client_tls);
    if (!openable) return flow_to(target, 0);
    auto& hub = *impl_->hub;
    const std::string key = key_of(target);
    if (const auto known = hub.by_target.find(key); known != hub.by_target.end()) {
        const sip::Flow flow = flow_to(target, known->second);
        if (impl_->find(flow)) return flow;
    }
    const auto state = hub.new_state();
    state->announced = true;
    const sip::Flow flow = flow_to(target, state->id);
    if (!hub.io.post([impl = impl_, target, state] { impl->connect(target, state); })) return flow_to(target, 0);
    hub.flows[state->id] = state;
    hub.by_target[key] = state->id;
    return flow;
}

bool SipStreams::send(const sip::Flow& flow, std::string_view message) {
    return impl_->send(flow, message);
}

bool SipStreams::Impl::send(const sip::Flow& flow, std::string_view message) {
    FlowState* state = find(flow);
    if (!state) return false;
    const std::size_t ahead =
        state->posted.load(std::memory_order_relaxed) + state->waiting.load(std::memory_order_relaxed);
    if (ahead + message.size() > hub->options.send_queue) return false;
    state->posted.fetch_add(message.size(), std::memory_order_relaxed);
    const bool taken = hub->io.post([state = hub->flows.at(flow.connection), octets = std::string(message)]() mutable {
        state->posted.fetch_sub(octets.size(), std::memory_order_relaxed);
        if (state->link) state->link->write(std::move(octets));
    });
    if (!taken) state->posted.fetch_sub(message.size(), std::memory_order_relaxed);
    return taken;
}

void SipStreams::keep(const sip::Flow& flow) {
    static_cast<void>(impl_->on_link(flow, [](FlowLink& link) { link.keep(true); }));
}

void SipStreams::unkeep(const sip::Flow& flow) {
    static_cast<void>(impl_->on_link(flow, [](FlowLink& link) { link.keep(false); }));
}

void SipStreams::mark(const sip::Flow& flow, std::uint8_t dscp) {
    static_cast<void>(impl_->on_link(flow, [dscp](FlowLink& link) { link.mark(dscp); }));
}

void SipStreams::answer_and_close(const sip::Flow& flow, std::string_view message) {
    static_cast<void>(impl_->on_link(flow, [octets = std::string(message)](FlowLink& link) mutable {
        if (!octets.empty()) link.write(std::move(octets));
        link.close();
    }));
}

void SipStreams::close(const sip::Flow& flow) {
    answer_and_close(flow, {});
}

std::size_t SipStreams::open_flows() const {
    return impl_->hub->flows.size();
}

}  // namespace dp::net

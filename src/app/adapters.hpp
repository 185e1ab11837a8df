#pragma once
/// @file The small pieces that let one module's port be served by another: they translate types and threads, and decide
/// nothing.

#include <functional>
#include <memory>

#include "api/api_server.hpp"
#include "call/conversation_sink.hpp"
#include "net/resolver.hpp"
#include "net/sip_endpoint.hpp"
#include "signaling/control_shard.hpp"
#include "telephony/conversation/outbox.hpp"

namespace dp::app {

/// What the control shard records goes to the outbox, and to whoever follows it over a notification channel. Control
/// thread.
class RecordingSink final : public call::ConversationSink {
public:
    RecordingSink(telephony::Outbox& outbox, const telephony::LiveStations& stations)
        : outbox_(outbox), stations_(stations) {}
    /// The API starts after the shard's ports are made; until then nobody follows anything.
    void set_api(api::ApiServer* api) { api_ = api; }
    /// Told of each station that changed: the sandbox's phones make room for real ones.
    using StationListener = std::function<void(const telephony::Station&)>;
    void set_station_listener(StationListener listener) { station_listener_ = std::move(listener); }

    void record(telephony::Ptr<telephony::Conversation> conversation, std::vector<telephony::Event> events) override;
    void record(std::vector<telephony::Event> events) override;
    bool accepting() const override { return outbox_.accepting(); }

private:
    void station_changed(const telephony::StationId& id);

    telephony::Outbox& outbox_;
    const telephony::LiveStations& stations_;
    api::ApiServer* api_ = nullptr;
    StationListener station_listener_;
};

/// RFC 3263 look-ups for the control shard.
class DnsHostResolver final : public signaling::HostResolver {
public:
    DnsHostResolver(net::Resolver& resolver, Executor& control) : resolver_(resolver), control_(control) {}
    void resolve(const std::string& host, std::uint16_t port, sip::TransportKind transport,
                 signaling::ResolveReply done) override;

private:
    net::Resolver& resolver_;
    Executor& control_;
};

/// Connections that carry a registration stay open; what goes to a phone is marked as its session says. Control thread.
class StreamKeeper final : public signaling::FlowKeeper {
public:
    void set_streams(net::SipStreams* streams) { streams_ = streams; }
    void set_endpoint(net::SipEndpoint* endpoint) { endpoint_ = endpoint; }
    void keep(const sip::Flow& flow) override;
    void unkeep(const sip::Flow& flow) override;
    void mark(const sip::Flow& flow, std::uint8_t dscp) override;
    void unmark(const sip::Flow& flow) override;

private:
    net::SipEndpoint* endpoint_ = nullptr;
    net::SipStreams* streams_ = nullptr;
};

/// From the API to the calls. Any thread.
class ShardCallControl final : public api::CallControl {
public:
    void set_shard(signaling::ControlShard* shard) { shard_ = shard; }
    bool start(const telephony::PlacedCall& call, api::AgentAnswer answer) override;
    void order(telephony::CallOrder order, Executor& reply_on,
               std::move_only_function<void(Result<void>)> reply) override;
    void check_trunk(telephony::Ptr<telephony::Trunk> trunk, Executor& reply_on,
                     std::move_only_function<void(Result<telephony::TrunkCheckReport>)> reply) override;

private:
    signaling::ControlShard* shard_ = nullptr;
};

/// From the network to the control shard. Control thread.
class ShardReceiver final : public net::SipReceiver {
public:
    void set_shard(signaling::ControlShard* shard) { shard_ = shard; }
    void receive(std::span<char> message, const sip::Flow& flow) override;
    void flow_closed(const sip::Flow& flow) override;
    void datagram_refused(const Endpoint& remote, std::string_view quoted) override;

private:
    signaling::ControlShard* shard_ = nullptr;
};

}  // namespace dp::app

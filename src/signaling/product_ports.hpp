#pragma once
/// @file The product's side of two small ports: names are resolved by net::Resolver, conversation records go to
/// telephony::Outbox.

#include "call/conversation_sink.hpp"
#include "net/resolver.hpp"
#include "signaling/host_resolver.hpp"
#include "telephony/conversation/outbox.hpp"

namespace dp::signaling {

class DnsHostResolver final : public HostResolver {
public:
    DnsHostResolver(net::Resolver& resolver, Executor& owner) : resolver_(resolver), owner_(owner) {}

    void resolve(const std::string& host, std::uint16_t port, sip::TransportKind transport,
                 ResolveReply done) override {
        net::SipQuery query;
        query.host = host;
        query.port = port;
        query.transport = transport;
        resolver_.sip_targets(std::move(query), owner_, std::move(done));
    }

private:
    net::Resolver& resolver_;
    Executor& owner_;
};

class OutboxSink final : public call::ConversationSink {
public:
    explicit OutboxSink(telephony::Outbox& outbox) : outbox_(outbox) {}

    void record(telephony::Ptr<telephony::Conversation> conversation, std::vector<telephony::Event> events) override {
        outbox_.record(std::move(conversation), std::move(events));
    }
    void record(std::vector<telephony::Event> events) override { outbox_.record(std::move(events)); }
    bool accepting() const override { return outbox_.accepting(); }

private:
    telephony::Outbox& outbox_;
};

}  // namespace dp::signaling

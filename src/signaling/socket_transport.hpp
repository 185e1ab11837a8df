#pragma once
/// @file SocketTransport: the control shard's transport in the product: UDP sockets on the control loop, stream
/// connections of the I/O threads behind net::SipStreams.
///
/// Threads: the control loop. Lifetime: bind, then set_streams and set_receiver, before anything is sent; unbind()
/// before the receiver is destroyed. Source: RFC 3261 §18, 3581; sip-stack 0.1.

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "net/sip_streams.hpp"
#include "net/udp_socket.hpp"
#include "signaling/flow_transport.hpp"

namespace dp::net {
class EventLoop;
}

namespace dp::signaling {

class ControlShard;

struct SocketTransportOptions {
    std::vector<Endpoint> udp;  ///< port 0: the kernel chooses
    std::uint8_t dscp = 24;     ///< CS3 (RFC 4594)
    std::string advertise;      ///< address that peers outside are told; empty: the one the flow uses
};

class SocketTransport final : public FlowTransport, public net::SipStreamSink {
public:
    SocketTransport(net::EventLoop& loop, SocketTransportOptions options);
    ~SocketTransport() override;

    Result<void> bind();
    /// The sockets as bound.
    std::vector<Endpoint> local_endpoints() const;
    /// TCP, TLS and WebSocket; none: UDP only.
    void set_streams(net::SipStreams* streams) { streams_ = streams; }
    void set_receiver(ControlShard* receiver) { receiver_ = receiver; }
    /// Where streams accept, so that requests over connections we opened name a port that can be reached (RFC 3261
    /// §18.1.1).
    void set_stream_port(sip::TransportKind kind, std::uint16_t port) { stream_ports_[kind] = port; }
    void unbind();

    bool send(const sip::Flow& flow, std::string_view message) override;
    sip::Flow open_flow(const sip::Target& target) override;
    std::string_view advertised(const sip::Flow& flow) const override;
    void keep(const sip::Flow& flow) override;
    void unkeep(const sip::Flow& flow) override;

    void on_sip_message(const sip::Flow& flow, std::string message) override;
    void on_sip_garbage(const sip::Flow& flow, std::uint16_t status, std::string_view reason,
                        std::string octets) override;
    void on_sip_flow_closed(const sip::Flow& flow, net::CloseReason reason) override;

private:
    void receive_datagram(std::span<const std::uint8_t> bytes, const Endpoint& from, const Endpoint& to);
    net::UdpSocket* socket_for(const sip::Flow& flow) const;
    std::string reachable_host(const sip::Flow& flow) const;

    net::EventLoop& loop_;
    SocketTransportOptions options_;
    std::vector<std::unique_ptr<net::UdpSocket>> sockets_;
    net::SipStreams* streams_ = nullptr;
    ControlShard* receiver_ = nullptr;
    std::unordered_map<sip::TransportKind, std::uint16_t> stream_ports_;
    std::string datagram_;                                        ///< the message being handled
    mutable std::unordered_map<Endpoint, std::string> by_local_;  ///< advertised text of a bound address
    mutable std::unordered_map<IpAddress, std::string>
        by_remote_;  ///< our host on the way to a peer, for wildcard sockets
    mutable std::string text_;
};

}  // namespace dp::signaling

#pragma once
/// @file How one leg's packets leave: by sockets of its own (SIP phones, trunks), by the worker's shared socket
/// (browsers), or by the port that trunk legs of the worker share.
///
/// Thread: the leg's worker. Own sockets are connected to a peer that can no longer change without signalling: the
/// kernel then caches the route and drops every other source. An ICMP error is counted and otherwise means nothing.

#include <optional>

#include "media/port_pool.hpp"
#include "media/send_queue.hpp"
#include "media/shared_port.hpp"

namespace dp::media {

class LegTransport {
public:
    LegTransport(PortPair own, std::uint8_t dscp, SendQueue& queue);
    LegTransport(SharedSocket& shared, std::uint8_t dscp) : shared_(&shared), dscp_(dscp) {}
    LegTransport(SharedPort& port, std::uint8_t dscp) : shared_(&port.rtp()), port_(&port), dscp_(dscp) {}

    /// The packet leaves at the end of the batch.
    void send_rtp(rtp::Bytes packet);
    /// On the RTP socket when both are multiplexed (RFC 5761).
    void send_rtcp(rtp::Bytes packet);
    /// STUN and DTLS: to whoever they came from or are meant for, at once.
    void send_to(rtp::Bytes packet, const Endpoint& to);

    void set_rtp_destination(const std::optional<Endpoint>& to);
    void set_rtcp_destination(const std::optional<Endpoint>& to, bool multiplexed);
    const std::optional<Endpoint>& rtp_destination() const { return rtp_to_; }
    const std::optional<Endpoint>& rtcp_destination() const { return rtcp_to_; }

    /// Own sockets only: fixes the present RTP destination in the kernel, or lets go of it.
    void connect();
    void disconnect();
    bool connected() const { return connected_; }

    SharedSocket* shared() const { return shared_; }
    SharedPort* shared_port() const { return port_; }
    bool multiplexes_rtcp() const { return multiplexed_; }
    const PortPair& own() const { return own_; }
    /// For draining: the leg sends no more.
    PortPair take_own() { return std::move(own_); }
    std::uint64_t send_errors() const { return send_errors_; }

private:
    SharedSocket* shared_ = nullptr;
    SharedPort* port_ = nullptr;
    SendQueue* queue_ = nullptr;
    PortPair own_;
    std::uint8_t dscp_;
    bool connected_ = false;
    bool multiplexed_ = false;
    std::optional<Endpoint> rtp_to_;
    std::optional<Endpoint> rtcp_to_;
    SocketAddress rtp_address_;
    SocketAddress rtcp_address_;
    std::uint64_t send_errors_ = 0;
};

}  // namespace dp::media

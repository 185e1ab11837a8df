#pragma once
/// @file SipEndpoint: the SIP core's way to the network in the product: UDP sockets on the control loop and stream
/// connections of the I/O loop behind one SipTransport. The server has one, the sandbox carrier another.
///
/// Threads: the control loop only, construction included (before it runs). Lifetime: the receiver, the loop and the
/// streams outlive it.

#include <array>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.hpp"
#include "net/sip_streams.hpp"
#include "net/udp_socket.hpp"
#include "sip/transport.hpp"

namespace dp::net {

/// Who gets what arrives: a sip::UserAgent, or what stands in front of it.
class SipReceiver {
public:
    virtual ~SipReceiver() = default;
    /// One whole message, valid during the call; it may be changed in place.
    virtual void receive(std::span<char> message, const sip::Flow& flow) = 0;
    virtual void flow_closed(const sip::Flow& flow) = 0;
    virtual void datagram_refused(const Endpoint& remote, std::string_view quoted) = 0;
};

class SipEndpoint final : public sip::SipTransport, public SipStreamSink {
public:
    /// `advertise` replaces the address (not the port) of its family that we tell others, behind a 1:1 NAT.
    SipEndpoint(EventLoop& control, SipReceiver& receiver, std::optional<IpAddress> advertise);
    ~SipEndpoint() override;

    /// One socket per address family at most. Returns the address bound.
    Result<Endpoint> bind_udp(const UdpOptions& options);
    /// Streams are made with this object as their sink, then given here. `listening`: where each kind is accepted, for
    /// Contact and Via.
    void set_streams(SipStreams* streams) { streams_ = streams; }
    void set_listening(sip::TransportKind kind, const Endpoint& local);

    /// Datagrams to this address carry another DSCP than the socket's.
    void mark(const Endpoint& remote, std::uint8_t dscp) { marks_[remote] = dscp; }
    void unmark(const Endpoint& remote) { marks_.erase(remote); }

    // sip::SipTransport
    [[nodiscard]] bool send(const sip::Flow& flow, std::string_view message) override;
    sip::Flow open_flow(const sip::Target& target) override;
    std::string_view advertised(const sip::Flow& flow) const override;

    // SipStreamSink
    void on_sip_message(const sip::Flow& flow, std::string message) override;
    void on_sip_garbage(const sip::Flow& flow, std::uint16_t status, std::string_view reason,
                        std::string octets) override;
    void on_sip_flow_closed(const sip::Flow& flow, CloseReason reason) override;

private:
    std::string announced(const Endpoint& local) const;
    UdpSocket* socket_for(const Endpoint& remote) const;
    void datagram(std::span<const std::uint8_t> bytes, const Endpoint& from, const Endpoint& to);

    EventLoop& control_;
    SipReceiver& receiver_;
    std::optional<IpAddress> advertise_;
    std::vector<std::unique_ptr<UdpSocket>> sockets_;
    SipStreams* streams_ = nullptr;
    std::array<std::array<std::string, 2>, 5> listening_;  ///< host:port by transport kind and IP family
    mutable std::string advertised_;                       ///< of the last call
    mutable Endpoint advertised_for_;  ///< and for which local address: it is asked for in every message
    std::unordered_map<Endpoint, std::uint8_t> marks_;  ///< DSCP by remote address
    std::vector<char> scratch_;                         ///< a datagram's mutable copy
    std::optional<sip::Flow> closing_;                  ///< the flow whose one answer also ends it
};

}  // namespace dp::net

#include "net/sip_endpoint.hpp"

#include <algorithm>

#include "net/event_loop.hpp"
#include "net/sip_message_counters.hpp"

namespace dp::net {

SipEndpoint::SipEndpoint(EventLoop& control, SipReceiver& receiver, std::optional<IpAddress> advertise)
    : control_(control), receiver_(receiver), advertise_(advertise), scratch_(65'536) {}

SipEndpoint::~SipEndpoint() = default;

Result<Endpoint> SipEndpoint::bind_udp(const UdpOptions& options) {
    DP_TRY(socket, UdpSocket::bind(
                       control_, options,
                       [this](std::span<const std::uint8_t> bytes, const Endpoint& from, const Endpoint& to) {
                           datagram(bytes, from, to);
                       },
                       [this](const Endpoint& to, int, std::span<const std::uint8_t> quoted) {
                           receiver_.datagram_refused(to,
                                                      {reinterpret_cast<const char*>(quoted.data()), quoted.size()});
                       }));
    const Endpoint local = socket->local();
    sockets_.push_back(std::move(socket));
    set_listening(sip::TransportKind::Udp, local);
    return local;
}

void SipEndpoint::set_listening(sip::TransportKind kind, const Endpoint& local) {
    listening_[static_cast<std::size_t>(kind)][local.address.is_v4() ? 0 : 1] = announced(local);
}

std::string SipEndpoint::announced(const Endpoint& local) const {
    const bool ours = advertise_ && advertise_->is_v4() == local.address.is_v4();
    return Endpoint{ours ? *advertise_ : local.address, local.port}.str();
}

void SipEndpoint::datagram(std::span<const std::uint8_t> bytes, const Endpoint& from, const Endpoint& to) {
    if (bytes.size() > scratch_.size()) return;
    std::ranges::copy(bytes, scratch_.begin());
    count_sip_message(SipDirection::In, {scratch_.data(), bytes.size()});
    receiver_.receive({scratch_.data(), bytes.size()}, {sip::TransportKind::Udp, 0, 0, to, from});
}

UdpSocket* SipEndpoint::socket_for(const Endpoint& remote) const {
    for (const auto& socket : sockets_)
        if (socket->local().address.is_v4() == remote.address.is_v4()) return socket.get();
    return nullptr;
}

bool SipEndpoint::send(const sip::Flow& flow, std::string_view message) {
    count_sip_message(SipDirection::Out, message);
    if (flow.kind != sip::TransportKind::Udp) {
        if (!streams_) return false;
        if (closing_ && *closing_ == flow) {
            streams_->answer_and_close(flow, message);
            closing_.reset();
            return true;
        }
        return streams_->send(flow, message);
    }
    UdpSocket* socket = socket_for(flow.remote);
    if (!socket) return false;
    const auto marked = marks_.find(flow.remote);
    return socket->send({reinterpret_cast<const std::uint8_t*>(message.data()), message.size()}, flow.remote,
                        flow.local.address, marked == marks_.end() ? std::nullopt : std::optional(marked->second));
}

sip::Flow SipEndpoint::open_flow(const sip::Target& target) {
    if (target.transport != sip::TransportKind::Udp)
        return streams_ ? streams_->open_flow(target) : sip::Flow{target.transport, 0, 0, {}, target.remote};
    sip::Flow flow{sip::TransportKind::Udp, 0, 0, {}, target.remote};
    if (const UdpSocket* socket = socket_for(target.remote)) flow.local = socket->local();
    return flow;
}

// Where others reach us: our listener of that kind where there is one (a connection's own source port accepts nobody),
// else the flow's local address.
std::string_view SipEndpoint::advertised(const sip::Flow& flow) const {
    const auto& listener = listening_[static_cast<std::size_t>(flow.kind)][flow.remote.address.is_v4() ? 0 : 1];
    if (flow.kind != sip::TransportKind::Udp && !listener.empty()) return listener;
    const Endpoint local =
        flow.local.port != 0 || !socket_for(flow.remote) ? flow.local : socket_for(flow.remote)->local();
    if (local != advertised_for_ || advertised_.empty()) {
        advertised_ = announced(local);
        advertised_for_ = local;
    }
    return advertised_;
}

void SipEndpoint::on_sip_message(const sip::Flow& flow, std::string message) {
    count_sip_message(SipDirection::In, message);
    receiver_.receive(message, flow);
}

// The stateless answer that the core writes to such octets, if any, is the last thing the connection carries.
void SipEndpoint::on_sip_garbage(const sip::Flow& flow, std::uint16_t, std::string_view, std::string octets) {
    closing_ = flow;
    receiver_.receive(octets, flow);
    if (closing_ && streams_) streams_->close(flow);
    closing_.reset();
}

void SipEndpoint::on_sip_flow_closed(const sip::Flow& flow, CloseReason) {
    receiver_.flow_closed(flow);
}

}  // namespace dp::net

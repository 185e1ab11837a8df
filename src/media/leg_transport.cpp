#include "media/leg_transport.hpp"

#include <sys/socket.h>

namespace dp::media {

LegTransport::LegTransport(PortPair own, std::uint8_t dscp, SendQueue& queue)
    : queue_(&queue), own_(std::move(own)), dscp_(dscp) {
    own_.rtp.set_dscp(dscp);
    own_.rtcp.set_dscp(dscp);
}

void LegTransport::send_rtp(rtp::Bytes packet) {
    if (shared_) return shared_->queue(packet, rtp_address_, dscp_);
    if (connected_)
        queue_->add(own_.rtp.fd(), packet, nullptr, 0);
    else
        queue_->add(own_.rtp.fd(), packet, rtp_address_.get(), rtp_address_.length);
}

void LegTransport::send_rtcp(rtp::Bytes packet) {
    if (multiplexed_ || (shared_ && !port_)) {
        if (rtp_to_) send_rtp(packet);
        return;
    }
    if (!rtcp_to_) return;
    if (port_) return port_->rtcp().queue(packet, rtcp_address_, dscp_);
    if (::sendto(own_.rtcp.fd(), packet.data(), packet.size(), 0, rtcp_address_.get(), rtcp_address_.length) < 0)
        ++send_errors_;
}

void LegTransport::send_to(rtp::Bytes packet, const Endpoint& to) {
    const SocketAddress address(to);
    const int fd = shared_ ? shared_->socket().fd() : own_.rtp.fd();
    if (::sendto(fd, packet.data(), packet.size(), 0, address.get(), address.length) < 0) ++send_errors_;
}

void LegTransport::set_rtp_destination(const std::optional<Endpoint>& to) {
    if (to == rtp_to_) return;
    disconnect();
    rtp_to_ = to;
    rtp_address_ = to ? SocketAddress(*to) : SocketAddress();
}

void LegTransport::set_rtcp_destination(const std::optional<Endpoint>& to, bool multiplexed) {
    multiplexed_ = multiplexed;
    rtcp_to_ = to;
    rtcp_address_ = to ? SocketAddress(*to) : SocketAddress();
}

void LegTransport::connect() {
    if (!shared_ && rtp_to_ && !connected_) connected_ = own_.rtp.connect(*rtp_to_);
}

void LegTransport::disconnect() {
    if (connected_) own_.rtp.disconnect();
    connected_ = false;
}

}  // namespace dp::media

#include "media/shared_socket.hpp"

#include <cerrno>
#include <cstring>

namespace dp::media {

void Demultiplexer::remove_ufrag(std::string_view ufrag) {
    if (const auto at = by_ufrag_.find(ufrag); at != by_ufrag_.end()) by_ufrag_.erase(at);
}

void Demultiplexer::remove_remote(const Endpoint& remote, const Leg& leg) {
    by_remote_.erase(remote, leg);
}

void Demultiplexer::remove(const Leg& leg) {
    std::erase_if(by_ufrag_, [&](const auto& entry) { return entry.second == &leg; });
    by_remote_.erase(leg);
}

Leg* Demultiplexer::by_ufrag(std::string_view ufrag) const {
    const auto at = by_ufrag_.find(ufrag);
    return at == by_ufrag_.end() ? nullptr : at->second;
}

SharedSocket::SharedSocket(UdpSocket socket, std::uint8_t dscp)
    : socket_(std::move(socket)), dscp_(dscp), v6_(!socket_.local().address.is_v4()) {
    constexpr int kBuffer = 4 << 20;
    socket_.set_receive_buffer(kBuffer);
    socket_.set_dscp(dscp);
    received_.reserve(kBatch);
}

std::span<const SharedSocket::Received> SharedSocket::receive(PacketRing& ring) {
    const auto slots = ring.next_batch(kBatch);
    for (std::size_t i = 0; i < kBatch; ++i) {
        in_vectors_[i] = {slots[i].octets.data(), slots[i].octets.size()};
        in_headers_[i].msg_hdr = {};
        in_headers_[i].msg_hdr.msg_name = &in_addresses_[i];
        in_headers_[i].msg_hdr.msg_namelen = sizeof in_addresses_[i];
        in_headers_[i].msg_hdr.msg_iov = &in_vectors_[i];
        in_headers_[i].msg_hdr.msg_iovlen = 1;
    }
    const int count = ::recvmmsg(socket_.fd(), in_headers_.data(), kBatch, 0, nullptr);
    last_count_ = count > 0 ? static_cast<std::size_t>(count) : 0;
    received_.clear();
    for (std::size_t i = 0; i < last_count_; ++i) {
        if ((in_headers_[i].msg_hdr.msg_flags & MSG_TRUNC) != 0) continue;
        received_.push_back({rtp::MutableBytes(slots[i].octets).first(in_headers_[i].msg_len),
                             Endpoint::from_sockaddr(reinterpret_cast<const sockaddr*>(&in_addresses_[i]))});
    }
    return received_;
}

void SharedSocket::attach_dscp(msghdr& header, Ancillary& ancillary, std::uint8_t dscp) const {
    header.msg_control = ancillary.octets.data();
    header.msg_controllen = ancillary.octets.size();
    cmsghdr* control = CMSG_FIRSTHDR(&header);
    control->cmsg_level = v6_ ? IPPROTO_IPV6 : IPPROTO_IP;
    control->cmsg_type = v6_ ? IPV6_TCLASS : IP_TOS;
    control->cmsg_len = CMSG_LEN(sizeof(int));
    const int octet = dscp << 2;
    std::memcpy(CMSG_DATA(control), &octet, sizeof octet);
}

void SharedSocket::queue(rtp::Bytes packet, const SocketAddress& to, std::uint8_t dscp) {
    if (out_count_ == kBatch) flush();
    const std::size_t i = out_count_++;
    out_addresses_[i] = to;
    out_vectors_[i] = {const_cast<std::uint8_t*>(packet.data()), packet.size()};  // NOLINT: sendmmsg only reads
    msghdr& header = out_headers_[i].msg_hdr;
    header = {};
    header.msg_name = &out_addresses_[i].storage;
    header.msg_namelen = out_addresses_[i].length;
    header.msg_iov = &out_vectors_[i];
    header.msg_iovlen = 1;
    if (dscp != dscp_) attach_dscp(header, out_ancillary_[i], dscp);
}

void SharedSocket::flush() {
    std::size_t at = 0;
    while (at < out_count_) {
        const int sent = ::sendmmsg(socket_.fd(), &out_headers_[at], static_cast<unsigned>(out_count_ - at), 0);
        if (sent > 0) {
            at += static_cast<std::size_t>(sent);
        } else {
            if (errno == EINTR) continue;
            ++send_errors_;  // an ICMP error or a full buffer: this packet is lost, the others go on
            ++at;
        }
    }
    out_count_ = 0;
}

}  // namespace dp::media

#pragma once
/// @file A socket that many legs of a worker and address family share (browsers' one, the two of a shared port): batched
/// receiving and sending, and which leg a datagram belongs to.
///
/// Problem: thousands of sockets cost an event each; one socket does not, but then the leg must be found without
/// trusting what a stranger may write into a packet. So a browser's remote address maps to its leg only after STUN with
/// the leg's password came from it, and STUN itself finds its leg by our ufrag in USERNAME; a trunk's only once
/// signalling has announced it (shared_port.hpp). Thread: one worker. Queued packets
/// are referenced, not copied: flush before their memory is used again.

#include <netinet/in.h>

#include <array>
#include <cstring>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/random.hpp"
#include "media/address_table.hpp"
#include "media/packet_ring.hpp"
#include "media/udp_socket.hpp"

namespace dp::media {

class Leg;

/// Remote addresses and ufrags of one socket's legs.
class Demultiplexer {
public:
    void add_ufrag(std::string_view ufrag, Leg& leg) { by_ufrag_[std::string(ufrag)] = &leg; }
    void remove_ufrag(std::string_view ufrag);
    void add_remote(const Endpoint& remote, Leg& leg) { by_remote_.put(remote, leg); }
    void remove_remote(const Endpoint& remote, const Leg& leg);
    void remove(const Leg& leg);

    Leg* by_ufrag(std::string_view ufrag) const;
    Leg* by_remote(const Endpoint& remote) const { return by_remote_.find(remote); }
    /// by_remote() will follow in a moment.
    void prefetch(const Endpoint& remote) const { by_remote_.prefetch(remote); }

private:
    struct Hash : std::hash<std::string_view> {
        using is_transparent = void;
    };
    std::unordered_map<std::string, Leg*, Hash, std::equal_to<>> by_ufrag_;
    AddressTable by_remote_{SecureRandom().next_u64()};
};

/// An address in the form the kernel takes, made once per destination.
struct SocketAddress {
    sockaddr_in6 storage{};  ///< of either family: a sockaddr_storage would be 100 octets of nothing in every leg
    socklen_t length = 0;

    SocketAddress() = default;
    explicit SocketAddress(const Endpoint& endpoint) {
        sockaddr_storage address{};
        length = endpoint.to_sockaddr(address);
        std::memcpy(&storage, &address, length);
    }
    const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

class SharedSocket {
public:
    static constexpr std::size_t kBatch = 64;

    SharedSocket(UdpSocket socket, std::uint8_t dscp);

    struct Received {
        rtp::MutableBytes datagram;
        Endpoint from;
    };
    /// Up to kBatch datagrams into slots of the ring; truncated ones are left out. The span is valid until the next
    /// call.
    std::span<const Received> receive(PacketRing& ring);
    bool may_have_more() const { return last_count_ == kBatch; }

    /// `dscp` other than the socket's own travels as ancillary data.
    void queue(rtp::Bytes packet, const SocketAddress& to, std::uint8_t dscp);
    void flush();

    /// For small packets alone.
    void never_fragment() { socket_.never_fragment(); }
    const UdpSocket& socket() const { return socket_; }
    Demultiplexer& legs() { return legs_; }
    std::uint64_t send_errors() const { return send_errors_; }

private:
    struct alignas(8) Ancillary {
        std::array<std::uint8_t, CMSG_SPACE(sizeof(int))> octets;
    };
    void attach_dscp(msghdr& header, Ancillary& ancillary, std::uint8_t dscp) const;

    UdpSocket socket_;
    std::uint8_t dscp_;
    bool v6_;
    Demultiplexer legs_;
    std::array<mmsghdr, kBatch> in_headers_{};
    std::array<iovec, kBatch> in_vectors_{};
    std::array<sockaddr_storage, kBatch> in_addresses_{};
    std::vector<Received> received_;
    std::size_t last_count_ = 0;
    std::array<mmsghdr, kBatch> out_headers_{};
    std::array<iovec, kBatch> out_vectors_{};
    std::array<SocketAddress, kBatch> out_addresses_{};
    std::array<Ancillary, kBatch> out_ancillary_{};
    std::size_t out_count_ = 0;
    std::uint64_t send_errors_ = 0;
};

}  // namespace dp::media

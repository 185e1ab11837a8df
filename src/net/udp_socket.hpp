#pragma once
/// @file UdpSocket: a non-blocking datagram socket on an EventLoop, with batched system calls. Per wake: `recvmmsg` of
/// up to 64 datagrams, one callback each, and one `sendmmsg` of everything that was sent meanwhile at the end of the
/// turn.
///
/// Threads: owner loop only. No allocation per datagram: receive and send buffers are made at bind. Errors: ICMP errors
/// (IP_RECVERR) are counted and reported with the destination they concern; a full send batch or socket buffer drops
/// and counts.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>

#include "base/endpoint.hpp"
#include "base/result.hpp"

namespace dp::net {

class EventLoop;

struct UdpOptions {
    Endpoint local{};              ///< port 0: the kernel chooses, see UdpSocket::local()
    std::uint8_t dscp = 0;         ///< 6 bits, RFC 2474; SIP signalling is CS3 = 24
    int receive_buffer = 4 << 20;  ///< octets asked for; the kernel may grant less
    int send_buffer = 1 << 20;
    std::size_t max_datagram = 65507;  ///< longer ones arrive cut, and are dropped and counted
    std::size_t send_batch = 64;       ///< datagrams of a turn; when full they are flushed at once
};

struct UdpCounters {
    std::uint64_t received = 0, sent = 0, truncated = 0, send_dropped = 0, icmp_errors = 0;
};

class UdpSocket {
public:
    /// `bytes` is valid during the call only. `to` is the address the datagram came to (the bound port).
    using Receive = std::function<void(std::span<const std::uint8_t> bytes, const Endpoint& from, const Endpoint& to)>;
    /// An ICMP error for a datagram sent to `to`; `quoted` is the beginning of that datagram.
    using Unreachable = std::function<void(const Endpoint& to, int error, std::span<const std::uint8_t> quoted)>;

    static Result<std::unique_ptr<UdpSocket>> bind(EventLoop& loop, const UdpOptions& options, Receive receive,
                                                   Unreachable unreachable = {});
    ~UdpSocket();
    UdpSocket(const UdpSocket&) = delete;
    UdpSocket& operator=(const UdpSocket&) = delete;

    const Endpoint& local() const;
    /// Queues a copy for the end of this turn, from `local` (its address; unspecified = the kernel's choice). False
    /// when it is longer than a datagram may be or the address family differs from the socket's. `dscp` other than the
    /// socket's own travels with this datagram alone.
    bool send(std::span<const std::uint8_t> bytes, const Endpoint& to, const IpAddress& local = {},
              std::optional<std::uint8_t> dscp = {});
    /// Sends what is queued now.
    void flush();
    const UdpCounters& counters() const;

private:
    struct Impl;
    explicit UdpSocket(std::shared_ptr<Impl> impl);
    std::shared_ptr<Impl> impl_;
};

}  // namespace dp::net

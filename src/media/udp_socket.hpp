#pragma once
/// @file A non-blocking UDP socket as an owned descriptor, and the few operations media needs of it.
///
/// Thread: made on control, then its worker's. Errors: Result at set-up; per packet a plain number, as the packet path
/// must not build error texts.

#include <sys/socket.h>
#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <span>
#include <utility>

#include "base/endpoint.hpp"
#include "base/result.hpp"

namespace dp::media {

class UdpSocket {
public:
    UdpSocket() = default;
    explicit UdpSocket(int fd) : fd_(fd) {}
    UdpSocket(UdpSocket&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    UdpSocket& operator=(UdpSocket&& other) noexcept {
        std::swap(fd_, other.fd_);
        return *this;
    }
    ~UdpSocket();

    /// Bound exactly there, without address or port sharing. Conflict when the port is in use, Unavailable when
    /// descriptors are exhausted, InvalidValue when the address is not ours.
    static Result<UdpSocket> bind(const Endpoint& local);

    int fd() const { return fd_; }
    bool open() const { return fd_ >= 0; }
    void close();

    /// Both families' fields, so that it works on either kind of socket.
    void set_dscp(std::uint8_t dscp);
    /// The kernel need then not make an identification for each packet of a socket that is not connected, which takes a
    /// keyed hash. Does not believe ICMP about the path's MTU either.
    void never_fragment();
    /// Beyond the limit of ordinary users when we may. Returns what the kernel granted.
    int set_receive_buffer(int octets);
    /// Fixes the peer: the kernel caches the route and drops every other source.
    bool connect(const Endpoint& peer);
    void disconnect();
    /// Datagrams the kernel threw away because our buffer was full.
    std::uint32_t overflows() const;
    Endpoint local() const;

private:
    int fd_ = -1;
};

}  // namespace dp::media

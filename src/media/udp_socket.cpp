#include "media/udp_socket.hpp"

#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace dp::media {

UdpSocket::~UdpSocket() {
    close();
}

void UdpSocket::close() {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

Result<UdpSocket> UdpSocket::bind(const Endpoint& local) {
    sockaddr_storage address{};
    const socklen_t length = local.to_sockaddr(address);
    UdpSocket made(::socket(address.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!made.open()) return fail(ErrorCode::Unavailable, std::string("No UDP socket: ") + std::strerror(errno) + ".");
    const int on = 1;
    if (address.ss_family == AF_INET6) ::setsockopt(made.fd_, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
    if (::bind(made.fd_, reinterpret_cast<const sockaddr*>(&address), length) == 0) return made;
    const auto code = errno == EADDRINUSE ? ErrorCode::Conflict : ErrorCode::InvalidValue;
    return fail(code, "Cannot bind " + local.str() + ": " + std::strerror(errno) + ".");
}

void UdpSocket::set_dscp(std::uint8_t dscp) {
    const int octet = dscp << 2;
    ::setsockopt(fd_, IPPROTO_IP, IP_TOS, &octet, sizeof octet);
    ::setsockopt(fd_, IPPROTO_IPV6, IPV6_TCLASS, &octet, sizeof octet);
}

void UdpSocket::never_fragment() {
    const int v4 = IP_PMTUDISC_PROBE;
    const int v6 = IPV6_PMTUDISC_PROBE;
    ::setsockopt(fd_, IPPROTO_IP, IP_MTU_DISCOVER, &v4, sizeof v4);
    ::setsockopt(fd_, IPPROTO_IPV6, IPV6_MTU_DISCOVER, &v6, sizeof v6);
}

int UdpSocket::set_receive_buffer(int octets) {
    if (::setsockopt(fd_, SOL_SOCKET, SO_RCVBUFFORCE, &octets, sizeof octets) != 0)
        ::setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &octets, sizeof octets);
    int granted = 0;
    socklen_t size = sizeof granted;
    ::getsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &granted, &size);
    return granted / 2;  // the kernel doubles what is asked, for its own overhead
}

bool UdpSocket::connect(const Endpoint& peer) {
    sockaddr_storage address{};
    const socklen_t length = peer.to_sockaddr(address);
    return ::connect(fd_, reinterpret_cast<const sockaddr*>(&address), length) == 0;
}

void UdpSocket::disconnect() {
    sockaddr none{};
    none.sa_family = AF_UNSPEC;
    ::connect(fd_, &none, sizeof none);
}

std::uint32_t UdpSocket::overflows() const {
    std::uint32_t info[SK_MEMINFO_VARS] = {};
    socklen_t size = sizeof info;
    ::getsockopt(fd_, SOL_SOCKET, SO_MEMINFO, info, &size);
    return info[SK_MEMINFO_DROPS];
}

Endpoint UdpSocket::local() const {
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    if (::getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size) != 0) return {};
    return Endpoint::from_sockaddr(reinterpret_cast<const sockaddr*>(&address));
}

}  // namespace dp::media

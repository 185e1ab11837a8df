#include "net/socket_setup.hpp"

#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace dp::net {
namespace {

constexpr int kBacklog = 4096;

void set_option(int descriptor, int level, int name, int value) {
    ::setsockopt(descriptor, level, name, &value, sizeof value);
}

int open_socket(const Endpoint& local, int type) {
    const bool v4 = local.address.is_v4();
    const int descriptor = ::socket(v4 ? AF_INET : AF_INET6, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (descriptor >= 0 && !v4) set_option(descriptor, IPPROTO_IPV6, IPV6_V6ONLY, 1);
    return descriptor;
}

bool bind_to(int descriptor, const Endpoint& local) {
    sockaddr_storage address{};
    const socklen_t length = local.to_sockaddr(address);
    return ::bind(descriptor, reinterpret_cast<sockaddr*>(&address), length) == 0;
}

std::unexpected<Error> close_and_fail(int descriptor, const char* doing, const Endpoint& endpoint) {
    const int error = errno;
    if (descriptor >= 0) ::close(descriptor);
    return std::unexpected(system_error(doing, endpoint, error));
}

}  // namespace

Error system_error(const char* doing, const Endpoint& endpoint, int error) {
    return {error == EADDRINUSE ? ErrorCode::Conflict : ErrorCode::Unavailable,
            fmt::format("{} {}: {}", doing, endpoint.str(), std::system_category().message(error)),
            {}};
}

Result<int> open_listener(const StreamSocketOptions& options) {
    const int descriptor = open_socket(options.local, SOCK_STREAM);
    if (descriptor < 0) return close_and_fail(descriptor, "cannot make a socket for", options.local);
    set_option(descriptor, SOL_SOCKET, SO_REUSEADDR, 1);
    if (options.reuse_port) set_option(descriptor, SOL_SOCKET, SO_REUSEPORT, 1);
    if (options.dscp != 0) set_dscp(descriptor, options.local.address.is_v4(), options.dscp);
    if (!bind_to(descriptor, options.local) || ::listen(descriptor, kBacklog) != 0)
        return close_and_fail(descriptor, "cannot listen on", options.local);
    return descriptor;
}

ConnectingSocket start_connect(const Endpoint& to, const Endpoint& from) {
    ConnectingSocket out{open_socket(to, SOCK_STREAM), false};
    if (out.descriptor < 0) return out;
    if (!from.address.is_unspecified() && !bind_to(out.descriptor, from)) return out;
    sockaddr_storage address{};
    const socklen_t length = to.to_sockaddr(address);
    out.started = ::connect(out.descriptor, reinterpret_cast<sockaddr*>(&address), length) == 0 || errno == EINPROGRESS;
    set_no_delay(out.descriptor);
    return out;
}

Result<int> open_datagram(const Endpoint& local) {
    const int descriptor = open_socket(local, SOCK_DGRAM);
    if (descriptor < 0 || !bind_to(descriptor, local)) return close_and_fail(descriptor, "cannot bind", local);
    return descriptor;
}

void set_dscp(int descriptor, bool is_v4, std::uint8_t dscp) {
    set_option(descriptor, is_v4 ? IPPROTO_IP : IPPROTO_IPV6, is_v4 ? IP_TOS : IPV6_TCLASS, dscp << 2);
}

void set_no_delay(int descriptor) {
    set_option(descriptor, IPPROTO_TCP, TCP_NODELAY, 1);
}

Endpoint socket_name(int descriptor) {
    sockaddr_storage address{};
    socklen_t length = sizeof address;
    if (::getsockname(descriptor, reinterpret_cast<sockaddr*>(&address), &length) != 0) return {};
    return Endpoint::from_sockaddr(reinterpret_cast<sockaddr*>(&address));
}

int take_socket_error(int descriptor) {
    int error = 0;
    socklen_t length = sizeof error;
    return ::getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &length) == 0 ? error : errno;
}

}  // namespace dp::net

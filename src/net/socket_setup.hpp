#pragma once
/// @file System calls that make, bind and inquire sockets. Every descriptor is non-blocking and close-on-exec. Internal
/// to net.

#include <cstdint>

#include "base/endpoint.hpp"
#include "base/result.hpp"

namespace dp::net {

struct StreamSocketOptions {
    Endpoint local;
    bool reuse_port = false;
    std::uint8_t dscp = 0;
};

/// A listening TCP socket.
Result<int> open_listener(const StreamSocketOptions& options);

struct ConnectingSocket {
    int descriptor = -1;
    bool started = false;  ///< false: the attempt failed at once
};
ConnectingSocket start_connect(const Endpoint& to, const Endpoint& from);

/// A bound UDP socket of the address's family, IPv6 without IPv4 (RFC 3493 5.3).
Result<int> open_datagram(const Endpoint& local);

void set_dscp(int descriptor, bool is_v4, std::uint8_t dscp);
void set_no_delay(int descriptor);
Endpoint socket_name(int descriptor);
/// The pending error, cleared (SO_ERROR).
int take_socket_error(int descriptor);

/// `doing what 127.0.0.1:5060: reason` from errno.
Error system_error(const char* doing, const Endpoint& endpoint, int error);

}  // namespace dp::net

#pragma once
/// @file IP address and port as a value: 16 octets (IPv4 stored mapped), comparable, hashable, printable. No name is
/// ever resolved here.

#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace dp {

class IpAddress {
public:
    IpAddress() = default;
    /// Dotted quad, or IPv6 with or without brackets; nothing else (no names, no zones).
    static std::optional<IpAddress> parse(std::string_view text);
    static IpAddress from_sockaddr(const sockaddr* address);
    static IpAddress v4(std::uint32_t host_order);

    bool is_v4() const;
    bool is_unspecified() const;
    bool is_loopback() const;
    /// RFC 1918, 4193, 3927, 6598 and link-local: not reachable from elsewhere.
    bool is_private() const;
    std::string str() const;
    const std::array<std::uint8_t, 16>& bytes() const { return bytes_; }
    auto operator<=>(const IpAddress&) const = default;

private:
    std::array<std::uint8_t, 16> bytes_{};
};

struct Endpoint {
    IpAddress address;
    std::uint16_t port = 0;

    /// `host:port` or `[v6]:port`.
    static std::optional<Endpoint> parse(std::string_view text);
    static Endpoint from_sockaddr(const sockaddr* address);
    /// Fills `out` and returns its used length.
    socklen_t to_sockaddr(sockaddr_storage& out) const;
    std::string str() const;
    auto operator<=>(const Endpoint&) const = default;
};

}  // namespace dp

template <>
struct std::hash<dp::IpAddress> {
    std::size_t operator()(const dp::IpAddress& a) const noexcept;
};
template <>
struct std::hash<dp::Endpoint> {
    std::size_t operator()(const dp::Endpoint& e) const noexcept;
};

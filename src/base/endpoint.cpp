#include "base/endpoint.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "base/ascii.hpp"
#include "base/random.hpp"
#include "base/siphash.hpp"

namespace dp {
namespace {

constexpr std::array<std::uint8_t, 12> kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};

const SipKey& table_key() {
    static const SipKey key = [] {
        SecureRandom random;
        return SipKey{random.next_u64(), random.next_u64()};
    }();
    return key;
}

}  // namespace

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
    if (text.size() >= 2 && text.front() == '[' && text.back() == ']') text = text.substr(1, text.size() - 2);
    if (text.empty() || text.size() > 45) return std::nullopt;
    const std::string z(text);
    in_addr four{};
    if (inet_pton(AF_INET, z.c_str(), &four) == 1) return v4(ntohl(four.s_addr));
    IpAddress out;
    if (inet_pton(AF_INET6, z.c_str(), out.bytes_.data()) == 1) return out;
    return std::nullopt;
}

IpAddress IpAddress::v4(std::uint32_t host_order) {
    IpAddress out;
    std::ranges::copy(kMapped, out.bytes_.begin());
    for (unsigned i = 0; i < 4; ++i) out.bytes_[12 + i] = static_cast<std::uint8_t>(host_order >> (24 - 8 * i));
    return out;
}

IpAddress IpAddress::from_sockaddr(const sockaddr* address) {
    if (address->sa_family == AF_INET) {
        sockaddr_in in{};
        std::memcpy(&in, address, sizeof in);
        return v4(ntohl(in.sin_addr.s_addr));
    }
    sockaddr_in6 in{};
    std::memcpy(&in, address, sizeof in);
    IpAddress out;
    std::memcpy(out.bytes_.data(), &in.sin6_addr, 16);
    return out;
}

bool IpAddress::is_v4() const {
    return std::equal(kMapped.begin(), kMapped.end(), bytes_.begin());
}

bool IpAddress::is_unspecified() const {
    return std::all_of(bytes_.begin() + (is_v4() ? 12 : 0), bytes_.end(), [](auto b) { return b == 0; });
}

bool IpAddress::is_loopback() const {
    if (is_v4()) return bytes_[12] == 127;
    return std::all_of(bytes_.begin(), bytes_.end() - 1, [](auto b) { return b == 0; }) && bytes_[15] == 1;
}

bool IpAddress::is_private() const {
    if (!is_v4()) return (bytes_[0] & 0xFEU) == 0xFC || (bytes_[0] == 0xFE && (bytes_[1] & 0xC0U) == 0x80);
    const auto a = bytes_[12], b = bytes_[13];
    return a == 10 || (a == 172 && (b & 0xF0U) == 16) || (a == 192 && b == 168) || (a == 169 && b == 254) ||
           (a == 100 && (b & 0xC0U) == 64);
}

std::string IpAddress::str() const {
    char text[INET6_ADDRSTRLEN] = {};
    if (is_v4())
        inet_ntop(AF_INET, bytes_.data() + 12, text, sizeof text);
    else
        inet_ntop(AF_INET6, bytes_.data(), text, sizeof text);
    return text;
}

std::optional<Endpoint> Endpoint::parse(std::string_view text) {
    const auto colon = text.rfind(':');
    if (colon == std::string_view::npos) return std::nullopt;
    const auto host = text.substr(0, colon);
    if (host.find(':') != std::string_view::npos && host.front() != '[') return std::nullopt;
    const auto address = IpAddress::parse(host);
    const auto port = ascii::parse_decimal<std::uint16_t>(text.substr(colon + 1));
    if (!address || !port) return std::nullopt;
    return Endpoint{*address, *port};
}

Endpoint Endpoint::from_sockaddr(const sockaddr* address) {
    Endpoint out{IpAddress::from_sockaddr(address), 0};
    if (address->sa_family == AF_INET) {
        sockaddr_in in{};
        std::memcpy(&in, address, sizeof in);
        out.port = ntohs(in.sin_port);
    } else {
        sockaddr_in6 in{};
        std::memcpy(&in, address, sizeof in);
        out.port = ntohs(in.sin6_port);
    }
    return out;
}

socklen_t Endpoint::to_sockaddr(sockaddr_storage& out) const {
    out = {};
    if (address.is_v4()) {
        sockaddr_in in{};
        in.sin_family = AF_INET;
        in.sin_port = htons(port);
        std::memcpy(&in.sin_addr, address.bytes().data() + 12, 4);
        std::memcpy(&out, &in, sizeof in);
        return sizeof in;
    }
    sockaddr_in6 in{};
    in.sin6_family = AF_INET6;
    in.sin6_port = htons(port);
    std::memcpy(&in.sin6_addr, address.bytes().data(), 16);
    std::memcpy(&out, &in, sizeof in);
    return sizeof in;
}

std::string Endpoint::str() const {
    return address.is_v4() ? fmt::format("{}:{}", address.str(), port) : fmt::format("[{}]:{}", address.str(), port);
}

}  // namespace dp

std::size_t std::hash<dp::IpAddress>::operator()(const dp::IpAddress& a) const noexcept {
    return dp::siphash(dp::table_key(), {reinterpret_cast<const char*>(a.bytes().data()), 16});
}

std::size_t std::hash<dp::Endpoint>::operator()(const dp::Endpoint& e) const noexcept {
    char key[18];
    std::memcpy(key, e.address.bytes().data(), 16);
    std::memcpy(key + 16, &e.port, 2);
    return dp::siphash(dp::table_key(), {key, sizeof key});
}

#include <algorithm>
#include <array>

#include "net/http_client.hpp"

namespace dp::net {
namespace {

struct V4Range {
    std::uint32_t network;
    unsigned prefix;
};
constexpr std::uint32_t ip(unsigned a, unsigned b, unsigned c = 0, unsigned d = 0) {
    return a << 24 | b << 16 | c << 8 | d;
}

/// IANA IPv4 special-purpose registry (RFC 6890), multicast and reserved space.
constexpr std::array kNotPublic{V4Range{ip(0, 0), 8},         V4Range{ip(10, 0), 8},      V4Range{ip(100, 64), 10},
                                V4Range{ip(127, 0), 8},       V4Range{ip(169, 254), 16},  V4Range{ip(172, 16), 12},
                                V4Range{ip(192, 0, 0), 24},   V4Range{ip(192, 0, 2), 24}, V4Range{ip(192, 88, 99), 24},
                                V4Range{ip(192, 168), 16},    V4Range{ip(198, 18), 15},   V4Range{ip(198, 51, 100), 24},
                                V4Range{ip(203, 0, 113), 24}, V4Range{ip(224, 0), 4},     V4Range{ip(240, 0), 4}};

bool is_public_v4(std::uint32_t address) {
    return std::ranges::none_of(kNotPublic,
                                [address](V4Range r) { return (address ^ r.network) >> (32 - r.prefix) == 0; });
}

}  // namespace

bool is_public_address(const IpAddress& address) {
    const auto& b = address.bytes();
    const auto v4_at = [&b](std::size_t at) { return ip(b[at], b[at + 1], b[at + 2], b[at + 3]); };
    const auto word = [&b](std::size_t at) { return static_cast<unsigned>(b[2 * at]) << 8 | b[2 * at + 1]; };
    if (address.is_v4()) return is_public_v4(v4_at(12));
    // RFC 6052: NAT64 well-known prefix 64:ff9b::/96 carries an IPv4 address.
    const bool nat64 = word(0) == 0x64 && word(1) == 0xFF9B &&
                       std::all_of(b.begin() + 4, b.begin() + 12, [](auto o) { return o == 0; });
    if (nat64) return is_public_v4(v4_at(12));
    if ((b[0] & 0xE0U) != 0x20) return false;              // global unicast is 2000::/3
    if (word(0) == 0x2002) return is_public_v4(v4_at(2));  // RFC 3056: 6to4
    if (word(0) == 0x2001 && (word(1) < 0x200 || word(1) == 0xDB8))
        return false;                                      // protocol assignments, Teredo, documentation
    return word(0) != 0x3FFF || (word(1) & 0xF000U) != 0;  // RFC 9637: documentation
}

}  // namespace dp::net

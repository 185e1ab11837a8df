#pragma once
/// @file What an operator chooses about media. Values; read once at start.

#include <chrono>
#include <cstdint>
#include <optional>

#include "base/clock.hpp"
#include "base/endpoint.hpp"
#include "media/liveness.hpp"

namespace dp::media {

struct MediaConfig {
    /// Addresses to bind; concrete ones, since answers must leave from the address that was announced.
    std::optional<IpAddress> bind_v4 = IpAddress::v4(0x7F000001);
    std::optional<IpAddress> bind_v6;
    /// Announced instead of the bound ones (1:1 NAT).
    std::optional<IpAddress> advertise_v4;
    std::optional<IpAddress> advertise_v6;
    std::uint16_t first_port = 10000;  ///< outside ip_local_port_range
    std::uint16_t last_port = 32767;
    unsigned workers = 1;
    std::size_t ports_ahead = 32;  ///< pairs bound before they are asked for
    std::size_t max_legs = 20000;
    /// One wake-up per tick once a worker handles this many packets a second; below, every packet wakes it.
    std::chrono::microseconds tick{1000};
    std::uint32_t coalesce_above = 2000;
    std::uint8_t browser_dscp = 46;  ///< of the shared sockets; legs that differ are marked packet by packet
    int opus_complexity = 5;
    Duration drain = std::chrono::seconds(2);
    Duration quarantine = std::chrono::seconds(60);
    LivenessLimits liveness;
};

}  // namespace dp::media

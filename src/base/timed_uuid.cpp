#include "base/timed_uuid.hpp"

#include <array>
#include <cstdint>

namespace dp {

std::string timed_uuid(Random& random, WallTime now) {
    std::array<std::uint8_t, 16> bytes{};
    random.fill(bytes);
    const auto millis = static_cast<std::uint64_t>(to_millis(now));
    for (unsigned i = 0; i < 6; ++i) bytes[i] = static_cast<std::uint8_t>(millis >> (40 - 8 * i));
    bytes[6] = static_cast<std::uint8_t>((bytes[6] & 0x0FU) | 0x70U);
    bytes[8] = static_cast<std::uint8_t>((bytes[8] & 0x3FU) | 0x80U);
    static constexpr std::string_view kDigits = "0123456789abcdef";
    std::string out;
    out.reserve(36);
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        if (i == 4 || i == 6 || i == 8 || i == 10) out += '-';
        out += kDigits[bytes[i] >> 4U];
        out += kDigits[bytes[i] & 0x0FU];
    }
    return out;
}

}  // namespace dp

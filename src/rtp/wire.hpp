#pragma once
/// @file Big-endian loads and stores on raw octets. The caller has checked the bounds.

#include <cstdint>

namespace dp::rtp::wire {

inline std::uint16_t load16(const std::uint8_t* p) {
    return static_cast<std::uint16_t>(p[0] << 8U | p[1]);
}
inline std::uint32_t load24(const std::uint8_t* p) {
    return std::uint32_t{p[0]} << 16U | std::uint32_t{p[1]} << 8U | p[2];
}
inline std::uint32_t load32(const std::uint8_t* p) {
    return std::uint32_t{p[0]} << 24U | load24(p + 1);
}
inline std::uint64_t load64(const std::uint8_t* p) {
    return std::uint64_t{load32(p)} << 32U | load32(p + 4);
}

inline void store16(std::uint8_t* p, std::uint16_t v) {
    p[0] = static_cast<std::uint8_t>(v >> 8U);
    p[1] = static_cast<std::uint8_t>(v);
}
inline void store24(std::uint8_t* p, std::uint32_t v) {
    p[0] = static_cast<std::uint8_t>(v >> 16U);
    store16(p + 1, static_cast<std::uint16_t>(v));
}
inline void store32(std::uint8_t* p, std::uint32_t v) {
    store16(p, static_cast<std::uint16_t>(v >> 16U));
    store16(p + 2, static_cast<std::uint16_t>(v));
}
inline void store64(std::uint8_t* p, std::uint64_t v) {
    store32(p, static_cast<std::uint32_t>(v >> 32U));
    store32(p + 4, static_cast<std::uint32_t>(v));
}

}  // namespace dp::rtp::wire

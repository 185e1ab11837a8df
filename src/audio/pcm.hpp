#pragma once
/// @file What audio is between its parts: signed 16-bit linear samples, one channel, at a rate the code that holds them
/// knows.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

namespace dp::audio {

using Sample = std::int16_t;
using Pcm = std::span<const Sample>;
using PcmOut = std::span<Sample>;
using Bytes = std::span<const std::uint8_t>;
using MutableBytes = std::span<std::uint8_t>;

inline Sample saturate(int value) {
    return static_cast<Sample>(std::clamp(value, -32768, 32767));
}
inline Sample saturate(float value) {
    return static_cast<Sample>(std::clamp(value, -32768.0F, 32767.0F));
}

}  // namespace dp::audio

#pragma once
/// @file Signals for this module's tests.

#include <cmath>
#include <numbers>
#include <vector>

#include "audio/pcm.hpp"

namespace dp::audio {

inline std::vector<Sample> sine(double hertz, double rate, std::size_t count, double amplitude = 8000) {
    std::vector<Sample> out(count);
    for (std::size_t i = 0; i < count; ++i)
        out[i] =
            static_cast<Sample>(amplitude * std::sin(2 * std::numbers::pi * hertz * static_cast<double>(i) / rate));
    return out;
}

/// Largest step between neighbours: a click shows as a step far above the signal's own.
inline int largest_step(Pcm samples) {
    int largest = 0;
    for (std::size_t i = 1; i < samples.size(); ++i) largest = std::max(largest, std::abs(samples[i] - samples[i - 1]));
    return largest;
}

}  // namespace dp::audio

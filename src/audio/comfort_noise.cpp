#include "audio/comfort_noise.hpp"

#include <cmath>

namespace dp::audio {

void ComfortNoise::set_level(int minus_dbov) {
    // A uniform distribution of amplitude a has root mean square a / sqrt(3). Louder than -30 dBov is nobody's
    // background.
    const int level = std::clamp(minus_dbov, 30, 127);
    amplitude_ = static_cast<int>(32768.0 * 1.732 * std::pow(10.0, -level / 20.0));
}

void ComfortNoise::fill(PcmOut out) {
    const int span = 2 * amplitude_ + 1;
    for (Sample& sample : out) {
        state_ = state_ * 1664525U + 1013904223U;
        sample = static_cast<Sample>(static_cast<int>((state_ >> 8) % static_cast<std::uint32_t>(span)) - amplitude_);
    }
}

}  // namespace dp::audio

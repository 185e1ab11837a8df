#include "audio/time_stretch.hpp"

#include <cmath>
#include <cstring>

namespace dp::audio {
namespace {

constexpr float kSimilar = 0.9F;
constexpr float kQuiet = 60;  ///< root mean square below which a seam is not heard (-55 dBFS)

struct Seam {
    std::size_t lag = 0;  ///< 0: no place to cut
};

float correlation(const Sample* a, const Sample* b, std::size_t count, std::size_t step) {
    float product = 0;
    float energy_a = 1;
    float energy_b = 1;
    for (std::size_t i = 0; i < count; i += step) {
        const float x = a[i];
        const float y = b[i];
        product += x * y;
        energy_a += x * x;
        energy_b += y * y;
    }
    return product / std::sqrt(energy_a * energy_b);
}

bool quiet(Pcm frame) {
    float energy = 0;
    for (Sample sample : frame) energy += static_cast<float>(sample) * static_cast<float>(sample);
    return energy < kQuiet * kQuiet * static_cast<float>(frame.size());
}

/// The lag at which the frame's beginning best repeats: every second lag on every second sample, then exactly around
/// the best.
Seam find_seam(Pcm frame, std::uint32_t rate) {
    const std::size_t shortest = rate / 400;
    const std::size_t longest = std::min<std::size_t>(rate / 100, frame.size() / 2);
    if (longest <= shortest) return {};
    std::size_t best = shortest;
    float score = -2;
    for (std::size_t lag = shortest; lag <= longest; lag += 2) {
        const float c = correlation(frame.data(), frame.data() + lag, lag, 2);
        if (c > score) score = c, best = lag;
    }
    if (best + 1 <= longest && best > shortest) {
        for (std::size_t lag : {best - 1, best + 1}) {
            const float c = correlation(frame.data(), frame.data() + lag, lag, 1);
            if (c > score) score = c, best = lag;
        }
    }
    return score > kSimilar || quiet(frame) ? Seam{best} : Seam{};
}

Sample fade(Sample from, Sample to, std::size_t i, std::size_t count) {
    const float in = static_cast<float>(i + 1) / static_cast<float>(count + 1);
    return saturate(static_cast<float>(from) * (1 - in) + static_cast<float>(to) * in);
}

}  // namespace

std::size_t shorten(PcmOut frame, std::uint32_t rate) {
    const std::size_t lag = find_seam(frame, rate).lag;
    if (lag == 0) return frame.size();
    for (std::size_t i = 0; i < lag; ++i) frame[i] = fade(frame[i], frame[i + lag], i, lag);
    const std::size_t rest = frame.size() - 2 * lag;
    std::memmove(frame.data() + lag, frame.data() + 2 * lag, rest * sizeof(Sample));
    return frame.size() - lag;
}

std::size_t lengthen(PcmOut buffer, std::size_t used, std::uint32_t rate) {
    const std::size_t lag = find_seam(buffer.first(used), rate).lag;
    if (lag == 0 || used + lag > buffer.size()) return used;
    // x0 x1 rest -> x0, then a fade from x1 back into x0, then x1 rest: the period between is heard twice.
    std::memmove(buffer.data() + 2 * lag, buffer.data() + lag, (used - lag) * sizeof(Sample));
    for (std::size_t i = 0; i < lag; ++i) buffer[lag + i] = fade(buffer[2 * lag + i], buffer[i], i, lag);
    return used + lag;
}

}  // namespace dp::audio

#include "audio/measure.hpp"

#include <cmath>
#include <numbers>

namespace dp::audio {

double tone_amplitude(Pcm samples, double hertz, double rate) {
    if (samples.empty()) return 0;
    const double coefficient = 2 * std::cos(2 * std::numbers::pi * hertz / rate);
    double s1 = 0;
    double s2 = 0;
    for (Sample sample : samples) {
        const double s = sample + coefficient * s1 - s2;
        s2 = s1;
        s1 = s;
    }
    const double power = std::max(0.0, s1 * s1 + s2 * s2 - coefficient * s1 * s2);
    return 2 * std::sqrt(power) / static_cast<double>(samples.size()) / 32768;
}

double root_mean_square(Pcm samples) {
    if (samples.empty()) return 0;
    double sum = 0;
    for (Sample sample : samples) sum += static_cast<double>(sample) * sample;
    return std::sqrt(sum / static_cast<double>(samples.size())) / 32768;
}

int minus_dbov(Pcm samples) {
    const double rms = root_mean_square(samples);
    if (rms <= 0) return 127;
    return std::clamp(static_cast<int>(std::lround(-20 * std::log10(rms))), 0, 127);
}

double tone_snr_db(Pcm samples, double hertz, double rate) {
    // Whole tenths of a second hold whole periods of every multiple of 10 Hz: no leakage to be mistaken for noise.
    const auto block = static_cast<std::size_t>(rate / 10);
    const Pcm whole = samples.first(samples.size() / block * block);
    const double amplitude = tone_amplitude(whole, hertz, rate);
    const double rms = root_mean_square(whole);
    if (amplitude < 1e-4) return -99;
    const double noise = std::max(rms * rms - amplitude * amplitude / 2, 1e-12);
    return std::clamp(10 * std::log10(amplitude * amplitude / 2 / noise), -99.0, 99.0);
}

}  // namespace dp::audio

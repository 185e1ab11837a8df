#include "sandbox/voice.hpp"

#include <cmath>
#include <numbers>

#include "audio/resampler.hpp"
#include "audio/wav.hpp"

namespace dp::sandbox {
namespace {

constexpr double kSubstituteSeconds = 1.0;

// 400 Hz and up by phrase, so that one is told from another by ear.
std::vector<audio::Sample> substitute(int key, std::uint32_t rate) {
    const double hertz = 400.0 + 40.0 * (key % 16);
    std::vector<audio::Sample> out(static_cast<std::size_t>(kSubstituteSeconds * rate));
    for (std::size_t i = 0; i < out.size(); ++i)
        out[i] =
            static_cast<audio::Sample>(8000.0 * std::sin(2 * std::numbers::pi * hertz * static_cast<double>(i) / rate));
    return out;
}

std::vector<audio::Sample> load(int key, std::uint32_t rate, std::span<const unsigned char> file) {
    const auto wav = audio::parse_wav(file);
    if (!wav || wav->samples.empty()) return substitute(key, rate);
    auto samples = audio::resample(audio::mono(*wav), wav->rate, rate);
    return samples && !samples->empty() ? std::move(*samples) : substitute(key, rate);
}

}  // namespace

audio::Pcm Voice::cached(int key, std::uint32_t rate, std::span<const unsigned char> file) {
    auto [it, fresh] = cache_.try_emplace({key, rate});
    if (fresh) it->second = load(key, rate, file);
    return it->second;
}

audio::Pcm Voice::phrase(Phrase phrase, std::uint32_t rate) {
    return cached(static_cast<int>(phrase), rate, phrase_file(phrase));
}

audio::Pcm Voice::digit(char digit, std::uint32_t rate) {
    return cached(1000 + digit, rate, digit_file(digit));
}

}  // namespace dp::sandbox

#include "audio/tone.hpp"

#include <gtest/gtest.h>

#include "audio/comfort_noise.hpp"
#include "audio/measure.hpp"
#include "audio/test_signal.hpp"

namespace dp::audio {
namespace {

std::vector<Sample> generate(const ToneSpec& spec, std::uint32_t rate, std::size_t milliseconds) {
    ToneGenerator generator(spec, rate);
    std::vector<Sample> out(rate * milliseconds / 1000);
    for (std::size_t at = 0; at < out.size(); at += rate / 50)
        generator.fill(PcmOut(out).subspan(at, std::min<std::size_t>(rate / 50, out.size() - at)));
    return out;
}

Pcm part(const std::vector<Sample>& samples, std::size_t from_ms, std::size_t to_ms, std::size_t rate = 8000) {
    return Pcm(samples).subspan(from_ms * rate / 1000, (to_ms - from_ms) * rate / 1000);
}

TEST(Tone, UsRingbackIsTwoSecondsOnFourOff) {
    const auto tone = generate(network_tone(ToneKind::Ringback, "US"), 8000, 7000);
    for (double hertz : {440.0, 480.0}) {
        EXPECT_GT(tone_amplitude(part(tone, 100, 1900), hertz, 8000), 0.09);
        EXPECT_GT(tone_amplitude(part(tone, 6100, 6900), hertz, 8000), 0.09);
    }
    EXPECT_EQ(root_mean_square(part(tone, 2001, 5999)), 0);
}

TEST(Tone, AnUnknownCountryHearsTheRecommendedTone) {
    const auto tone = generate(network_tone(ToneKind::Busy, "ZZ"), 16000, 1000);
    EXPECT_GT(tone_snr_db(part(tone, 100, 400, 16000), 425, 16000), 20);
    EXPECT_EQ(root_mean_square(part(tone, 501, 999, 16000)), 0);
}

TEST(Tone, KeepsItsLevelForMinutes) {
    const auto tone = generate(network_tone(ToneKind::Dial, "XX"), 8000, 120000);
    const double begin = tone_amplitude(part(tone, 1000, 2000), 425, 8000);
    const double end = tone_amplitude(part(tone, 118000, 119000), 425, 8000);
    EXPECT_NEAR(20 * std::log10(begin), -13 - 3.14, 0.2);
    EXPECT_NEAR(end / begin, 1, 0.02);
}

TEST(Tone, EdgesAreRamped) {
    const auto tone = generate(network_tone(ToneKind::Busy, "XX"), 8000, 2000);
    EXPECT_LT(largest_step(tone), 8000 * 0.45);
    EXPECT_EQ(tone.front(), 0);
}

TEST(Dtmf, EveryKeyHasItsTwoFrequencies) {
    EXPECT_EQ(dtmf_tone('5')->hertz, (std::array<float, 2>{770, 1336}));
    EXPECT_EQ(dtmf_tone('#')->hertz, (std::array<float, 2>{941, 1477}));
    EXPECT_EQ(dtmf_tone('D')->hertz, (std::array<float, 2>{941, 1633}));
    EXPECT_FALSE(dtmf_tone('x'));
    const auto tone = generate(*dtmf_tone('1'), 8000, 100);
    EXPECT_GT(tone_amplitude(tone, 697, 8000), 0.2);
    EXPECT_GT(tone_amplitude(tone, 1209, 8000), 0.25);
}

TEST(ComfortNoise, HasTheLevelAsked) {
    ComfortNoise noise;
    std::vector<Sample> out(8000);
    for (int level : {40, 50, 60}) {
        noise.set_level(level);
        noise.fill(out);
        EXPECT_NEAR(minus_dbov(out), level, 1);
    }
}

TEST(Measure, SeparatesAToneFromItsNoise) {
    auto signal = sine(1000, 8000, 16000);
    EXPECT_GT(tone_snr_db(signal, 1000, 8000), 60);
    EXPECT_LT(tone_snr_db(signal, 700, 8000), -20);
    const auto disturbance = sine(440, 8000, 16000, 800);
    for (std::size_t i = 0; i < signal.size(); ++i) signal[i] = static_cast<Sample>(signal[i] + disturbance[i]);
    EXPECT_NEAR(tone_snr_db(signal, 1000, 8000), 20, 0.5);
}

TEST(Measure, SilenceHasNoTone) {
    const std::vector<Sample> silence(8000);
    EXPECT_EQ(minus_dbov(silence), 127);
    EXPECT_EQ(tone_snr_db(silence, 1000, 8000), -99);
}

}  // namespace
}  // namespace dp::audio

#include "audio/concealer.hpp"

#include <gtest/gtest.h>

#include "audio/measure.hpp"
#include "audio/test_signal.hpp"
#include "audio/time_stretch.hpp"

namespace dp::audio {
namespace {

/// A tone in 20 ms frames of which those in `lost` never come.
std::vector<Sample> with_loss(std::uint32_t rate, double hertz, std::size_t frames,
                              std::initializer_list<std::size_t> lost) {
    Concealer concealer(rate);
    auto signal = sine(hertz, rate, frames * rate / 50);
    for (std::size_t i = 0; i < frames; ++i) {
        const PcmOut frame = PcmOut(signal).subspan(i * rate / 50, rate / 50);
        if (std::ranges::find(lost, i) != lost.end())
            concealer.conceal(frame);
        else
            concealer.good(frame);
    }
    return signal;
}

TEST(Concealer, OneLostFrameOfAToneLeavesNoClick) {
    for (std::uint32_t rate : {8000U, 16000U}) {
        const auto heard = with_loss(rate, 200, 50, {20, 30, 40});
        const auto clean = sine(200, rate, heard.size());
        EXPECT_LT(largest_step(heard), 2 * largest_step(clean)) << rate;
        EXPECT_GT(tone_snr_db(heard, 200, rate), 15) << rate;
    }
}

TEST(Concealer, FadesToSilenceAfterSixtyMilliseconds) {
    const auto heard = with_loss(8000, 200, 30, {20, 21, 22, 23, 24});
    EXPECT_GT(root_mean_square(Pcm(heard).subspan(20 * 160, 160)), 0.1);
    EXPECT_EQ(root_mean_square(Pcm(heard).subspan(23 * 160 + 1, 159)), 0);
}

TEST(Concealer, BeforeAnyAudioItConcealsWithSilence) {
    Concealer concealer(8000);
    std::vector<Sample> frame(160, 77);
    concealer.conceal(frame);
    EXPECT_EQ(root_mean_square(frame), 0);
}

TEST(TimeStretch, TakesOutWholePeriodsOfATone) {
    auto frame = sine(250, 8000, 160);
    const std::size_t left = shorten(frame, 8000);
    ASSERT_LT(left, 160U);
    EXPECT_EQ((160 - left) % 32, 0U);  // 250 Hz at 8 kHz: 32 samples
    EXPECT_LT(largest_step(Pcm(frame).first(left)), 1.1 * largest_step(sine(250, 8000, 160)));
}

TEST(TimeStretch, PutsInWholePeriodsOfATone) {
    auto buffer = sine(250, 8000, 160);
    buffer.resize(320);
    const std::size_t longer = lengthen(buffer, 160, 8000);
    ASSERT_GT(longer, 160U);
    EXPECT_EQ((longer - 160) % 32, 0U);
    EXPECT_LT(largest_step(Pcm(buffer).first(longer)), 1.1 * largest_step(sine(250, 8000, 160)));
}

TEST(TimeStretch, LeavesNoiseAlone) {
    std::vector<Sample> noise(320);
    std::uint32_t state = 1;
    for (Sample& sample : noise) sample = static_cast<Sample>((state = state * 1664525U + 1013904223U) >> 16);
    EXPECT_EQ(shorten(PcmOut(noise).first(160), 8000), 160U);
    EXPECT_EQ(lengthen(noise, 160, 8000), 160U);
}

TEST(TimeStretch, SilenceMayBeCutAnywhere) {
    std::vector<Sample> silence(160);
    EXPECT_LT(shorten(silence, 8000), 160U);
}

}  // namespace
}  // namespace dp::audio

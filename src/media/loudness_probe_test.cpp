#include "media/loudness_probe.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>
#include <vector>

namespace dp::media {
namespace {

/// 20 ms of a tone of this amplitude (0…1), coded as a phone would.
std::vector<std::uint8_t> packet(audio::CodecId codec, double amplitude) {
    auto encoder = audio::Encoder::create({.codec = codec, .rate = 8000});
    std::vector<std::uint8_t> out(audio::kMaxPayload);
    std::vector<audio::Sample> frame(160);
    std::size_t size = 0;
    for (int i = 0; i < 10; ++i) {  // Opus takes a while to get going
        for (std::size_t s = 0; s < frame.size(); ++s)
            frame[s] = static_cast<audio::Sample>(amplitude * 32767 *
                                                  std::sin(2 * std::numbers::pi * 500 * static_cast<double>(s) / 8000));
        size = encoder->encode(frame, out);
    }
    out.resize(size);
    return out;
}

class Loudness : public ::testing::TestWithParam<audio::CodecId> {};
INSTANTIATE_TEST_SUITE_P(Codecs, Loudness,
                         ::testing::Values(audio::CodecId::Pcmu, audio::CodecId::Pcma, audio::CodecId::G722,
                                           audio::CodecId::Opus));

TEST_P(Loudness, SilenceIsLookedAtAgainAndAgainAndStaysSilent) {
    LoudnessProbe probe;
    for (std::uint64_t i = 1; i <= 5; ++i) {
        ASSERT_TRUE(probe.wants());
        probe.keep(GetParam(), packet(GetParam(), 0));
        EXPECT_FALSE(probe.wants()) << "one a second";
        probe.look();
        EXPECT_EQ(probe.sampled(), i);
        EXPECT_EQ(probe.silent(), i);
    }
}

TEST_P(Loudness, OneLoudPacketAnswersTheQuestion) {
    LoudnessProbe probe;
    probe.keep(GetParam(), packet(GetParam(), 0));
    probe.look();
    probe.keep(GetParam(), packet(GetParam(), 0.1));
    probe.look();
    EXPECT_EQ(probe.sampled(), 2);
    EXPECT_EQ(probe.silent(), 1);
    EXPECT_FALSE(probe.wants());
}

TEST(Loudness, EndsAfterSoManyLooks) {
    LoudnessProbe probe;
    const auto silence = packet(audio::CodecId::Pcmu, 0);
    while (probe.wants()) {
        probe.keep(audio::CodecId::Pcmu, silence);
        probe.look();
    }
    EXPECT_EQ(probe.sampled(), LoudnessProbe::kMostLooks);
}

TEST(Loudness, WhatCannotBeDecodedIsNotCounted) {
    LoudnessProbe probe;
    probe.look();
    probe.keep(audio::CodecId::Opus, {});
    probe.look();
    EXPECT_EQ(probe.sampled(), 0);
}

}  // namespace
}  // namespace dp::media

#include "audio/wav.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "audio/measure.hpp"
#include "audio/resampler.hpp"
#include "audio/test_signal.hpp"

namespace dp::audio {
namespace {

class WavTest : public testing::Test {
protected:
    void TearDown() override { std::filesystem::remove(path_); }
    std::vector<std::uint8_t> bytes() const {
        std::ifstream in(path_, std::ios::binary);
        const std::string content{std::istreambuf_iterator<char>(in), {}};
        return {content.begin(), content.end()};
    }
    std::string path_ = testing::TempDir() + "dialplane_wav_test.wav";
};

TEST_F(WavTest, WhatIsWrittenReadsBack) {
    const Wav out{16000, 2, sine(440, 16000, 3200)};
    ASSERT_TRUE(write_wav(path_, out));
    const auto in = read_wav(path_);
    ASSERT_TRUE(in);
    EXPECT_EQ(in->rate, 16000U);
    EXPECT_EQ(in->channels, 2);
    EXPECT_EQ(in->samples, out.samples);
    EXPECT_EQ(mono(*in).size(), 1600U);
}

TEST_F(WavTest, AnUnclosedFileIsReadToItsEnd) {
    ASSERT_TRUE(write_wav(path_, {8000, 1, sine(440, 8000, 800)}));
    auto file = bytes();
    for (std::size_t i : {40, 41, 42, 43}) file[i] = 0xFF;
    const auto wav = parse_wav(file);
    ASSERT_TRUE(wav);
    EXPECT_EQ(wav->samples.size(), 800U);
}

TEST_F(WavTest, EveryTruncationIsAnErrorOrShorterAudio) {
    ASSERT_TRUE(write_wav(path_, {8000, 1, sine(440, 8000, 80)}));
    const auto file = bytes();
    for (std::size_t size = 0; size < file.size(); ++size) {
        const auto wav = parse_wav(Bytes(file).first(size));
        if (wav) EXPECT_LT(wav->samples.size(), 80U);
    }
}

TEST(WavFile, AMissingFileIsNotFound) {
    EXPECT_EQ(read_wav("/nonexistent.wav").error().code, ErrorCode::NotFound);
}

TEST(Resampler, AToneKeepsItsFrequency) {
    for (auto [from, to] : {std::pair{22050U, 8000U}, {8000U, 48000U}, {16000U, 8000U}, {48000U, 16000U}}) {
        const auto out = resample(sine(1000, from, from * 2), from, to);
        ASSERT_TRUE(out);
        EXPECT_EQ(out->size(), to * 2U);
        EXPECT_GT(tone_snr_db(middle_half(*out), 1000, to), 45) << from << " to " << to;
    }
}

TEST(Resampler, RunsFrameByFrame) {
    auto resampler = Resampler::create(16000, 8000, 3);
    ASSERT_TRUE(resampler);
    const auto in = sine(1000, 16000, 32000);
    std::vector<Sample> out;
    std::vector<Sample> frame(resampler->output_bound(320));
    for (std::size_t at = 0; at < in.size(); at += 320) {
        const std::size_t count = resampler->process(Pcm(in).subspan(at, 320), frame);
        out.insert(out.end(), frame.begin(), frame.begin() + static_cast<std::ptrdiff_t>(count));
    }
    EXPECT_NEAR(static_cast<double>(out.size()), 16000, 40);
    EXPECT_GT(tone_snr_db(middle_half(out), 1000, 8000), 40);
}

}  // namespace
}  // namespace dp::audio

#include "audio/codec.hpp"

#include <gtest/gtest.h>

#include "audio/g711.hpp"
#include "audio/measure.hpp"
#include "audio/test_signal.hpp"

namespace dp::audio {
namespace {

TEST(G711, KnownCodesOfBothLaws) {
    EXPECT_EQ(ulaw_encode(0), 0xFF);
    EXPECT_EQ(ulaw_encode(32767), 0x80);
    EXPECT_EQ(ulaw_encode(-32768), 0x00);
    EXPECT_EQ(alaw_encode(0), 0xD5);
    EXPECT_EQ(alaw_encode(32767), 0xAA);
    EXPECT_EQ(alaw_encode(-32768), 0x2A);
    EXPECT_EQ(ulaw_decode(0x80), 32124);
    EXPECT_EQ(alaw_decode(0xAA), 32256);
}

TEST(G711, EveryCodeSurvivesDecodingAndEncoding) {
    for (unsigned code = 0; code < 256; ++code) {
        const auto octet = static_cast<std::uint8_t>(code);
        EXPECT_EQ(alaw_encode(alaw_decode(octet)), octet);
        if (octet != 0x7F) {  // µ-law has two zeros; the negative one becomes the positive one
            EXPECT_EQ(ulaw_encode(ulaw_decode(octet)), octet);
        }
    }
}

TEST(G711, TheDirectMapsEqualDecodingAndEncoding) {
    for (unsigned code = 0; code < 256; ++code) {
        EXPECT_EQ(ulaw_to_alaw()[code], alaw_encode(ulaw_decode(static_cast<std::uint8_t>(code))));
        EXPECT_EQ(alaw_to_ulaw()[code], ulaw_encode(alaw_decode(static_cast<std::uint8_t>(code))));
    }
}

struct Case {
    CodecId codec;
    std::uint32_t rate;
    double min_snr;
};

class EveryCodec : public testing::TestWithParam<Case> {};

/// Two seconds of tone, frame by frame; the verdict is taken from the middle half.
std::vector<Sample> through(const Case& c, double hertz) {
    auto encoder = Encoder::create({.codec = c.codec, .rate = c.rate, .bitrate = 24000});
    auto decoder = Decoder::create(c.codec, c.rate);
    EXPECT_TRUE(encoder && decoder);
    const std::size_t frame = c.rate / 50;
    const auto signal = sine(hertz, c.rate, frame * 100);
    std::vector<Sample> heard;
    std::array<std::uint8_t, kMaxPayload> payload{};
    std::array<Sample, kMaxFrameSamples> pcm{};
    for (std::size_t at = 0; at < signal.size(); at += frame) {
        const std::size_t size = encoder->encode(Pcm(signal).subspan(at, frame), payload);
        EXPECT_EQ(decoder->samples_in(Bytes(payload).first(size)), frame);
        const std::size_t count = decoder->decode(Bytes(payload).first(size), pcm);
        EXPECT_EQ(count, frame);
        heard.insert(heard.end(), pcm.begin(), pcm.begin() + static_cast<std::ptrdiff_t>(count));
    }
    return heard;
}

TEST_P(EveryCodec, CarriesATone) {
    const auto heard = through(GetParam(), 1000);
    EXPECT_GT(tone_snr_db(middle_half(heard), 1000, GetParam().rate), GetParam().min_snr);
}

INSTANTIATE_TEST_SUITE_P(Audio, EveryCodec,
                         testing::Values(Case{CodecId::Pcmu, 8000, 35}, Case{CodecId::Pcma, 8000, 35},
                                         Case{CodecId::G722, 8000, 30}, Case{CodecId::G722, 16000, 30},
                                         Case{CodecId::Opus, 8000, 20}, Case{CodecId::Opus, 16000, 20},
                                         Case{CodecId::Opus, 48000, 20}));

TEST(Codec, AReusedOpusStateStartsClean) {
    std::vector<std::uint8_t> first;
    for (int round = 0; round < 2; ++round) {
        auto encoder = Encoder::create({.codec = CodecId::Opus, .rate = 8000});
        ASSERT_TRUE(encoder);
        const auto signal = sine(400, 8000, 160);
        std::vector<std::uint8_t> payload(kMaxPayload);
        payload.resize(encoder->encode(signal, payload));
        if (round == 0)
            first = payload;
        else
            EXPECT_EQ(payload, first);
        encoder->encode(sine(900, 8000, 160), first.size() == 1 ? MutableBytes{} : MutableBytes(payload));
    }
}

TEST(Codec, OpusConcealsAndRecoversFromFec) {
    auto encoder = Encoder::create({.codec = CodecId::Opus, .rate = 16000, .bitrate = 24000});
    auto decoder = Decoder::create(CodecId::Opus, 16000);
    ASSERT_TRUE(encoder && decoder);
    encoder->expect_loss(20);
    std::array<Sample, 320> pcm{};
    std::array<std::uint8_t, kMaxPayload> payload{};
    const auto signal = sine(500, 16000, 320 * 20);
    for (std::size_t i = 0; i < 20; ++i) {
        const std::size_t size = encoder->encode(Pcm(signal).subspan(i * 320, 320), payload);
        if (i == 18) EXPECT_EQ(decoder->conceal(pcm), 320U);
        if (i == 19) EXPECT_EQ(decoder->decode_fec(Bytes(payload).first(size), pcm), 320U);
        if (i < 18 || i == 19) EXPECT_EQ(decoder->decode(Bytes(payload).first(size), pcm), 320U);
    }
    EXPECT_GT(root_mean_square(pcm), 0.05);
}

TEST(Codec, HostileOpusPayloadsYieldNothing) {
    auto decoder = Decoder::create(CodecId::Opus, 8000);
    ASSERT_TRUE(decoder);
    std::array<Sample, kMaxFrameSamples> pcm{};
    const std::array<std::uint8_t, 3> bad{0xFF, 0xFF, 0xFF};
    EXPECT_EQ(decoder->decode(bad, pcm), 0U);
    EXPECT_EQ(decoder->samples_in({}), 0U);
}

TEST(Codec, RefusesARateThatTheCodecDoesNotHave) {
    EXPECT_FALSE(Encoder::create({.codec = CodecId::Pcmu, .rate = 16000}));
    EXPECT_FALSE(Decoder::create(CodecId::G722, 48000));
}

TEST(Codec, AudioCrossesAtTheLowerRate) {
    EXPECT_EQ(common_rate(CodecId::Opus, CodecId::Pcma), 8000U);
    EXPECT_EQ(common_rate(CodecId::Opus, CodecId::G722), 16000U);
    EXPECT_EQ(common_rate(CodecId::Opus, CodecId::Opus), 48000U);
}

}  // namespace
}  // namespace dp::audio

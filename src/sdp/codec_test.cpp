#include "sdp/codec.hpp"

#include <gtest/gtest.h>

namespace dp::sdp {
namespace {

constexpr Codec kAudio[] = {Codec::Pcmu, Codec::Pcma, Codec::Gsm, Codec::G722, Codec::G729, Codec::Opus};

TEST(CodecTable, EveryFamilySpellsAndReadsItsOwn) {
    for (Codec codec : kAudio)
        for (CodecFamily family : {CodecFamily::UserSettings, CodecFamily::Genesys})
            EXPECT_EQ(codec_from_name(codec_name(codec, family), family), codec);
    EXPECT_EQ(codec_name(Codec::Opus, CodecFamily::UserSettings), "OPUS");
    EXPECT_EQ(codec_name(Codec::Opus, CodecFamily::TrunkBody), "Opus");
    EXPECT_EQ(codec_name(Codec::Opus, CodecFamily::Genesys), "audio/opus");
    EXPECT_EQ(codec_name(Codec::Pcmu, CodecFamily::TrunkBody), "G711u");
    EXPECT_EQ(codec_name(Codec::G722, CodecFamily::TrunkBody), "") << "none of its five";
}

TEST(CodecTable, TheTrunkBodyTakesExactlyFiveByCase) {
    for (const char* name : {"G711u", "G711a", "G729", "Opus", "GSM"})
        EXPECT_TRUE(codec_from_name(name, CodecFamily::TrunkBody)) << name;
    for (const char* name : {"OPUS", "opus", "PCMU", "G722", "g711u", "Gsm", "", "CN"})
        EXPECT_FALSE(codec_from_name(name, CodecFamily::TrunkBody)) << name;
}

TEST(CodecTable, LenientReadingTakesAnySpelling) {
    EXPECT_EQ(codec_from_name("opus"), Codec::Opus);
    EXPECT_EQ(codec_from_name("G711U"), Codec::Pcmu);
    EXPECT_EQ(codec_from_name("audio/PCMA"), Codec::Pcma);
    EXPECT_FALSE(codec_from_name("telephone-event"));
    EXPECT_FALSE(codec_from_name("speex"));
    EXPECT_FALSE(codec_from_name(""));
}

TEST(CodecTable, RtpFactsAreThoseOfTheRfcs) {
    EXPECT_EQ(facts(Codec::G722).clock_rate, 8000u);
    EXPECT_EQ(facts(Codec::G722).audio_rate, 16000u);
    EXPECT_EQ(codec_from_static_type(3), Codec::Gsm);
    EXPECT_EQ(codec_from_static_type(18), Codec::G729);
    EXPECT_FALSE(codec_from_static_type(111));
    EXPECT_EQ(codec_from_rtpmap("PcMu", 8000), Codec::Pcmu);
    EXPECT_FALSE(codec_from_rtpmap("PCMU", 16000));
    EXPECT_EQ(codec_from_rtpmap("telephone-event", 48000), Codec::TelephoneEvent);
    for (std::size_t i = 0; i < kCodecs; ++i) EXPECT_EQ(facts(static_cast<Codec>(i)).codec, static_cast<Codec>(i));
}

}  // namespace
}  // namespace dp::sdp

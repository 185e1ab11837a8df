#include "media/payload_routes.hpp"

#include <gtest/gtest.h>

namespace dp::media {
namespace {

using sdp::Codec;
using Crossing = PayloadRoute::Crossing;
using Content = PayloadRoute::Content;

sdp::NegotiatedAudio speaks(Codec codec, std::uint8_t type, std::uint32_t clock,
                            std::optional<std::uint32_t> dtmf = {}) {
    sdp::NegotiatedAudio audio;
    audio.send = {type, codec, clock};
    audio.receive = {audio.send};
    if (dtmf) {
        audio.send_dtmf = sdp::PayloadMapping{101, Codec::TelephoneEvent, *dtmf};
        audio.receive_dtmf = audio.send_dtmf;
    }
    return audio;
}

TEST(PayloadRoutes, WithoutAPeerEverythingAudibleIsDropped) {
    const auto routes = make_routes(speaks(Codec::Pcmu, 0, 8000, 8000), nullptr);
    EXPECT_EQ(routes[0].content, Content::Audio);
    EXPECT_EQ(routes[0].crossing, Crossing::Drop);
    EXPECT_EQ(routes[101].content, Content::Digit);
    EXPECT_EQ(routes[8].content, Content::Unknown);
}

TEST(PayloadRoutes, TheSameCodecIsRelayedUnderThePeersNumber) {
    const auto peer = speaks(Codec::Opus, 96, 48000);
    const auto routes = make_routes(speaks(Codec::Opus, 111, 48000), &peer);
    EXPECT_EQ(routes[111].crossing, Crossing::Relay);
    EXPECT_EQ(routes[111].out_type, 96);
}

TEST(PayloadRoutes, TheLawsOfG711AreTranslatedWithoutDecoding) {
    const auto peer = speaks(Codec::Pcma, 8, 8000);
    const auto ours = speaks(Codec::Pcmu, 0, 8000);
    const auto routes = make_routes(ours, &peer);
    EXPECT_EQ(routes[0].crossing, Crossing::Translate);
    EXPECT_EQ(routes[0].translation, &audio::ulaw_to_alaw());
    EXPECT_FALSE(summarise(routes, ours).decodes);
}

TEST(PayloadRoutes, G729CrossesOnlyToItself) {
    const auto g729 = speaks(Codec::G729, 18, 8000);
    const auto pcmu = speaks(Codec::Pcmu, 0, 8000);
    EXPECT_EQ(make_routes(g729, &g729)[18].crossing, Crossing::Relay);
    EXPECT_TRUE(summarise(make_routes(g729, &pcmu), g729).impossible);
    EXPECT_FALSE(can_cross(Codec::Gsm, Codec::Pcma));
}

TEST(PayloadRoutes, KeyPressesPassUnchangedOnlyOnOneTimeline) {
    const auto same = speaks(Codec::Pcma, 8, 8000, 8000);
    EXPECT_EQ(make_routes(speaks(Codec::Pcmu, 0, 8000, 8000), &same)[101].crossing, Crossing::Relay);
    const auto faster = speaks(Codec::Opus, 111, 48000, 48000);
    EXPECT_EQ(make_routes(speaks(Codec::Pcmu, 0, 8000, 8000), &faster)[101].crossing, Crossing::Decode);
    // Opus both sides, but the event clock of one is 8000: its timestamps are not those of the audio.
    const auto odd = speaks(Codec::Opus, 111, 48000, 8000);
    EXPECT_EQ(make_routes(faster, &odd)[101].crossing, Crossing::Decode);
    const auto without = speaks(Codec::Pcmu, 0, 8000);
    EXPECT_EQ(make_routes(same, &without)[101].crossing, Crossing::Drop);
}

TEST(PayloadRoutes, OpusIsEncodedAtTheRateBothEndsHave) {
    auto browser = speaks(Codec::Opus, 111, 48000);
    EXPECT_EQ(encoder_for(browser, audio::CodecId::Pcmu, 5).rate, 8000U);
    EXPECT_EQ(encoder_for(browser, audio::CodecId::G722, 5).rate, 16000U);
    browser.opus.max_playback_rate = 8000;
    browser.opus.max_average_bitrate = 12000;
    const auto narrow = encoder_for(browser, audio::CodecId::G722, 5);
    EXPECT_EQ(narrow.rate, 8000U);
    EXPECT_EQ(narrow.bitrate, 12000U);
    browser.opus.max_average_bitrate = 1;
    EXPECT_EQ(encoder_for(browser, audio::CodecId::G722, 5).bitrate, 6000U);
}

}  // namespace
}  // namespace dp::media

#include "sdp/session_description.hpp"

#include <gtest/gtest.h>

#include "base/random.hpp"
#include "sdp/test_offers.hpp"

namespace dp::sdp {
namespace {

using std::chrono::milliseconds;

SessionDescription parsed(std::string_view text) {
    auto out = parse(text);
    EXPECT_TRUE(out) << (out ? "" : out.error().detail);
    return out.value_or(SessionDescription{});
}

TEST(SdpParser, ReadsChromium) {
    const auto sdp = parsed(test::kChromium);
    ASSERT_EQ(sdp.media.size(), 1u);
    const MediaSection& audio = sdp.media[0];
    EXPECT_EQ(sdp.origin.session_id, "6846190321564927456");
    EXPECT_EQ(sdp.bundle, (std::vector<std::vector<std::string>>{{"0"}}));
    EXPECT_EQ(audio.protocol, Protocol::UdpTlsRtpSavpf);
    ASSERT_EQ(audio.formats.size(), 8u);
    EXPECT_EQ(audio.formats[0].codec, Codec::Opus);
    EXPECT_EQ(audio.formats[0].channels, 2);
    EXPECT_FALSE(audio.formats[1].codec);  // red
    EXPECT_EQ(audio.formats[5].codec, Codec::ComfortNoise);
    EXPECT_EQ(audio.formats[6].clock_rate, 48000u);
    EXPECT_TRUE(audio.rtcp_mux);
    EXPECT_TRUE(audio.rtcp_rsize);
    ASSERT_TRUE(audio.ice);
    EXPECT_EQ(audio.ice->ufrag, "EsAw");
    ASSERT_EQ(audio.ice->candidates.size(), 3u);
    EXPECT_FALSE(audio.ice->candidates[1].address);  // mDNS
    EXPECT_EQ(audio.ice->candidates[2].tcp_type, "active");
    EXPECT_EQ(audio.setup, Setup::ActPass);
    ASSERT_EQ(audio.fingerprints.size(), 1u);
    EXPECT_EQ(audio.fingerprints[0].digest.size(), 32u);
}

TEST(SdpParser, InheritsWhatFirefoxPutsAtSessionLevel) {
    const auto sdp = parsed(test::kFirefox);
    ASSERT_EQ(sdp.media.size(), 2u);
    EXPECT_EQ(sdp.media[0].fingerprints.size(), 1u);
    EXPECT_TRUE(sdp.media[0].ice->trickle);
    EXPECT_EQ(sdp.media[0].direction, Direction::SendRecv);
    EXPECT_EQ(sdp.media[0].effective_direction(), Direction::SendRecv) << "c=0.0.0.0 with ICE is no hold";
    EXPECT_FALSE(sdp.media[0].rtp_endpoint()) << "port 9 with ICE is a placeholder";
    EXPECT_FALSE(sdp.media[0].refused());
    EXPECT_EQ(sdp.media[1].protocol, Protocol::Other);
    EXPECT_EQ(sdp.media[1].format_texts, std::vector<std::string>{"webrtc-datachannel"});
}

TEST(SdpParser, ReadsACarriersGateway) {
    const auto sdp = parsed(test::kCarrier);
    ASSERT_EQ(sdp.media.size(), 2u);
    const MediaSection& audio = sdp.media[0];
    EXPECT_EQ(audio.port, 18234);
    EXPECT_EQ(audio.formats[0].codec, Codec::G729);
    EXPECT_EQ(fmtp_value(audio.formats[0].fmtp, "AnnexB"), "yes");
    EXPECT_EQ(audio.formats[2].codec, Codec::Gsm);
    EXPECT_EQ(audio.ptime, milliseconds(20));
    EXPECT_EQ(audio.maxptime, milliseconds(30));
    EXPECT_EQ(audio.rtp_endpoint(), Endpoint::parse("203.0.113.10:18234"));
    EXPECT_EQ(audio.rtcp_endpoint(), Endpoint::parse("203.0.113.10:18235"));
    EXPECT_EQ(sdp.media[1].kind, "image");
}

TEST(SdpParser, KeepsTheTwelveSuitesOfRtpengineButUsesOnlyOurs) {
    const auto sdp = parsed(test::kRtpengine);
    ASSERT_EQ(sdp.media[0].crypto.size(), 12u);
    int usable = 0;
    for (const auto& line : sdp.media[0].crypto) usable += line.key.has_value();
    EXPECT_EQ(usable, 5);
    EXPECT_FALSE(sdp.media[0].crypto[10].key);  // NULL
}

TEST(SdpParser, ReadsBaresip) {
    const auto sdp = parsed(test::kBaresip);
    EXPECT_EQ(sdp.media[0].rtcp_endpoint(), Endpoint::parse("192.0.2.20:10379"));
    EXPECT_EQ(sdp.media[0].formats[3].codec, Codec::TelephoneEvent);
}

TEST(SdpParser, TakesEveryFormOfHold) {
    const std::string head = "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\n";
    const auto direction = [&](std::string_view rest) {
        return parsed(head + std::string(rest)).media.at(0).effective_direction();
    };
    EXPECT_EQ(direction("c=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\na=sendonly\r\n"),
              Direction::SendOnly);
    EXPECT_EQ(direction("c=IN IP4 192.0.2.1\r\nt=0 0\r\na=inactive\r\nm=audio 4000 RTP/AVP 0\r\n"),
              Direction::Inactive);
    EXPECT_EQ(direction("c=IN IP4 0.0.0.0\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n"), Direction::SendOnly);
    EXPECT_EQ(direction("t=0 0\r\nm=audio 4000 RTP/AVP 0\r\nc=IN IP6 ::\r\na=sendrecv\r\n"), Direction::SendOnly);
    EXPECT_EQ(direction("c=IN IP4 192.0.2.1\r\nt=0 0\r\na=sendonly\r\nm=audio 4000 RTP/AVP 0\r\na=sendrecv\r\n"),
              Direction::SendRecv);
}

TEST(SdpParser, RefusesWhatIsNoDescription) {
    EXPECT_FALSE(parse(""));
    EXPECT_FALSE(parse("hello"));
    EXPECT_FALSE(parse("v=0\r\nm=audio 70000 RTP/AVP 0\r\n"));
    EXPECT_FALSE(parse("v=0\r\nm=audio\r\n"));
    EXPECT_FALSE(parse(std::string("v=0\r\no=\0 1 1 IN IP4 1.2.3.4\r\n", 30)));
    EXPECT_EQ(parse("v=0\r\n" + std::string(kMaxSize, 'a')).error().code, ErrorCode::TooLarge);
    std::string many = "v=0\r\n";
    for (std::size_t i = 0; i <= kMaxMedia; ++i) many += "m=audio 4000 RTP/AVP 0\r\n";
    EXPECT_EQ(parse(many).error().code, ErrorCode::TooLarge);
}

TEST(SdpParser, BoundsListsInsteadOfRefusingThem) {
    std::string text = "v=0\r\nm=audio 4000 RTP/AVP";
    for (int i = 0; i < 128; ++i) text += " " + std::to_string(i);
    text += "\r\na=ice-ufrag:abcd\r\na=ice-pwd:abcdefghijklmnopqrstuv\r\n";
    for (int i = 0; i < 100; ++i)
        text += "a=candidate:1 1 udp 1 192.0.2.1 " + std::to_string(1000 + i) + " typ host\r\n";
    const auto sdp = parsed(text);
    EXPECT_EQ(sdp.media[0].formats.size(), kMaxFormats);
    EXPECT_EQ(sdp.media[0].ice->candidates.size(), kMaxCandidates);
}

TEST(SdpParser, NeverSendsMediaToANameAMulticastGroupOrNowhere) {
    for (const char* host : {"IP4 gw.example.com", "IP4 224.2.1.1/127", "IP4 0.0.0.0", "IP6 ff02::1"}) {
        const auto sdp = parsed("v=0\r\nc=IN " + std::string(host) + "\r\nm=audio 4000 RTP/AVP 0\r\n");
        EXPECT_FALSE(sdp.media[0].rtp_endpoint()) << host;
        EXPECT_FALSE(sdp.media[0].rtcp_endpoint()) << host;
    }
}

TEST(SdpParser, CutsALineAtALoneCarriageReturn) {
    const auto sdp = parsed("v=0\r\nm=audio 4000 RTP/AVP 0\r\na=mid:x\ra=crypto:1\r\n");
    EXPECT_EQ(sdp.media[0].mid, "x");
}

TEST(SdpSerialiser, IsStableForEveryPeer) {
    for (const auto& text :
         {test::kChromium, test::kFirefox, test::kJsSip, test::kBaresip, test::kRtpengine, test::kCarrier}) {
        const auto once = serialise(parsed(text));
        EXPECT_EQ(serialise(parsed(once)), once);
    }
}

TEST(SdpSerialiser, WritesTheSessionConnectionOnce) {
    SessionDescription sdp;
    sdp.connection = Connection::of(*IpAddress::parse("192.0.2.1"));
    MediaSection audio;
    audio.port = 4000;
    audio.connection = sdp.connection;
    sdp.media = {audio};
    const std::string text = serialise(sdp);
    EXPECT_EQ(text.find("c=IN IP4 192.0.2.1"), text.rfind("c="));
}

TEST(SdpParser, SurvivesMutations) {
    SeededRandom random(7);
    for (int round = 0; round < 3000; ++round) {
        std::string text = test::kChromium;
        for (int i = 0; i < 8; ++i)
            text[random.between(0, text.size() - 1)] = static_cast<char>(random.between(0, 255));
        if (auto sdp = parse(text)) {
            const std::string once = serialise(*sdp);
            const auto again = parse(once);
            ASSERT_TRUE(again) << once;
            EXPECT_EQ(serialise(*again), once);
        }
    }
}

TEST(Candidate, NeedsEveryField) {
    EXPECT_TRUE(parse_candidate("1 1 UDP 2130706431 192.0.2.1 4000 typ host"));
    EXPECT_FALSE(parse_candidate("1 1 UDP 2130706431 192.0.2.1 4000"));
    EXPECT_FALSE(parse_candidate("1 1 UDP 99999999999 192.0.2.1 4000 typ host"));
    EXPECT_FALSE(parse_candidate("1 0 UDP 1 192.0.2.1 4000 typ host"));
    EXPECT_FALSE(parse_candidate(""));
}

}  // namespace
}  // namespace dp::sdp

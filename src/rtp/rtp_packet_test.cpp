#include "rtp/rtp_packet.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "base/random.hpp"

namespace dp::rtp {
namespace {

using Octets = std::vector<std::uint8_t>;

Octets packet(std::uint8_t first, std::size_t size) {
    Octets out(size, 0);
    out[0] = first;
    return out;
}

TEST(Classify, FollowsTheFirstOctet) {
    Octets stun(20, 0);
    stun[4] = 0x21, stun[5] = 0x12, stun[6] = 0xA4, stun[7] = 0x42;
    EXPECT_EQ(classify(stun), DatagramClass::Stun);
    stun[4] = 0;
    EXPECT_EQ(classify(stun), DatagramClass::Unknown);
    EXPECT_EQ(classify(packet(20, 20)), DatagramClass::Dtls);
    EXPECT_EQ(classify(packet(63, 20)), DatagramClass::Dtls);
    EXPECT_EQ(classify(packet(64, 20)), DatagramClass::TurnChannel);
    EXPECT_EQ(classify(packet(79, 20)), DatagramClass::TurnChannel);
    for (const unsigned first : {4U, 19U, 80U, 127U, 192U, 255U})
        EXPECT_EQ(classify(packet(static_cast<std::uint8_t>(first), 20)), DatagramClass::Unknown) << first;
    EXPECT_EQ(classify({}), DatagramClass::Unknown);
}

TEST(Classify, TellsRtcpByItsType) {
    for (int second = 0; second < 256; ++second) {
        Octets p = packet(0x80, 20);
        p[1] = static_cast<std::uint8_t>(second);
        const int type = second & 0x7F;
        EXPECT_EQ(classify(p), type >= 64 && type <= 95 ? DatagramClass::Rtcp : DatagramClass::Rtp) << second;
    }
}

TEST(ParseRtp, ChecksEveryLength) {
    EXPECT_FALSE(parse_rtp(packet(0x80, 11)));
    EXPECT_TRUE(parse_rtp(packet(0x80, 12)));
    EXPECT_FALSE(parse_rtp(packet(0x40, 12))) << "version 1";
    EXPECT_FALSE(parse_rtp(packet(0x82, 19))) << "two CSRCs need 20";
    EXPECT_TRUE(parse_rtp(packet(0x82, 20)));
    EXPECT_FALSE(parse_rtp(packet(0x90, 15))) << "no room for the extension header";
    Octets extended = packet(0x90, 20);
    extended[15] = 1;
    EXPECT_EQ(parse_rtp(extended)->header_size, 20);
    extended[15] = 2;
    EXPECT_FALSE(parse_rtp(extended));
    Octets padded = packet(0xA0, 20);
    EXPECT_FALSE(parse_rtp(padded)) << "padding of 0";
    padded[19] = 8;
    EXPECT_EQ(parse_rtp(padded)->payload_size, 0);
    padded[19] = 9;
    EXPECT_FALSE(parse_rtp(padded));
}

TEST(ParseRtp, ReadsWhatWriteHeaderWrote) {
    Octets p(30, 0);
    write_header(
        p, {.payload_type = 111, .marker = true, .sequence = 0xFFFE, .timestamp = 0xDEADBEEF, .ssrc = 0x01020304});
    const auto header = parse_rtp(p);
    ASSERT_TRUE(header);
    EXPECT_EQ(header->payload_type, 111);
    EXPECT_TRUE(header->marker);
    EXPECT_EQ(header->sequence, 0xFFFE);
    EXPECT_EQ(header->timestamp, 0xDEADBEEFu);
    EXPECT_EQ(header->ssrc, 0x01020304u);
    EXPECT_EQ(header->payload_size, 18);
}

TEST(RewriteInPlace, StripsCsrcsExtensionAndPadding) {
    Octets p(12 + 8 + 8 + 4 + 2, 0);
    p[0] = 0xB2;  // padding, extension, two CSRCs
    p[20] = 0xBE, p[21] = 0xDE, p[23] = 1;
    p[28] = 1, p[29] = 2, p[30] = 3, p[31] = 4;
    p[33] = 2;
    const auto header = parse_rtp(p);
    ASSERT_TRUE(header);
    ASSERT_EQ(header->payload_size, 4);
    const auto out = rewrite_in_place(p, *header, {.payload_type = 8, .sequence = 1, .timestamp = 2, .ssrc = 3});
    ASSERT_EQ(out.size(), 16u);
    EXPECT_EQ(Octets(out.begin() + 12, out.end()), (Octets{1, 2, 3, 4}));
    const auto again = parse_rtp(out);
    EXPECT_EQ(again->header_size, 12);
    EXPECT_EQ(again->ssrc, 3u);
}

TEST(AudioLevel, IsReadInBothForms) {
    Octets one(12 + 4 + 4, 0);
    one[0] = 0x90, one[12] = 0xBE, one[13] = 0xDE, one[15] = 1;
    one[16] = 0x10, one[17] = 0x80 | 30;  // id 1, one octet
    EXPECT_EQ(audio_level(one, *parse_rtp(one), 1)->minus_dbov, 30);
    EXPECT_TRUE(audio_level(one, *parse_rtp(one), 1)->voice);
    EXPECT_FALSE(audio_level(one, *parse_rtp(one), 2));
    Octets two = one;
    two[12] = 0x10, two[13] = 0x00;
    two[16] = 1, two[17] = 1, two[18] = 40;
    EXPECT_EQ(audio_level(two, *parse_rtp(two), 1)->minus_dbov, 40);
}

TEST(ParseRtp, SurvivesRandomOctets) {
    SeededRandom random(1);
    Octets p(64);
    for (int i = 0; i < 100'000; ++i) {
        random.fill(p);
        p[0] = static_cast<std::uint8_t>(0x80U | (p[0] & 0x3FU));
        const MutableBytes part = MutableBytes(p).first(random.between(0, p.size()));
        const auto header = parse_rtp(part);
        if (!header) continue;
        ASSERT_EQ(std::size_t{header->header_size} + header->payload_size + header->padding_size, part.size());
        audio_level(part, *header, 1);
        rewrite_in_place(part, *header, {});
    }
}

}  // namespace
}  // namespace dp::rtp

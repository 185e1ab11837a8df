#include "rtp/rtcp.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "base/random.hpp"

namespace dp::rtp {
namespace {

using namespace std::chrono_literals;
using Octets = std::vector<std::uint8_t>;

const ReportBlock kBlock{.ssrc = 7,
                         .fraction_lost = 12,
                         .cumulative_lost = -3,
                         .highest_sequence = 0x10005,
                         .jitter = 99,
                         .last_sr = 5,
                         .delay_since_sr = 6};

Octets compound() {
    Octets out(256);
    RtcpWriter writer(out);
    writer.sender_report(1, {.ntp = 0x0102030405060708, .rtp_timestamp = 9, .packets = 10, .octets = 11},
                         std::span(&kBlock, 1));
    writer.cname(1, "f3Kq0a9");
    writer.bye(1);
    EXPECT_TRUE(writer.complete());
    out.resize(writer.size());
    return out;
}

TEST(Rtcp, ReadsWhatItWrites) {
    const auto read = parse_rtcp(compound(), RtcpForm::Compound);
    ASSERT_TRUE(read);
    EXPECT_EQ(read->sender_ssrc, 1u);
    EXPECT_EQ(read->sender->ntp, 0x0102030405060708u);
    EXPECT_EQ(read->sender->octets, 11u);
    ASSERT_EQ(read->block_count, 1u);
    EXPECT_EQ(read->blocks()[0], kBlock) << "cumulative loss is signed";
    EXPECT_TRUE(read->bye);
}

TEST(Rtcp, RefusesEveryTruncation) {
    const Octets whole = compound();
    for (std::size_t size = 0; size < whole.size(); ++size) {
        // Cut at a packet boundary it is a shorter valid compound.
        const bool boundary = size == 52 || size == 52 + 20;
        EXPECT_EQ(parse_rtcp(std::span(whole).first(size), RtcpForm::Compound).has_value(), boundary) << size;
    }
}

TEST(Rtcp, BeginsWithAReportUnlessReducedSizeWasNegotiated) {
    Octets out(32);
    RtcpWriter writer(out);
    writer.bye(1);
    out.resize(writer.size());
    EXPECT_FALSE(parse_rtcp(out, RtcpForm::Compound));
    EXPECT_TRUE(parse_rtcp(out, RtcpForm::ReducedSizeAllowed));
}

TEST(Rtcp, PaddingOnlyInTheLastPacket) {
    Octets out = compound();
    out[0] |= 0x20;
    EXPECT_FALSE(parse_rtcp(out, RtcpForm::Compound));
    Octets rr(16, 0);
    rr[0] = 0xA0, rr[1] = 201, rr[3] = 3;
    EXPECT_FALSE(parse_rtcp(rr, RtcpForm::Compound)) << "padding of 0";
    rr[15] = 8;
    EXPECT_TRUE(parse_rtcp(rr, RtcpForm::Compound));
    rr[15] = 12;
    EXPECT_FALSE(parse_rtcp(rr, RtcpForm::Compound)) << "the reporter's SSRC would be padding";
}

TEST(Rtcp, SkipsUnknownTypes) {
    Octets out = compound();
    Octets xr(12, 0);
    xr[0] = 0x80, xr[1] = 207, xr[3] = 2;
    out.insert(out.end(), xr.begin(), xr.end());
    EXPECT_TRUE(parse_rtcp(out, RtcpForm::Compound));
}

TEST(Rtcp, WriterLeavesOutWhatDoesNotFit) {
    Octets out(30);
    RtcpWriter writer(out);
    writer.sender_report(1, {}, {});
    writer.bye(1);
    EXPECT_FALSE(writer.complete());
    EXPECT_EQ(writer.size(), 28u);
}

TEST(RoundTrip, CountsOnlyReportsOnOurOwnRecentSenderReports) {
    RoundTrip trip;
    const TimePoint start{1h};
    trip.on_sr_sent(0x0000'0001'0000'0000, start);
    ReportBlock block;
    block.last_sr = 0x0001'0000;
    block.delay_since_sr = 65536 / 2;
    EXPECT_EQ(trip.on_report(block, start + 540ms), Duration(40ms));
    EXPECT_FALSE(trip.on_report(block, start + 400ms)) << "negative";
    EXPECT_FALSE(trip.on_report(block, start + 11s)) << "too long";
    block.last_sr = 0x0001'0001;
    EXPECT_FALSE(trip.on_report(block, start + 540ms)) << "not ours";
    block.last_sr = 0;
    EXPECT_FALSE(trip.on_report(block, start + 540ms));
    block.last_sr = 0x0001'0000;
    for (std::uint64_t i = 0; i < 8; ++i) trip.on_sr_sent((2 + i) << 32U, start + 5s);
    EXPECT_FALSE(trip.on_report(block, start + 540ms)) << "older than the last 8";
    EXPECT_EQ(trip.last(), Duration(40ms));
}

TEST(ReportedLoss, IsTheDifferenceBetweenReports) {
    ReportedLoss loss;
    ReportBlock block{.ssrc = 1, .cumulative_lost = 500, .highest_sequence = 1000};
    EXPECT_FALSE(loss.on_report(block));
    block.highest_sequence = 1100;
    block.cumulative_lost = 510;
    EXPECT_DOUBLE_EQ(loss.on_report(block)->fraction(), 0.1);
    EXPECT_FALSE(loss.on_report(block)) << "a repeat says nothing";
    block.highest_sequence = 1200;
    block.cumulative_lost = 505;
    EXPECT_DOUBLE_EQ(loss.on_report(block)->fraction(), 0.0) << "duplicates are no negative loss";
    block.ssrc = 2;
    EXPECT_FALSE(loss.on_report(block)) << "a new SSRC is a new base";
}

TEST(RtcpInterval, IsOneSecondThenAroundFourAtRandom) {
    EXPECT_EQ(rtcp_interval(0, true), Duration(1s));
    EXPECT_NEAR(static_cast<double>(rtcp_interval(0, false).count()), 2.5e9 / 1.21828, 1e6);
    EXPECT_NEAR(static_cast<double>(rtcp_interval(0xFFFFFFFF, false).count()), 7.5e9 / 1.21828, 1e6);
}

TEST(Ntp, CountsFrom1900) {
    EXPECT_EQ(to_ntp(WallTime(500ms)), (2'208'988'800ULL << 32U) | 0x80000000ULL);
}

TEST(Rtcp, SurvivesMutations) {
    SeededRandom random(4);
    const Octets whole = compound();
    for (int i = 0; i < 100'000; ++i) {
        Octets bad = whole;
        for (int k = 0; k < 4; ++k)
            bad[random.between(0, bad.size() - 1)] = static_cast<std::uint8_t>(random.next_u32());
        bad.resize(random.between(0, bad.size()));
        parse_rtcp(bad, RtcpForm::ReducedSizeAllowed);
    }
}

}  // namespace
}  // namespace dp::rtp

#include "rtp/receiver_statistics.hpp"

#include <gtest/gtest.h>

#include "base/random.hpp"

namespace dp::rtp {
namespace {

using namespace std::chrono_literals;
using Timing = SourceStatistics::Timing;
using Outcome = ReceiverStatistics::Outcome;

class Feed {
public:
    Outcome send(std::uint32_t ssrc, std::uint32_t sequence, TimePoint at) {
        const RtpHeader header{.sequence = static_cast<std::uint16_t>(sequence),
                               .timestamp = sequence * 160,
                               .ssrc = ssrc,
                               .payload_size = 160};
        return statistics.on_packet(header, at, Timing::Regular);
    }
    Outcome send(std::uint32_t ssrc, std::uint32_t sequence) { return send(ssrc, sequence, start + sequence * 20ms); }

    ReceiverStatistics statistics{8000};
    TimePoint start{1h};
};

TEST(ReceiverStatistics, CountsLossDuplicatesAndReordering) {
    Feed feed;
    for (std::uint32_t i : {100u, 101u, 103u, 102u, 103u, 106u}) feed.send(1, i);
    const auto& counts = feed.statistics.current()->counts();
    EXPECT_EQ(counts.packets, 5u);
    EXPECT_EQ(counts.expected, 7u);
    EXPECT_EQ(counts.lost(), 2);
    EXPECT_EQ(counts.duplicates, 1u);
    EXPECT_EQ(counts.reordered, 1u);
}

TEST(ReceiverStatistics, ExtendsTheSequenceOverTheWrap) {
    Feed feed;
    for (std::uint32_t i = 65'500; i < 65'600; ++i) feed.send(1, i);
    EXPECT_EQ(feed.statistics.current()->highest_sequence(), 65'599u);
    EXPECT_EQ(feed.statistics.current()->counts().lost(), 0);
}

TEST(ReceiverStatistics, ReportsIntervalAndSignedCumulativeLoss) {
    Feed feed;
    for (std::uint32_t i = 0; i < 100; ++i)
        if (i % 4 != 1) feed.send(1, i);
    auto report = feed.statistics.current()->report(feed.start + 2s);
    EXPECT_EQ(report.cumulative_lost, 25);
    EXPECT_EQ(report.fraction_lost, 64);
    for (std::uint32_t i = 100; i < 200; ++i) feed.send(1, i);
    report = feed.statistics.current()->report(feed.start + 4s);
    EXPECT_EQ(report.cumulative_lost, 25);
    EXPECT_EQ(report.fraction_lost, 0);
}

TEST(ReceiverStatistics, MeasuresJitterAsRfc3550) {
    Feed feed;
    for (std::uint32_t i = 0; i < 2000; ++i) feed.send(1, i, feed.start + i * 20ms + (i % 2) * 10ms);
    // |D| is 10 ms for every packet.
    EXPECT_NEAR(std::chrono::duration<double>(feed.statistics.current()->jitter()).count(), 0.010, 0.0005);
    Feed clean;
    for (std::uint32_t i = 0; i < 2000; ++i) clean.send(1, i);
    EXPECT_EQ(clean.statistics.current()->jitter(), Duration(0));
}

TEST(ReceiverStatistics, EchoesTheSenderReport) {
    Feed feed;
    feed.send(1, 1);
    RtcpCompound compound;
    compound.sender_ssrc = 1;
    compound.sender = SenderInfo{.ntp = 0x1111222233334444};
    feed.statistics.on_rtcp(compound, feed.start + 1s);
    const auto report = feed.statistics.current()->report(feed.start + 1500ms);
    EXPECT_EQ(report.last_sr, 0x22223333u);
    EXPECT_EQ(report.delay_since_sr, 32768u);
}

TEST(ReceiverStatistics, ASequenceJumpCountsOnlyWhenConfirmed) {
    Feed feed;
    for (std::uint32_t i = 0; i < 10; ++i) feed.send(1, i);
    EXPECT_EQ(feed.send(1, 20'000, feed.start + 1s), Outcome::Discard);
    EXPECT_EQ(feed.send(1, 10), Outcome::Play);
    EXPECT_EQ(feed.send(1, 20'000, feed.start + 1s), Outcome::Discard);
    EXPECT_EQ(feed.send(1, 20'001, feed.start + 1s), Outcome::Play);
    EXPECT_EQ(feed.statistics.current()->counts().lost(), 0) << "a restart is no loss";
}

TEST(ReceiverStatistics, ANewSsrcTakesOverAfterTwoPacketsAndTheOldOneIsDropped) {
    Feed feed;
    for (std::uint32_t i = 0; i < 100; ++i) ASSERT_EQ(feed.send(1, i), Outcome::Play);
    const TimePoint now = feed.start + 100 * 20ms;
    EXPECT_EQ(feed.send(2, 7, now), Outcome::Discard);
    EXPECT_EQ(feed.send(2, 8, now + 20ms), Outcome::Switched);
    EXPECT_EQ(feed.send(1, 100, now + 30ms), Outcome::Discard);
    EXPECT_EQ(feed.send(1, 101, now + 35ms), Outcome::Discard);
    EXPECT_EQ(feed.send(2, 9, now + 40ms), Outcome::Play);
}

TEST(ReceiverStatistics, ASilentSourceIsReplacedAtOnceAndMayReturn) {
    Feed feed;
    for (std::uint32_t i = 0; i < 10; ++i) feed.send(1, i);
    EXPECT_EQ(feed.send(2, 7, feed.start + 500ms), Outcome::Switched);
    EXPECT_EQ(feed.send(1, 60, feed.start + 1200ms), Outcome::Switched) << "hold and resume";
    EXPECT_EQ(feed.statistics.current()->counts().packets, 11u) << "its state was kept";
}

TEST(ReceiverStatistics, InterleavedSourcesSwitchOnceASecondAtMost) {
    Feed feed;
    int switches = 0;
    for (std::uint32_t i = 0; i < 500; ++i)
        for (std::uint32_t ssrc = 1; ssrc <= 3; ++ssrc) switches += feed.send(ssrc, i) == Outcome::Switched;
    EXPECT_LE(switches, 2);
    EXPECT_EQ(feed.statistics.current()->ssrc(), 3u) << "the newest wins";
}

TEST(ReceiverStatistics, ManySsrcsKeepTheCurrentAndTheTotals) {
    Feed feed;
    for (std::uint32_t i = 0; i < 100; ++i) {
        feed.send(1, i);
        feed.send(1000 + i, 5);
    }
    EXPECT_EQ(feed.statistics.current()->ssrc(), 1u);
    EXPECT_EQ(feed.statistics.totals().packets, 200u);
}

TEST(ReceiverStatistics, SixtySecondsOfSilenceAreNoLoss) {
    Feed feed;
    for (std::uint32_t i = 0; i < 50; ++i) feed.send(1, i);
    const RtpHeader after{.sequence = 50, .timestamp = 160 * 3050, .ssrc = 1, .payload_size = 160};
    feed.statistics.on_packet(after, feed.start + 3050 * 20ms, Timing::Regular);
    EXPECT_EQ(feed.statistics.current()->counts().lost(), 0);
    EXPECT_LT(feed.statistics.current()->jitter(), Duration(1ms));
}

}  // namespace
}  // namespace dp::rtp

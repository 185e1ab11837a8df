#include "rtp/stream_rewriter.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace dp::rtp {
namespace {

using namespace std::chrono_literals;

class Stream {
public:
    std::optional<RtpFields> relay(std::uint16_t sequence, std::uint32_t timestamp, std::uint32_t ssrc = 1) {
        return rewriter.relay({.sequence = sequence, .timestamp = timestamp, .ssrc = ssrc, .payload_size = 160}, now);
    }
    void pass(Duration time) { now += time; }

    SeededRandom random{9};
    StreamRewriter rewriter{random, 8000};
    TimePoint now{1h};
};

TEST(StreamRewriter, BeginsBelowHalfTheSequenceSpaceWithAMarker) {
    for (std::uint64_t seed = 0; seed < 200; ++seed) {
        SeededRandom random(seed);
        StreamRewriter rewriter(random, 8000);
        const auto out = rewriter.relay({.sequence = 65'535, .timestamp = 5, .ssrc = 1}, TimePoint{1h});
        EXPECT_LT(out->sequence, 0x8000);
        EXPECT_TRUE(out->marker);
    }
}

TEST(StreamRewriter, PassesLossAndReorderingUnchanged) {
    Stream s;
    const auto first = *s.relay(100, 16'000);
    const auto third = *s.relay(102, 16'320);
    const auto second = *s.relay(101, 16'160);
    EXPECT_EQ(sequence_distance(third.sequence, first.sequence), 2);
    EXPECT_EQ(sequence_distance(second.sequence, first.sequence), 1);
    EXPECT_EQ(timestamp_distance(third.timestamp, first.timestamp), 320);
    EXPECT_EQ(second.ssrc, first.ssrc);
    EXPECT_FALSE(third.marker);
}

TEST(StreamRewriter, DropsDuplicatesSoThatNoIndexIsProtectedTwice) {
    Stream s;
    s.relay(100, 16'000);
    EXPECT_FALSE(s.relay(100, 16'000));
    EXPECT_TRUE(s.relay(101, 16'160));
    EXPECT_FALSE(s.relay(100, 16'000));
}

struct Break {
    const char* name;
    std::uint16_t sequence;
    std::uint32_t timestamp;
    std::uint32_t ssrc;
};

TEST(StreamRewriter, ContinuesOverEveryBreakOfTheSource) {
    const Break breaks[] = {{"new SSRC", 5, 999, 2},
                            {"sequence leaps", static_cast<std::uint16_t>(100 + 3002), 16'160, 1},
                            {"sequence falls back", 65'000, 16'160, 1},
                            {"timestamp back", 101, 8'000, 1},
                            {"timestamp leaps", 101, 16'000 + 8000 * 4, 1}};
    for (const Break& b : breaks) {
        Stream s;
        const auto before = *s.relay(100, 16'000);
        s.pass(100ms);
        const auto after = *s.relay(b.sequence, b.timestamp, b.ssrc);
        EXPECT_EQ(sequence_distance(after.sequence, before.sequence), 1) << b.name;
        EXPECT_EQ(timestamp_distance(after.timestamp, before.timestamp), 800) << b.name << ": by the clock";
        EXPECT_TRUE(after.marker) << b.name;
        EXPECT_EQ(after.ssrc, before.ssrc) << b.name;
        s.pass(20ms);
        const auto next = *s.relay(static_cast<std::uint16_t>(b.sequence + 1), b.timestamp + 160, b.ssrc);
        EXPECT_EQ(sequence_distance(next.sequence, after.sequence), 1) << b.name;
        EXPECT_EQ(timestamp_distance(next.timestamp, after.timestamp), 160) << b.name;
        EXPECT_FALSE(next.marker) << b.name;
    }
}

TEST(StreamRewriter, ATimestampThatFollowsTheClockIsNoBreak) {
    Stream s;
    const auto before = *s.relay(100, 16'000);
    s.pass(10s);  // the peer was silent
    const auto after = *s.relay(101, 16'000 + 80'000);
    EXPECT_EQ(timestamp_distance(after.timestamp, before.timestamp), 80'000);
    EXPECT_FALSE(after.marker);
}

TEST(StreamRewriter, EventPacketsMayRepeatAnEarlierTimestamp) {
    Stream s;
    const auto audio = *s.relay(100, 16'000);
    const auto event =
        s.rewriter.relay({.sequence = 101, .timestamp = 15'840, .ssrc = 1}, s.now, StreamRewriter::Content::Event);
    EXPECT_EQ(timestamp_distance(event->timestamp, audio.timestamp), -160);
    EXPECT_EQ(timestamp_distance(s.relay(102, 16'160)->timestamp, audio.timestamp), 160);
}

TEST(StreamRewriter, SwitchesBetweenToneAndPeerByTheClock) {
    Stream s;
    RtpFields last = s.rewriter.originate(160, s.now);
    EXPECT_TRUE(last.marker);
    for (int i = 0; i < 10; ++i) {
        s.pass(20ms);
        const auto tone = s.rewriter.originate(160, s.now);
        EXPECT_EQ(sequence_distance(tone.sequence, last.sequence), 1);
        EXPECT_EQ(timestamp_distance(tone.timestamp, last.timestamp), 160);
        EXPECT_FALSE(tone.marker);
        last = tone;
    }
    s.pass(60ms);
    const auto peer = *s.relay(40'000, 77);
    EXPECT_EQ(sequence_distance(peer.sequence, last.sequence), 1);
    EXPECT_EQ(timestamp_distance(peer.timestamp, last.timestamp), 480);
    EXPECT_TRUE(peer.marker);
    s.pass(20ms);
    const auto tone = s.rewriter.originate(160, s.now);
    EXPECT_EQ(timestamp_distance(tone.timestamp, peer.timestamp), 160);
    EXPECT_TRUE(tone.marker);
}

TEST(StreamRewriter, HoldKeepsTheSsrcAndMovesTheTimestampByTheClock) {
    Stream s;
    const auto before = *s.relay(100, 16'000);
    s.rewriter.switch_source();
    s.pass(30s);
    const auto after = *s.relay(101, 16'160);
    EXPECT_EQ(after.ssrc, before.ssrc);
    EXPECT_EQ(sequence_distance(after.sequence, before.sequence), 1);
    EXPECT_EQ(timestamp_distance(after.timestamp, before.timestamp), 240'000);
}

TEST(StreamRewriter, EventsOfOurOwnKeepTheirTimestampAndAudioGoesOnByTheClock) {
    Stream s;
    const auto audio = s.rewriter.originate(160, s.now);
    s.pass(20ms);
    const std::uint32_t at = s.rewriter.timestamp_at(s.now);
    EXPECT_EQ(timestamp_distance(at, audio.timestamp), 160);
    std::uint16_t sequence = audio.sequence;
    for (int i = 0; i < 5; ++i) {
        const auto event = s.rewriter.originate_at(at, s.now);
        EXPECT_EQ(event.timestamp, at);
        EXPECT_EQ(event.sequence, ++sequence);
        s.pass(20ms);
    }
    const auto after = s.rewriter.originate(160, s.now);
    EXPECT_EQ(timestamp_distance(after.timestamp, at), 800);
    EXPECT_EQ(after.sequence, ++sequence);
}

TEST(StreamRewriter, AnotherClockTakesAnotherSsrc) {
    Stream s;
    const auto before = *s.relay(100, 16'000);
    s.rewriter.renew(s.random, 48'000);
    EXPECT_NE(s.relay(101, 16'160)->ssrc, before.ssrc);
    EXPECT_EQ(s.rewriter.clock_rate(), 48'000u);
}

/// Unwraps outgoing sequence numbers and refuses a repeated index.
class IndexBook {
public:
    bool enter(const RtpFields& out) {
        const std::int64_t index =
            empty_ ? out.sequence : newest_ + sequence_distance(out.sequence, static_cast<std::uint16_t>(newest_));
        newest_ = empty_ ? index : std::max(newest_, index);
        empty_ = false;
        return used_.insert(index).second;
    }
    std::size_t size() const { return used_.size(); }

private:
    std::set<std::int64_t> used_;
    std::int64_t newest_ = 0;
    bool empty_ = true;
};

TEST(StreamRewriter, NeverEmitsAnIndexTwiceWhateverComesIn) {
    SeededRandom random(77);
    Stream s;
    IndexBook book;
    std::uint16_t sequence = 0;
    std::uint32_t timestamp = 0;
    for (int i = 0; i < 100'000; ++i) {
        s.pass(Duration(20ms));
        switch (random.between(0, 60)) {
            case 0:
                sequence = static_cast<std::uint16_t>(random.next_u32());
                break;
            case 1:
                timestamp = random.next_u32();
                break;
            case 2:
                s.rewriter.switch_source();
                break;
            case 3:
                EXPECT_TRUE(book.enter(s.rewriter.originate(160, s.now)));
                continue;
            default:
                break;
        }
        const auto jump = static_cast<int>(random.between(0, 6)) - 3;
        const auto out =
            s.relay(static_cast<std::uint16_t>(sequence + jump), timestamp + static_cast<std::uint32_t>(jump * 160),
                    random.between(0, 400) == 0 ? 2 : 1);
        ++sequence;
        timestamp += 160;
        if (out) ASSERT_TRUE(book.enter(*out)) << i;
    }
    EXPECT_GT(book.size(), 30'000u);
}

}  // namespace
}  // namespace dp::rtp

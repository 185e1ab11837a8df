#include "rtp/telephone_event.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "base/random.hpp"

namespace dp::rtp {
namespace {

using namespace std::chrono_literals;

struct OnWire {
    RtpHeader header;
    EventPayload payload;
    TimePoint at;
};

/// The packets of one key press as a phone sends them.
std::vector<OnWire> press(std::uint8_t event, Duration length, std::uint32_t clock, std::uint32_t timestamp,
                          TimePoint at) {
    EventSender sender(clock, 20ms);
    EXPECT_TRUE(sender.start({.event = event, .length = length}, timestamp));
    std::vector<OnWire> out;
    while (const auto due = sender.next_frame()) {
        for (int i = 0; i < due->copies; ++i)
            out.push_back({{.marker = due->marker, .timestamp = due->timestamp, .payload_size = kEventPayload},
                           due->payload,
                           at});
        at += 20ms;
    }
    return out;
}

TEST(EventPayload, RoundTripsAndRefusesShortOnes) {
    std::array<std::uint8_t, kEventPayload> octets{};
    const EventPayload event{.event = 11, .end = true, .volume = 17, .duration = 54'321};
    write_event(octets, event);
    EXPECT_EQ(parse_event(octets), event);
    EXPECT_FALSE(parse_event(Bytes(octets).first(3)));
}

TEST(EventPayload, NamesTheSixteenDigits) {
    for (std::uint8_t event = 0; event < 16; ++event) EXPECT_EQ(event_of(*digit_of(event)), event);
    EXPECT_EQ(event_of('d'), 15);
    EXPECT_FALSE(digit_of(16));
    EXPECT_FALSE(event_of('x'));
}

TEST(EventSender, SendsRisingDurationsAndTheEndThreeTimes) {
    const auto packets = press(5, 100ms, 8000, 1000, TimePoint{1h});
    ASSERT_EQ(packets.size(), 7u);
    EXPECT_TRUE(packets[0].header.marker);
    EXPECT_FALSE(packets[1].header.marker);
    for (std::size_t i = 0; i < 5; ++i) EXPECT_EQ(packets[i].payload.duration, 160 * (i + 1));
    for (std::size_t i = 4; i < 7; ++i) EXPECT_TRUE(packets[i].payload.end);
    for (const auto& p : packets) EXPECT_EQ(p.header.timestamp, 1000u);
}

TEST(EventSender, KeepsAGapBetweenEvents) {
    EventSender sender(8000, 20ms);
    sender.start({.event = 1, .length = 40ms}, 0);
    EXPECT_FALSE(sender.start({.event = 2, .length = 40ms}, 0));
    sender.next_frame();
    EXPECT_TRUE(sender.next_frame()->payload.end);
    for (int i = 0; i < 3; ++i) {
        EXPECT_FALSE(sender.idle());
        EXPECT_FALSE(sender.next_frame());
    }
    EXPECT_TRUE(sender.idle());
}

TEST(EventSender, EndsWhenStopped) {
    EventSender sender(8000, 20ms);
    sender.start({.event = 1}, 0);
    for (int i = 0; i < 50; ++i) EXPECT_FALSE(sender.next_frame()->payload.end);
    sender.stop();
    EXPECT_TRUE(sender.next_frame()->payload.end);
}

TEST(EventSender, BeginsANewSegmentBeforeTheDurationRunsOver) {
    const auto packets = press(1, 3s, 48'000, 500, TimePoint{1h});
    std::size_t segments = 1;
    for (std::size_t i = 1; i < packets.size(); ++i) {
        if (packets[i].header.timestamp == packets[i - 1].header.timestamp) continue;
        ++segments;
        EXPECT_EQ(packets[i].header.timestamp - packets[i - 1].header.timestamp, packets[i - 1].payload.duration);
        EXPECT_FALSE(packets[i].header.marker);
    }
    EXPECT_EQ(segments, 3u) << "3 s at 48000 are 144000 units";
}

TEST(EventReceiver, HearsAThreeSecondEventAsOne) {
    EventReceiver receiver(48'000);
    int begun = 0;
    std::vector<Digit> digits;
    for (const auto& p : press(9, 3s, 48'000, 77, TimePoint{1h})) {
        const auto report = receiver.on_packet(p.header, p.payload, p.at);
        begun += report.begun.has_value();
        if (report.finished) digits.push_back(*report.finished);
    }
    ASSERT_EQ(digits.size(), 1u);
    EXPECT_EQ(begun, 1);
    EXPECT_EQ(digits[0].length, Duration(3s));
    EXPECT_FALSE(digits[0].end_lost);
}

TEST(EventReceiver, EndsThreePacketTimesAfterTheLastPacketWhenTheEndIsLost) {
    EventReceiver receiver(8000);
    auto packets = press(4, 200ms, 8000, 0, TimePoint{1h});
    packets.resize(6);
    for (const auto& p : packets) receiver.on_packet(p.header, p.payload, p.at);
    const TimePoint last = packets.back().at;
    EXPECT_FALSE(receiver.on_time(last + 59ms));
    const auto digit = receiver.on_time(last + 60ms);
    ASSERT_TRUE(digit);
    EXPECT_TRUE(digit->end_lost);
    EXPECT_EQ(digit->length, Duration(120ms));
    EXPECT_FALSE(receiver.on_packet(packets[5].header, packets[5].payload, last + 80ms).begun)
        << "a straggler starts nothing";
}

TEST(EventReceiver, ANewEventFinishesOneWhoseEndWasLost) {
    EventReceiver receiver(8000);
    receiver.on_packet({.marker = true, .timestamp = 0}, {.event = 1, .duration = 160}, TimePoint{1h});
    const auto report =
        receiver.on_packet({.marker = true, .timestamp = 800}, {.event = 2, .duration = 160}, TimePoint{1h} + 30ms);
    EXPECT_EQ(report.finished->event, 1);
    EXPECT_EQ(report.begun, 2);
}

// --- a thousand digits through a lossy network, a relay between clocks, and another lossy network
// --------------------------------------

struct Case {
    std::uint32_t in_rate;
    std::uint32_t out_rate;
    int loss_percent;
};

class DigitPath {
public:
    explicit DigitPath(const Case& c, std::uint64_t seed)
        : case_(c), random_(seed), relay_(c.in_rate, c.out_rate), receiver_(c.out_rate) {}

    void press_and_release(std::uint8_t event, Duration length) {
        const bool end_lost = random_.between(0, 9) == 0;
        for (const auto& p : press(event, length, case_.in_rate, in_timestamp_, now_)) {
            advance_to(p.at);
            if (p.payload.end && end_lost) continue;
            if (lost()) continue;
            for (const EventOut& out : relay_.on_packet(p.header, p.payload, out_now(), now_)) deliver(out);
        }
        advance_to(now_ + 120ms);
        in_timestamp_ += static_cast<std::uint32_t>((length + 200ms) / 1ms * (case_.in_rate / 1000));
    }

    std::vector<Digit> digits;

private:
    bool lost() { return static_cast<int>(random_.between(0, 99)) < case_.loss_percent; }
    std::uint32_t out_now() const {
        return 0xFFFF0000U + static_cast<std::uint32_t>((now_ - TimePoint{1h}) / 1ms * (case_.out_rate / 1000));
    }
    void advance_to(TimePoint at) {
        for (; now_ < at; now_ += 10ms) {
            if (const auto out = relay_.on_time(now_)) deliver(*out);
            if (const auto digit = receiver_.on_time(now_)) digits.push_back(*digit);
        }
    }
    void deliver(const EventOut& out) {
        for (int i = 0; i < out.copies; ++i) {
            const auto report =
                receiver_.on_packet({.marker = out.marker, .timestamp = out.timestamp}, out.payload, now_);
            if (report.finished) digits.push_back(*report.finished);
        }
    }

    Case case_;
    SeededRandom random_;
    EventRelay relay_;
    EventReceiver receiver_;
    TimePoint now_{1h};
    std::uint32_t in_timestamp_ = 0xFFFFFF00;
};

class Digits : public testing::TestWithParam<Case> {};
INSTANTIATE_TEST_SUITE_P(Clocks, Digits,
                         testing::Values(Case{8000, 48'000, 0}, Case{48'000, 8000, 0}, Case{8000, 48'000, 10},
                                         Case{48'000, 8000, 10}, Case{8000, 8000, 10}, Case{48'000, 48'000, 10}));

TEST_P(Digits, AThousandArriveExactly) {
    SeededRandom random(GetParam().in_rate + static_cast<std::uint32_t>(GetParam().loss_percent));
    DigitPath path(GetParam(), 99);
    std::vector<std::uint8_t> expected;
    std::vector<Duration> lengths;
    for (int i = 0; i < 1000; ++i) {
        expected.push_back(static_cast<std::uint8_t>(random.between(0, 15)));
        lengths.push_back(random.between(0, 19) == 0 ? Duration(3s)
                                                     : Duration(20ms * static_cast<int>(random.between(3, 15))));
        path.press_and_release(expected.back(), lengths.back());
    }
    ASSERT_EQ(path.digits.size(), expected.size());
    for (std::size_t i = 0; i < expected.size(); ++i) {
        EXPECT_EQ(path.digits[i].event, expected[i]) << i;
        const Duration missing = lengths[i] - path.digits[i].length;
        EXPECT_GE(missing, Duration(-1ms)) << i;
        if (GetParam().loss_percent == 0)
            EXPECT_LE(missing, Duration(21ms)) << i << ": only the last frame goes with a lost end";
    }
}

TEST(EventRelay, ScalesDurationsAndSegmentsWhatTheOtherClockCannotHold) {
    EventRelay relay(8000, 48'000);
    std::vector<EventOut> all;
    for (const auto& p : press(1, 3s, 8000, 0, TimePoint{1h}))
        for (const auto& out : relay.on_packet(p.header, p.payload, 1'000'000, p.at)) all.push_back(out);
    EXPECT_EQ(all.front().payload.duration, 960);
    EXPECT_EQ(all.back().timestamp, 1'000'000u + 2 * 0xFFFF);
    EXPECT_EQ(all.back().payload.duration, 144'000 - 2 * 0xFFFF);
    EXPECT_TRUE(all.back().payload.end);
    int markers = 0;
    for (const auto& out : all) markers += out.marker;
    EXPECT_EQ(markers, 1);
}

TEST(EventRelay, MakesTheEndItselfWhenThePeersIsLost) {
    EventRelay relay(48'000, 8000);
    relay.on_packet({.marker = true, .timestamp = 0}, {.event = 3, .duration = 960}, 5000, TimePoint{1h});
    EXPECT_FALSE(relay.on_time(TimePoint{1h} + 50ms));
    const auto end = relay.on_time(TimePoint{1h} + 60ms);
    ASSERT_TRUE(end);
    EXPECT_TRUE(end->payload.end);
    EXPECT_EQ(end->copies, 3);
    EXPECT_EQ(end->payload.duration, 160);
    EXPECT_FALSE(relay.active());
    EXPECT_TRUE(
        relay.on_packet({.timestamp = 0}, {.event = 3, .end = true, .duration = 1920}, 6000, TimePoint{1h} + 70ms)
            .empty());
}

}  // namespace
}  // namespace dp::rtp

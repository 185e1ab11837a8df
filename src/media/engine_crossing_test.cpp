/// Two calls brought together whose legs live on two workers: what crosses between them, and what stays as it was.

#include <gtest/gtest.h>

#include "media/testing/engine_fixture.hpp"

namespace dp::media {
namespace {

constexpr std::uint8_t kEventType = 101;

/// As many workers as the parameter says.
class Crossing : public EngineTest, public testing::WithParamInterface<unsigned> {
protected:
    void SetUp() override {
        MediaConfig config;
        config.workers = GetParam();
        start(config);
    }
    /// Legs of two calls, each on the least loaded worker: not on the same one.
    std::pair<LegId, LegId> across(Phone& a, Phone& b, const std::function<void(sdp::NegotiatedAudio&)>& change = {}) {
        const LegId first = agree(a, {}, change);
        const LegId second = agree(b, {}, change);
        EXPECT_EQ(legs_on(0), 1);
        EXPECT_EQ(legs_on(1), 1);
        engine_->connect(first, second);
        return {first, second};
    }
    std::int64_t legs_on(std::size_t worker) {
        EXPECT_TRUE(control_.run_until([&] { return engine_->idle(); }));
        return engine_->gauges(worker).legs;
    }
    void talk(Phone& a, Phone& b, int frames = 60) {
        a.samples.clear();
        b.samples.clear();
        converse({&a, &b}, frames, [&](int) {
            a.send_audio();
            b.send_audio();
        });
    }
};

TEST_P(Crossing, CarriesAToneEachWay) {
    Phone a({.hertz = 1000});
    Phone b({.hertz = 700, .ssrc = 0x2000});
    across(a, b);
    talk(a, b, 100);
    EXPECT_GT(a.snr(700), 30);
    EXPECT_GT(b.snr(1000), 30);
    EXPECT_GE(a.headers.size(), 96U);
}

TEST_P(Crossing, Transcodes) {
    Phone a({.codec = Codec::Opus, .hertz = 1000});
    Phone b({.codec = Codec::Pcmu, .hertz = 700, .ssrc = 0x2000});
    across(a, b);
    talk(a, b, 100);
    EXPECT_GT(a.snr(700), 6);
    EXPECT_GT(b.snr(1000), 6);
}

TEST_P(Crossing, DigitsAreCarriedOnAndToldOnce) {
    Phone a({});
    Phone b({.ssrc = 0x2000});
    const auto [first, second] = across(a, b, [](sdp::NegotiatedAudio& audio) {
        audio.send_dtmf = sdp::PayloadMapping{kEventType, Codec::TelephoneEvent, 8000};
        audio.receive_dtmf = audio.send_dtmf;
    });
    talk(a, b, 5);
    const std::uint32_t begin = a.timestamp;
    for (int i = 0; i < 6; ++i) {
        std::array<std::uint8_t, rtp::kEventPayload> payload{};
        rtp::write_event(payload, {5, i >= 3, 10, static_cast<std::uint16_t>((std::min(i, 3) + 1) * 160)});
        a.send_packet({kEventType, i == 0, a.sequence++, begin, 0x1000}, payload);
    }
    ASSERT_TRUE(control_.run_until([&, leg = first] {
        b.receive();
        return events_.digits[leg] == "5" && !b.events.empty() && b.events.back().payload.end;
    }));
    EXPECT_EQ(b.events.back().payload.event, 5);
    converse({&a, &b}, 20, [&](int) { a.send_audio(); });
    control_.drain();
    EXPECT_EQ(events_.digits[first], "5");
}

TEST_P(Crossing, KeysSequenceAndTimelineGoOnFromTheCallBefore) {
    Phone a({.hertz = 1000});
    Phone agent({.hertz = 500, .ssrc = 0x3000});
    const LegId first = leg({.transport = MediaTransport::Srtp});
    const LegId second = agree(agent, first);
    auto audio = a.agreement();
    const auto ours = local_[first].srtp_keys.of(SrtpSuite::AesCm128HmacSha1_80);
    const auto theirs = sdp::SrtpKeys::fresh(random_).of(SrtpSuite::AesCm128HmacSha1_80);
    audio.security = sdp::Security::Sdes;
    audio.srtp = sdp::SrtpPair{ours, theirs, 0};
    a.protect(theirs, ours);
    a.call(local_[first].rtp);
    engine_->configure(first, {audio, std::nullopt});
    engine_->connect(first, second);
    talk(a, agent, 40);
    EXPECT_GT(a.snr(500), 30);
    Phone b({.hertz = 700, .ssrc = 0x2000});
    const LegId third = agree(b);
    engine_->connect(first, third);
    engine_->release(second);
    converse({&a, &b}, 10, [&](int) { b.send_audio(); });
    engine_->configure(first, {audio, std::nullopt});  // a session refresh
    talk(a, b);
    EXPECT_GT(a.snr(700), 30);
    EXPECT_GT(b.snr(1000), 30);
    EXPECT_EQ(a.unreadable, 0U);
    for (std::size_t i = 1; i < a.headers.size(); ++i) {
        EXPECT_EQ(a.headers[i].ssrc, a.headers[0].ssrc);
        EXPECT_EQ(static_cast<std::uint16_t>(a.headers[i].sequence - a.headers[i - 1].sequence), 1);
    }
}

TEST_P(Crossing, ATonePlaysOverItUntilTheyAreConnectedAgain) {
    Phone a({.hertz = 1000});
    Phone b({.hertz = 700, .ssrc = 0x2000});
    const auto [first, second] = across(a, b);
    talk(a, b, 20);
    engine_->play(first, {call::Tone::Kind::Silence, {}});
    talk(a, b, 10);
    talk(a, b);
    EXPECT_LT(a.amplitude(700), 0.01);
    EXPECT_GT(b.snr(1000), 30);
    engine_->connect(first, second);
    talk(a, b, 10);
    talk(a, b);
    EXPECT_GT(a.snr(700), 30);
}

TEST_P(Crossing, EndsWithADisconnectionAndWithEitherLeg) {
    Phone a({.hertz = 1000});
    Phone b({.hertz = 700, .ssrc = 0x2000});
    Phone c({.hertz = 400, .ssrc = 0x4000});
    const auto [first, second] = across(a, b);
    talk(a, b, 20);
    engine_->disconnect(second);
    talk(a, b, 10);
    talk(a, b, 20);
    EXPECT_TRUE(a.samples.empty());
    EXPECT_TRUE(b.samples.empty());
    const LegId third = agree(c, first);
    engine_->connect(third, first);
    talk(a, c, 60);
    EXPECT_GT(a.snr(400), 30);
    engine_->connect(first, second);
    talk(a, b, 10);
    talk(a, b, 60);
    EXPECT_GT(a.snr(700), 30);
    engine_->release(second);
    talk(a, c, 10);
    engine_->connect(third, first);
    talk(a, c, 10);
    talk(a, c, 60);
    EXPECT_GT(c.snr(1000), 30);
    engine_->release(first);
    engine_->release(third);
    // An empty mailbox is not yet a carried out command.
    EXPECT_TRUE(control_.run_until([&] { return legs_on(0) + legs_on(1) == 0; }));
}

INSTANTIATE_TEST_SUITE_P(Engine, Crossing, testing::Values(2U, 4U));

TEST(CrossingQueue, IsBoundedAndKeepsTheOrder) {
    int wakes = 0;
    CrossingQueue queue(4, [&] { ++wakes; });
    std::array<std::uint8_t, 3> packet{};
    for (std::uint8_t i = 0; i < 6; ++i) {
        packet[0] = i;
        EXPECT_EQ(queue.put(LegId(i + 1U), packet), i < 4);
    }
    EXPECT_EQ(queue.dropped(), 2U);
    EXPECT_EQ(wakes, 1);
    std::vector<int> seen;
    const auto see = [&](LegId from, rtp::Bytes octets) {
        EXPECT_EQ(from.value(), octets[0] + 1U);
        seen.push_back(octets[0]);
    };
    queue.take(2, see);
    EXPECT_FALSE(queue.empty());
    queue.take(9, see);
    EXPECT_TRUE(queue.empty());
    EXPECT_EQ(seen, (std::vector<int>{0, 1, 2, 3}));
    std::array<std::uint8_t, PacketRing::kCapacity + 1> huge{};
    EXPECT_FALSE(queue.put(LegId(1), huge));
}

}  // namespace
}  // namespace dp::media

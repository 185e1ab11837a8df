#include <gtest/gtest.h>

#include "media/testing/engine_fixture.hpp"

namespace dp::media {
namespace {

constexpr std::uint8_t kEventType = 101;

void with_events(sdp::NegotiatedAudio& audio, std::uint32_t clock_rate) {
    audio.send_dtmf = sdp::PayloadMapping{kEventType, Codec::TelephoneEvent, clock_rate};
    audio.receive_dtmf = audio.send_dtmf;
}

class EngineDigitsTest : public EngineTest {
protected:
    /// A key press as a phone sends it: rising duration, three ends, instead of audio.
    void press(Phone& from, Phone& to, char digit, std::uint32_t clock_rate, int packets = 5, int ends = 3) {
        const std::uint8_t event = *rtp::event_of(digit);
        const std::uint32_t begin = from.timestamp;
        const auto send = [&](int i, bool end) {
            std::array<std::uint8_t, rtp::kEventPayload> payload{};
            rtp::write_event(payload,
                             {event, end, 10, static_cast<std::uint16_t>((i + 1) * static_cast<int>(clock_rate) / 50)});
            from.send_packet({kEventType, i == 0, from.sequence++, begin, 0x1000}, payload);
        };
        converse({&from, &to}, packets, [&](int i) {
            send(i, false);
            from.timestamp += clock_rate / 50;
        });
        for (int i = 0; i < ends; ++i) send(packets - 1, true);
        converse({&from, &to}, 4, [&](int) { from.send_audio(); });
    }
    /// All of `expected` has arrived, in this order and nothing else.
    bool hears(Phone& phone, std::string_view expected) {
        const bool arrived = control_.run_until(
            [&] {
                phone.receive();
                return digits_of(phone).size() >= expected.size();
            },
            milliseconds(3000));
        return arrived && digits_of(phone) == expected;
    }
    static std::string digits_of(const Phone& phone) {
        std::string out;
        std::optional<std::uint32_t> last;
        for (const auto& event : phone.events) {
            if (!event.payload.end || last == event.header.timestamp) continue;
            last = event.header.timestamp;
            out += rtp::digit_of(event.payload.event).value_or('?');
        }
        return out;
    }
};

TEST_F(EngineDigitsTest, PassThroughBetweenEqualClocks) {
    Phone a({});
    Phone b({.ssrc = 0x2000});
    const LegId first = agree(a, {}, [](auto& audio) { with_events(audio, 8000); });
    const LegId second = agree(b, first, [](auto& audio) { with_events(audio, 8000); });
    engine_->connect(first, second);
    converse({&a, &b}, 10, [&](int) { a.send_audio(); });
    for (char digit : std::string("159#")) press(a, b, digit, 8000);
    EXPECT_TRUE(hears(b, "159#")) << digits_of(b);
    EXPECT_TRUE(control_.run_until([&] { return events_.digits[first] == "159#"; }));
    EXPECT_NEAR(static_cast<double>(events_.last_digit_length.count()), 100, 20);
    EXPECT_EQ(b.events.front().header.payload_type, kEventType);
    EXPECT_TRUE(b.events.front().header.marker);
}

TEST_F(EngineDigitsTest, AreScaledBetweenOpusAndG711) {
    Phone a({.codec = Codec::Opus});
    Phone b({.ssrc = 0x2000});
    const LegId first = agree(a, {}, [](auto& audio) { with_events(audio, 48000); });
    const LegId second = agree(b, first, [](auto& audio) { with_events(audio, 8000); });
    engine_->connect(first, second);
    converse({&a, &b}, 10, [&](int) { a.send_audio(); });
    for (char digit : std::string("42*")) press(a, b, digit, 48000);
    EXPECT_TRUE(hears(b, "42*")) << digits_of(b);
    EXPECT_TRUE(control_.run_until([&] { return events_.digits[first] == "42*"; }));
    // 100 ms are 800 ticks at 8000, whatever they were before.
    for (const auto& event : b.events)
        if (event.payload.end) EXPECT_NEAR(event.payload.duration, 800, 160);
}

TEST_F(EngineDigitsTest, ALostEndIsMadeUp) {
    Phone a({.codec = Codec::Opus});
    Phone b({.ssrc = 0x2000});
    const LegId first = agree(a, {}, [](auto& audio) { with_events(audio, 48000); });
    const LegId second = agree(b, first, [](auto& audio) { with_events(audio, 8000); });
    engine_->connect(first, second);
    converse({&a, &b}, 10, [&](int) { a.send_audio(); });
    press(a, b, '7', 48000, 5, 0);
    converse({&a, &b}, 10, [&](int) { a.send_audio(); });
    EXPECT_TRUE(hears(b, "7")) << digits_of(b);
    EXPECT_TRUE(control_.run_until([&] { return events_.digits[first] == "7"; }));
}

TEST_F(EngineDigitsTest, AudioGoesOnAfterAKeyPressInATranscodedCall) {
    Phone a({.codec = Codec::Opus, .hertz = 1000});
    Phone b({.ssrc = 0x2000});
    const LegId first = agree(a, {}, [](auto& audio) { with_events(audio, 48000); });
    const LegId second = agree(b, first, [](auto& audio) { with_events(audio, 8000); });
    engine_->connect(first, second);
    converse({&a, &b}, 30, [&](int) { a.send_audio(); });
    press(a, b, '1', 48000);
    b.samples.clear();
    converse({&a, &b}, 80, [&](int) { a.send_audio(); });
    EXPECT_GT(b.snr(1000), 6);
}

TEST_F(EngineDigitsTest, OfOurOwnReachThePhone) {
    Phone a({});
    const LegId first = agree(a, {}, [](auto& audio) { with_events(audio, 8000); });
    for (char digit : std::string("0A9")) engine_->send_digit(first, digit, milliseconds(100));
    converse({&a}, 50, [](int) {});
    EXPECT_TRUE(hears(a, "0A9")) << digits_of(a);
    for (const auto& event : a.events)
        if (event.payload.end) EXPECT_EQ(event.payload.duration, 800);
}

TEST_F(EngineDigitsTest, WithoutTelephoneEventTheyAreIgnored) {
    Phone a({});
    const LegId first = agree(a);
    engine_->send_digit(first, '5', milliseconds(100));
    converse({&a}, 15, [](int) {});
    EXPECT_TRUE(a.events.empty());
}

}  // namespace
}  // namespace dp::media

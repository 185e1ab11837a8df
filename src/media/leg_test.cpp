#include "media/leg.hpp"

#include <gtest/gtest.h>

#include <random>

#include "ice/stun_client.hpp"
#include "media/testing/leg_bench.hpp"

namespace dp::media {
namespace {

using sdp::Codec;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr milliseconds kStep{10};

struct Pairing {
    Codec a, b;
};
class Quality : public LegTest, public testing::WithParamInterface<Pairing> {
protected:
    /// Two seconds and more of conversation; `lost(i)` drops the i-th packet of A.
    void converse(Line& a, Line& b, int count, const std::function<bool(int)>& lost = [](int) { return false; }) {
        for (int i = 0; i < count; ++i) {
            if (lost(i)) {
                a.phone.on_send = [](rtp::Bytes) {};
                a.phone.send_audio();
            } else {
                a.speak(now_);
            }
            b.speak(now_);
            advance(kStep);
            frames();
            advance(kStep);
            a.phone.receive();
            b.phone.receive();
        }
    }
};

TEST_P(Quality, AToneCrossesWithMoreThanTwentyDecibels) {
    Line a({.codec = GetParam().a, .hertz = 1000}, host_, 1, now_);
    Line b({.codec = GetParam().b, .hertz = 700, .ssrc = 0x2000}, host_, 2, now_);
    a.agree(now_);
    b.agree(now_);
    join(a, b);
    converse(a, b, 200);
    EXPECT_GT(a.phone.snr(700), 20);
    EXPECT_GT(b.phone.snr(1000), 20);
    EXPECT_EQ(a.leg.statistics().concealed_ms, 0U);
    EXPECT_GE(b.phone.headers.size(), 190U);
}

TEST_P(Quality, LossIsConcealedAndTheStreamGoesOn) {
    Line a({.codec = GetParam().a, .hertz = 400}, host_, 1, now_);
    Line b({.codec = GetParam().b, .hertz = 700, .ssrc = 0x2000}, host_, 2, now_);
    a.agree(now_);
    b.agree(now_);
    join(a, b);
    converse(a, b, 200, [](int i) { return i % 20 == 19; });
    EXPECT_GT(b.phone.snr(400), 8);
    for (std::size_t i = 1; i < b.phone.headers.size(); ++i)
        EXPECT_LE(static_cast<std::uint16_t>(b.phone.headers[i].sequence - b.phone.headers[i - 1].sequence), 2);
}

/// A browser answers every codec it was offered: what may come beside the agreed one must be decodable at the feed's
/// rate.
TEST_P(Quality, FurtherAcceptedCodecsDoNotDisturbTheFirst) {
    Line a({.codec = GetParam().a, .hertz = 1000}, host_, 1, now_);
    Line b({.codec = GetParam().b, .hertz = 700, .ssrc = 0x2000}, host_, 2, now_);
    for (Line* line : {&a, &b}) {
        auto agreement = line->phone.agreement();
        for (const auto& further :
             {sdp::PayloadMapping{118, Codec::Opus, 48000}, sdp::PayloadMapping{119, Codec::G722, 8000},
              sdp::PayloadMapping{120, Codec::Pcmu, 8000}})
            agreement.receive.push_back(further);
        line->leg.configure({agreement, std::nullopt}, now_);
    }
    join(a, b);
    converse(a, b, 200);
    EXPECT_GT(a.phone.snr(700), 20);
    EXPECT_GT(b.phone.snr(1000), 20);
}

/// A held party hears silence; the bridge is then made again between the same two legs.
TEST_P(Quality, JoiningAgainEndsTheSilenceOfAHold) {
    Line a({.codec = GetParam().a, .hertz = 1000}, host_, 1, now_);
    Line b({.codec = GetParam().b, .hertz = 700, .ssrc = 0x2000}, host_, 2, now_);
    a.agree(now_);
    b.agree(now_);
    join(a, b);
    b.leg.play(audio::network_tone(audio::ToneKind::Silence, "us"));
    converse(a, b, 50);
    EXPECT_LT(b.phone.snr(1000), 0);
    join(a, b);
    b.phone.samples.clear();
    converse(a, b, 150);
    EXPECT_GT(b.phone.snr(1000), 20);
}

INSTANTIATE_TEST_SUITE_P(Leg, Quality,
                         testing::Values(Pairing{Codec::Opus, Codec::Pcmu}, Pairing{Codec::Opus, Codec::Pcma},
                                         Pairing{Codec::Opus, Codec::G722}, Pairing{Codec::G722, Codec::Pcmu},
                                         Pairing{Codec::G722, Codec::Pcma}, Pairing{Codec::Pcmu, Codec::Pcma},
                                         Pairing{Codec::Pcmu, Codec::Opus}, Pairing{Codec::G722, Codec::Opus},
                                         Pairing{Codec::Opus, Codec::Opus}));

TEST_F(LegTest, AHeldLegTimesOutAfterTenMinutesATalkingOneAfterThirtySeconds) {
    Line talking({}, host_, 1, now_);
    talking.agree(now_);
    Line held({.ssrc = 2}, host_, 2, now_);
    auto audio = held.phone.agreement();
    audio.direction = sdp::Direction::SendOnly;
    held.leg.configure({audio, std::nullopt}, now_);
    const auto second = [&](Line& line) { line.leg.on_second(now_, WallTime{}); };
    advance(seconds(29));
    second(talking);
    EXPECT_EQ(host_.timeouts, 0);
    advance(seconds(1));
    second(talking);
    second(talking);
    EXPECT_EQ(host_.timeouts, 1);
    advance(seconds(500));
    second(held);
    EXPECT_EQ(host_.timeouts, 1);
    advance(seconds(70));
    second(held);
    EXPECT_EQ(host_.timeouts, 2);
}

TEST_F(LegTest, OneWayAudioIsToldOnceWithinFiveSeconds) {
    Line a({}, host_, 1, now_);
    Line b({.ssrc = 2}, host_, 2, now_);
    a.agree(now_);
    b.agree(now_);
    join(a, b);
    const auto only_a_speaks = [&](int how_long) {
        for (int i = 0; i < how_long * 50; ++i) {
            a.speak(now_);
            advance(milliseconds(20));
            if (i % 50 == 49) b.leg.on_second(now_, WallTime{});
        }
    };
    only_a_speaks(3);
    EXPECT_EQ(host_.one_ways, 0);
    only_a_speaks(2);
    EXPECT_EQ(host_.one_ways, 1);
    only_a_speaks(20);
    EXPECT_EQ(host_.one_ways, 1) << "once";
    a.leg.on_second(now_, WallTime{});
    EXPECT_EQ(host_.one_ways, 1) << "b's, not a's";
}

TEST_F(LegTest, AudioThatStopsInTheMiddleOfACallIsToldToo) {
    Line a({}, host_, 1, now_);
    Line b({.ssrc = 2}, host_, 2, now_);
    a.agree(now_);
    b.agree(now_);
    join(a, b);
    const auto talk = [&](int how_long, bool both) {
        for (int i = 0; i < how_long * 50; ++i) {
            a.speak(now_);
            if (both) b.speak(now_);
            advance(milliseconds(20));
            if (i % 50 == 49) b.leg.on_second(now_, WallTime{});
        }
    };
    talk(10, true);
    EXPECT_EQ(host_.one_ways, 0);
    talk(5, false);
    EXPECT_EQ(host_.one_ways, 1);
    talk(5, true);
    talk(5, false);
    EXPECT_EQ(host_.one_ways, 1) << "once a minute at most";
    talk(60, true);
    talk(5, false);
    EXPECT_EQ(host_.one_ways, 2);
    talk(10, true);
    for (int i = 0; i < 10; ++i) {
        advance(seconds(1));
        b.leg.on_second(now_, WallTime{});
    }
    EXPECT_EQ(host_.one_ways, 2) << "both are silent: nobody misses anything";
}

TEST_F(LegTest, ReportsOftenEnoughAndSaysGoodbye) {
    Line a({}, host_, 1, now_);
    a.agree(now_);
    UdpSocket rtcp = Line::loopback();
    auto audio = a.phone.agreement();
    audio.remote_rtcp = rtcp.local();
    a.leg.configure({audio, std::nullopt}, now_);
    for (int i = 0; i < 60; ++i) {
        advance(seconds(1));
        a.leg.on_second(now_, WallTime{});
    }
    a.leg.close(now_);
    host_.flush();
    std::array<std::uint8_t, 512> buffer{};
    int reports = 0;
    bool bye = false;
    for (ssize_t size; (size = ::recv(rtcp.fd(), buffer.data(), buffer.size(), 0)) > 0; ++reports) {
        const auto compound =
            rtp::parse_rtcp(rtp::Bytes(buffer).first(static_cast<std::size_t>(size)), rtp::RtcpForm::Compound);
        ASSERT_TRUE(compound);
        bye = compound->bye;
    }
    EXPECT_GE(reports, 8);
    EXPECT_LE(reports, 30);
    EXPECT_TRUE(bye);
}

class BrowserLegTest : public LegTest {
protected:
    BrowserLegTest()
        : socket_(Line::loopback(), 46),
          leg_(LegSetup{call::LegId(1), call::MediaTransport::Webrtc, call::SourcePolicy::Ice,
                        ice::Credentials{"oursours", "password"}, "cname"},
               LegTransport(socket_, 46), host_, now_) {
        host_.shared = &socket_;
        audio_ = browser_.agreement();
        audio_.security = sdp::Security::Dtls;
        audio_.remote_rtp.reset();
        audio_.remote_ice = sdp::IceAttributes{.ufrag = "theirs", .pwd = "theirs"};
    }
    void check() {
        ice::StunClient client({.username = "oursours:theirs", .password = "password"}, {1}, now_);
        leg_.on_stun(*ice::StunMessage::parse(client.poll(now_)), browser_.address(), true, now_);
    }
    SharedSocket socket_;
    Leg leg_;
    Phone browser_{{}};
    sdp::NegotiatedAudio audio_;
};

TEST_F(BrowserLegTest, WithoutAnyCheckIceFailsAfterFifteenSeconds) {
    leg_.configure({audio_, std::nullopt}, now_);
    advance(seconds(14));
    leg_.on_second(now_, WallTime{});
    EXPECT_TRUE(host_.failures.empty());
    advance(seconds(1));
    leg_.on_second(now_, WallTime{});
    leg_.on_second(now_, WallTime{});
    EXPECT_EQ(host_.failures, std::vector{call::MediaFailure::IceFailed});
}

TEST_F(BrowserLegTest, ConsentEndsAfterThirtySecondsOfSilence) {
    leg_.configure({audio_, std::nullopt}, now_);
    check();
    advance(seconds(29));
    leg_.on_second(now_, WallTime{});
    EXPECT_TRUE(host_.failures.empty());
    advance(seconds(2));
    leg_.on_second(now_, WallTime{});
    EXPECT_EQ(host_.failures.back(), call::MediaFailure::ConsentLost);
}

TEST_F(BrowserLegTest, ChecksFillTheAddressMapAndTheEndEmptiesIt) {
    EXPECT_EQ(socket_.legs().by_ufrag("oursours"), &leg_);
    EXPECT_EQ(socket_.legs().by_remote(browser_.address()), nullptr);
    check();
    EXPECT_EQ(socket_.legs().by_remote(browser_.address()), &leg_);
    socket_.legs().remove(leg_);
    EXPECT_EQ(socket_.legs().by_remote(browser_.address()), nullptr);
}

/// Any datagram at all, on any kind of leg: counted, never believed.
TEST_F(LegTest, RandomDatagramsAreDropped) {
    Line a({}, host_, 1, now_);
    Line b({.ssrc = 2}, host_, 2, now_);
    a.agree(now_);
    b.agree(now_);
    join(a, b);
    std::mt19937 random(1);
    PacketRing::Slot slot{};
    for (int i = 0; i < 100000; ++i) {
        const std::size_t size = random() % 300;
        for (std::size_t k = 0; k < size; ++k) slot.octets[k] = static_cast<std::uint8_t>(random());
        const Endpoint from{IpAddress::v4(0x7F000000U + random() % 4), static_cast<std::uint16_t>(random())};
        a.leg.on_datagram(rtp::MutableBytes(slot.octets).first(size), from,
                          i % 2 == 0 ? Leg::Channel::Rtp : Leg::Channel::Rtcp, now_);
    }
    b.phone.receive();
    EXPECT_TRUE(b.phone.headers.empty());
    EXPECT_GT(a.leg.drops().total(), 1000U);
}

}  // namespace
}  // namespace dp::media

#include "media/engine.hpp"

#include <dirent.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "audio/tone.hpp"
#include "media/testing/engine_fixture.hpp"

namespace dp::media {
namespace {

TEST_F(EngineTest, RelaysAToneEachWay) {
    Phone a({.hertz = 1000});
    Phone b({.hertz = 700, .ssrc = 0x2000});
    const auto [first, second] = bridge(a, b);
    converse({&a, &b}, 100, [&](int) {
        a.send_audio();
        b.send_audio();
    });
    EXPECT_GT(a.snr(700), 30);
    EXPECT_GT(b.snr(1000), 30);
    EXPECT_GE(a.headers.size(), 96U);
    control_.drain();
    EXPECT_EQ(events_.up[first], 1);
    EXPECT_EQ(events_.up[second], 1);
    EXPECT_EQ(a.unreadable + b.unreadable, 0U);
}

TEST_F(EngineTest, SendsOneUnbrokenStreamOfItsOwn) {
    Phone a({});
    Phone b({.ssrc = 0x2000});
    bridge(a, b);
    converse({&a, &b}, 60, [&](int) { a.send_audio(); });
    ASSERT_GT(b.headers.size(), 50U);
    for (std::size_t i = 1; i < b.headers.size(); ++i) {
        EXPECT_EQ(b.headers[i].ssrc, b.headers[0].ssrc);
        EXPECT_NE(b.headers[i].ssrc, 0x1000U);
        EXPECT_EQ(static_cast<std::uint16_t>(b.headers[i].sequence - b.headers[i - 1].sequence), 1);
        EXPECT_EQ(b.headers[i].timestamp - b.headers[i - 1].timestamp, 160U);
    }
    EXPECT_EQ(b.last_source, local_[LegId(2)].rtp);
}

struct Pairing {
    Codec a, b;
};
class Transcoding : public EngineTest, public testing::WithParamInterface<Pairing> {};

// Whether audio crosses on real threads and sockets; how well is measured in virtual time (leg_test.cpp), where a busy
// machine cannot make packets late.
TEST_P(Transcoding, CarriesAToneEachWay) {
    Phone a({.codec = GetParam().a, .hertz = 1000});
    Phone b({.codec = GetParam().b, .hertz = 700, .ssrc = 0x2000});
    bridge(a, b);
    converse({&a, &b}, 100, [&](int) {
        a.send_audio();
        b.send_audio();
    });
    EXPECT_GT(a.snr(700), 6);
    EXPECT_GT(b.snr(1000), 6);
}

INSTANTIATE_TEST_SUITE_P(Engine, Transcoding,
                         testing::Values(Pairing{Codec::Pcmu, Codec::Pcma}, Pairing{Codec::Opus, Codec::Pcmu},
                                         Pairing{Codec::Opus, Codec::Pcma}, Pairing{Codec::G722, Codec::Pcmu},
                                         Pairing{Codec::G722, Codec::Pcma}, Pairing{Codec::Opus, Codec::G722},
                                         Pairing{Codec::Opus, Codec::Opus}, Pairing{Codec::G722, Codec::G722}));

TEST_F(EngineTest, CodecsThatCannotMeetAreAFailure) {
    Phone a({});
    Phone b({.ssrc = 0x2000});
    const LegId first = agree(a);
    const LegId second = agree(b, first, [](sdp::NegotiatedAudio& audio) {
        audio.send = {18, Codec::G729, 8000};
        audio.receive = {audio.send};
    });
    engine_->connect(first, second);
    EXPECT_TRUE(control_.run_until([&] { return !events_.failed[first].empty(); }));
    EXPECT_EQ(events_.failed[first].front(), call::MediaFailure::IncompatibleCodecs);
    EXPECT_FALSE(engine_->can_transcode(Codec::G729, Codec::Pcmu));
    EXPECT_TRUE(engine_->can_transcode(Codec::G729, Codec::G729));
}

TEST_F(EngineTest, PlaysRingbackUntilThePeerIsConnected) {
    Phone a({.hertz = 1000});
    Phone b({.hertz = 700, .ssrc = 0x2000});
    const LegId first = agree(a);
    engine_->play(first, {call::Tone::Kind::Ringback, "US"});
    converse({&a}, 60, [&](int) { a.send_audio(); });
    EXPECT_GT(a.amplitude(440), 0.05);
    EXPECT_GT(a.amplitude(480), 0.05);
    const std::uint32_t ssrc = a.headers.back().ssrc;
    const LegId second = agree(b, first);
    engine_->connect(first, second);
    converse({&a, &b}, 20, [&](int) { b.send_audio(); });
    a.samples.clear();
    converse({&a, &b}, 60, [&](int) { b.send_audio(); });
    EXPECT_GT(a.snr(700), 30);
    EXPECT_EQ(a.headers.back().ssrc, ssrc);
    for (std::size_t i = 1; i < a.headers.size(); ++i)
        EXPECT_EQ(static_cast<std::uint16_t>(a.headers[i].sequence - a.headers[i - 1].sequence), 1);
}

TEST_F(EngineTest, AnAnnouncementIsHeardOnceAlsoWhenItIsMadeOnlyLater) {
    Phone a({.hertz = 1000});
    const LegId leg = agree(a);
    const auto recording = std::make_shared<audio::Recording>();
    engine_->announce(leg, recording, 3);
    converse({&a}, 20, [&](int) { a.send_audio(); });
    EXPECT_LT(a.amplitude(620), 0.01);
    std::vector<audio::Sample> tone(8000);
    audio::ToneGenerator({.hertz = {620, 0}, .level_dbm0 = {-10, -10}, .cadence_ms = {}}, 8000).fill(tone);
    recording->fill(std::move(tone));
    a.samples.clear();
    converse({&a}, 40, [&](int) { a.send_audio(); });
    EXPECT_GT(a.amplitude(620), 0.05);
    EXPECT_TRUE(events_.played[leg].empty());
    converse({&a}, 30, [&](int) { a.send_audio(); });
    EXPECT_TRUE(control_.run_until([&] { return !events_.played[leg].empty(); }));
    EXPECT_EQ(events_.played[leg], std::vector<std::uint32_t>{3});
}

TEST_F(EngineTest, AHeldLegIsNeitherHeardNorSpokenTo) {
    Phone a({});
    Phone b({.hertz = 700, .ssrc = 0x2000});
    const auto [first, second] = bridge(a, b);
    converse({&a, &b}, 20, [&](int) { a.send_audio(), b.send_audio(); });
    auto held = a.agreement();
    held.direction = sdp::Direction::Inactive;
    engine_->configure(first, {held, std::nullopt});
    converse({&a, &b}, 5, [&](int) {});
    const std::size_t at_a = a.headers.size();
    const std::size_t at_b = b.headers.size();
    converse({&a, &b}, 20, [&](int) { a.send_audio(), b.send_audio(); });
    EXPECT_EQ(a.headers.size(), at_a);
    EXPECT_EQ(b.headers.size(), at_b);
    engine_->configure(first, {a.agreement(), std::nullopt});
    converse({&a, &b}, 30, [&](int) { a.send_audio(), b.send_audio(); });
    EXPECT_GT(a.headers.size(), at_a + 20);
    EXPECT_GT(b.headers.size(), at_b + 20);
}

// RTP bleed: a stranger sprays valid RTP at our port before, at and after the answer.
TEST_F(EngineTest, AStrangerIsNeitherHeardNorSentAnything) {
    Phone a({.hertz = 1000});
    Phone b({.hertz = 700, .ssrc = 0x2000});
    Phone stranger({.hertz = 1600, .ssrc = 0x3000});
    const LegId first = leg({.policy = call::SourcePolicy::Strict});
    stranger.call(local_[first].rtp);
    converse({&stranger}, 10, [&](int) { stranger.send_audio(); });
    engine_->configure(first, {a.agreement(), std::nullopt});
    a.call(local_[first].rtp);
    const LegId second = agree(b, first);
    engine_->connect(first, second);
    converse({&a, &b, &stranger}, 100, [&](int i) {
        if (i > 10) a.send_audio();
        stranger.send_audio();
        b.send_audio();
    });
    EXPECT_EQ(stranger.octets_received, 0U);
    EXPECT_GT(a.snr(700), 30);
    EXPECT_GT(b.snr(1000), 30);
    EXPECT_LT(b.amplitude(1600), 0.001);
}

TEST_F(EngineTest, TheRightSsrcAndSequenceFromAWrongAddressIsInaudible) {
    Phone a({.hertz = 1000});
    Phone b({.hertz = 700, .ssrc = 0x2000});
    Phone stranger({.hertz = 1600, .ssrc = 0x1000});
    bridge(a, b);
    stranger.call(local_[LegId(1)].rtp);
    converse({&a, &b, &stranger}, 100, [&](int i) {
        a.send_audio();
        stranger.sequence = a.sequence;
        stranger.timestamp = a.timestamp;
        if (i > 5) stranger.send_audio();
    });
    EXPECT_EQ(stranger.octets_received, 0U);
    EXPECT_GT(b.snr(1000), 30);
    EXPECT_LT(b.amplitude(1600), 0.001);
    EXPECT_GE(b.headers.size(), 96U);
}

TEST_F(EngineTest, AnotherSsrcFromTheRightAddressIsOnlyFollowedInOrder) {
    Phone a({.hertz = 1000});
    Phone b({.ssrc = 0x2000});
    bridge(a, b);
    converse({&a, &b}, 20, [&](int) { a.send_audio(); });
    // A single packet of another SSRC, out of any order: not believed.
    std::array<std::uint8_t, 160> noise{};
    a.send_packet({0, false, 9, 99, 0xBAD}, noise);
    const std::size_t before = b.headers.size();
    converse({&a, &b}, 30, [&](int) { a.send_audio(); });
    EXPECT_EQ(b.headers.size(), before + 30);
}

TEST_F(EngineTest, ANewSignalledAddressBeatsTheLock) {
    Phone a({.hertz = 1000});
    Phone moved({.hertz = 1000});
    Phone b({.hertz = 700, .ssrc = 0x2000});
    const auto [first, second] = bridge(a, b);
    converse({&a, &b}, 30, [&](int) { a.send_audio(), b.send_audio(); });
    engine_->configure(first, {moved.agreement(), std::nullopt});
    moved.call(local_[first].rtp);
    const std::size_t at_old = a.headers.size();
    converse({&a, &moved, &b}, 60, [&](int) { moved.send_audio(), b.send_audio(); });
    EXPECT_GT(moved.snr(700), 30);
    EXPECT_LE(a.headers.size(), at_old + 1);
    EXPECT_EQ(moved.last_source, local_[first].rtp);
}

TEST_F(EngineTest, RelaysBetweenSrtpAndRtp) {
    for (SrtpSuite suite : {SrtpSuite::AesCm128HmacSha1_80, SrtpSuite::AeadAes128Gcm}) {
        Phone a({.hertz = 1000});
        Phone b({.hertz = 700, .ssrc = 0x2000});
        const LegId first = leg({.transport = MediaTransport::Srtp});
        auto audio = a.agreement();
        const auto ours = local_[first].srtp_keys.of(suite);
        const auto theirs = sdp::SrtpKeys::fresh(random_).of(suite);
        audio.security = sdp::Security::Sdes;
        audio.srtp = sdp::SrtpPair{ours, theirs, 0};
        a.protect(theirs, ours);
        a.call(local_[first].rtp);
        engine_->configure(first, {audio, std::nullopt});
        const LegId second = agree(b, first);
        engine_->connect(first, second);
        converse({&a, &b}, 80, [&](int i) {
            a.send_audio();
            b.send_audio();
            if (i == 40) engine_->configure(first, {audio, std::nullopt});  // a refresh with the same key
        });
        EXPECT_GT(a.snr(700), 30);
        EXPECT_GT(b.snr(1000), 30);
        EXPECT_EQ(a.unreadable, 0U);
    }
}

TEST_F(EngineTest, AHundredThousandBadSrtpPacketsDoNotHurtTheCall) {
    Phone a({.hertz = 1000});
    Phone b({.hertz = 700, .ssrc = 0x2000});
    const LegId first = leg({.transport = MediaTransport::Srtp});
    auto audio = a.agreement();
    const auto ours = local_[first].srtp_keys.of(SrtpSuite::AesCm128HmacSha1_80);
    const auto theirs = sdp::SrtpKeys::fresh(random_).of(SrtpSuite::AesCm128HmacSha1_80);
    audio.security = sdp::Security::Sdes;
    audio.srtp = sdp::SrtpPair{ours, theirs, 0};
    a.protect(theirs, ours);
    a.call(local_[first].rtp);
    engine_->configure(first, {audio, std::nullopt});
    const LegId second = agree(b, first);
    engine_->connect(first, second);
    std::array<std::uint8_t, 182> bad{};
    std::uint16_t serial = 0;
    const auto flood = [&] {
        for (int i = 0; i < 2000; ++i) {
            rtp::write_header(bad, {0, false, serial++, serial * 160U, 0x1000});
            a.send_raw(bad);
        }
    };
    converse({&a, &b}, 50, [&](int) { flood(); });
    b.samples.clear();
    converse({&a, &b}, 60, [&](int) { a.send_audio(), b.send_audio(); });
    EXPECT_GT(b.snr(1000), 30);
    EXPECT_GT(a.snr(700), 30);
    EXPECT_TRUE(control_.run_until([&] { return events_.statistics[first].packets_dropped > 500; }));
}

TEST_F(EngineTest, TellsWhenNothingComesBack) {
    Phone a({});
    Phone b({.ssrc = 0x2000});
    MediaConfig config;
    config.liveness.one_way = milliseconds(300);
    start(config);
    const auto [first, second] = bridge(a, b);
    converse({&a, &b}, 80, [&](int) { a.send_audio(); });
    EXPECT_TRUE(control_.run_until([&] { return events_.one_way[second] == 1; }));
    EXPECT_EQ(events_.one_way[first], 0);
}

TEST_F(EngineTest, TellsWhenALegFallsSilent) {
    MediaConfig config;
    config.liveness.timeout = milliseconds(200);
    start(config);
    Phone a({});
    const LegId first = agree(a);
    EXPECT_TRUE(control_.run_until([&] { return events_.timeouts[first] == 1; }));
}

TEST_F(EngineTest, ReportsStatisticsEverySecondAndAtTheEnd) {
    Phone a({});
    Phone b({.ssrc = 0x2000});
    const auto [first, second] = bridge(a, b);
    converse({&a, &b}, 60, [&](int) { a.send_audio(); });
    engine_->release(first);
    EXPECT_TRUE(control_.run_until([&] { return events_.statistics[first].packets_received == 60; }));
    EXPECT_GE(events_.reports[first], 2);
    EXPECT_EQ(events_.statistics[first].bytes_received, 60U * 160U);
    EXPECT_EQ(events_.statistics[first].packets_lost, 0U);
}

TEST_F(EngineTest, MarksWhatItSendsWithTheLegsDscp) {
    Phone a({});
    Phone b({.ssrc = 0x2000});
    const LegId first = agree(a);
    const LegId second = leg({.dscp = 34, .beside = first});
    engine_->configure(second, {b.agreement(), std::nullopt});
    engine_->connect(first, second);
    b.watch_tos();
    ASSERT_TRUE(control_.run_until([&] { return events_.up.size() == 2 && engine_->idle(); }));
    a.send_audio();
    a.send_audio();
    a.send_audio();
    EXPECT_EQ(b.next_tos(), 34 << 2);
}

std::size_t open_descriptors() {
    std::size_t count = 0;
    DIR* directory = ::opendir("/proc/self/fd");
    while (::readdir(directory)) ++count;
    ::closedir(directory);
    return count;
}

TEST_F(EngineTest, AThousandLegsComeAndGoWithoutATrace) {
    MediaConfig config;
    config.drain = milliseconds(50);
    start(config);
    const std::size_t before = open_descriptors();
    std::vector<LegId> legs;
    for (int i = 0; i < 1000; ++i) {
        legs.push_back(leg());
        if (i % 50 == 0) control_.drain();
    }
    EXPECT_GT(open_descriptors(), before + 1900);
    for (const LegId id : legs) engine_->release(id);
    // One stays lent: the shared socket's.
    EXPECT_TRUE(control_.run_until([&] { return engine_->ports(call::IpFamily::V4)->in_use() == 1; }));
    EXPECT_GE(engine_->ports(call::IpFamily::V4)->in_quarantine(), 1000U);
    EXPECT_LE(open_descriptors(), before + 2 * config.ports_ahead);
    EXPECT_EQ(engine_->legs(), 0U);
}

TEST_F(EngineTest, RefusesWhenPortsAreUsedUp) {
    MediaConfig config;
    config.first_port = 28000;
    config.last_port = 28009;
    start(config);
    std::vector<Result<sdp::LocalMedia>> tries;
    for (std::uint64_t i = 1; i <= 8; ++i) tries.push_back(engine_->allocate(LegId(i), {}));
    const auto refused = std::ranges::find_if(tries, [](const auto& result) { return !result; });
    ASSERT_NE(refused, tries.end());
    EXPECT_EQ(refused->error().code, ErrorCode::Unavailable);
    EXPECT_LE(refused - tries.begin(), 4);
}

}  // namespace
}  // namespace dp::media

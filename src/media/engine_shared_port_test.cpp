// Legs that share one port, on real sockets: who is told from whom, and who is not heard.
#include <gtest/gtest.h>

#include "media/testing/engine_fixture.hpp"

namespace dp::media {
namespace {

using call::PortUse;
using call::SourcePolicy;

class SharedPortTest : public EngineTest {
protected:
    call::MediaLegSpec spec(LegId beside = {}) const {
        call::MediaLegSpec spec;
        spec.policy = SourcePolicy::Strict;
        spec.beside = beside;
        spec.port = PortUse::Shared;
        spec.carrier = "carrier";
        return spec;
    }
    /// A leg of ours that offers: its peer's address is learnt afterwards.
    LegId offering(Phone& phone, LegId beside = {}) {
        const LegId id = leg(spec(beside));
        describe(id, phone);
        return id;
    }
    void describe(LegId id, Phone& phone) {
        engine_->configure(id, {phone.agreement(), std::nullopt});
        phone.call(local_[id].rtp);
    }
    LegId answering(const Phone& phone) {
        auto wanted = spec();
        wanted.announced = phone.address();
        return leg(wanted);
    }
    std::pair<LegId, LegId> share(Phone& a, Phone& b) {
        const LegId first = offering(a);
        const LegId second = offering(b, first);
        engine_->connect(first, second);
        return {first, second};
    }
    std::uint16_t port(LegId id) { return local_[id].rtp.port; }
    bool is_moved(LegId id) {
        return control_.run_until([&] { return events_.moved.contains(id); });
    }
};

TEST_F(SharedPortTest, CallsOnOnePortHearEachTheirOwn) {
    Phone a({.hertz = 1000});
    Phone b({.hertz = 700, .ssrc = 0x2000});
    Phone c({.hertz = 440, .ssrc = 0x3000});
    Phone d({.hertz = 1600, .ssrc = 0x4000});
    const auto [first, second] = share(a, b);
    const auto [third, fourth] = share(c, d);
    EXPECT_EQ(port(first), port(second));
    EXPECT_EQ(port(first), port(third));
    EXPECT_EQ(port(first) % 2, 0);
    converse({&a, &b, &c, &d}, 100, [&](int) {
        for (Phone* phone : {&a, &b, &c, &d}) phone->send_audio();
    });
    EXPECT_GT(a.snr(700), 30);
    EXPECT_GT(b.snr(1000), 30);
    EXPECT_GT(c.snr(1600), 30);
    EXPECT_GT(d.snr(440), 30);
    EXPECT_EQ(a.last_source, local_[fourth].rtp);
}

TEST_F(SharedPortTest, NoPortOfThePoolIsUsed) {
    Phone a({});
    offering(a);
    const std::size_t in_use = engine_->ports(call::IpFamily::V4)->in_use();
    for (int i = 0; i < 100; ++i) leg(spec());
    EXPECT_EQ(engine_->ports(call::IpFamily::V4)->in_use(), in_use);
}

TEST_F(SharedPortTest, AThousandPacketsAtOnceReachEachTheirCall) {
    constexpr std::size_t kCalls = 20;
    constexpr std::uint16_t kPackets = 50;
    std::vector<std::unique_ptr<Phone>> phones;
    for (std::size_t i = 0; i < 2 * kCalls; ++i)
        phones.push_back(std::make_unique<Phone>(Phone::Options{.ssrc = static_cast<std::uint32_t>(0x1000 + i)}));
    for (std::size_t i = 0; i < kCalls; ++i) share(*phones[2 * i], *phones[2 * i + 1]);
    ASSERT_TRUE(control_.run_until([&] { return events_.up.size() == 2 * kCalls && engine_->idle(); }));
    for (std::uint16_t n = 0; n < kPackets; ++n)
        for (std::size_t i = 0; i < kCalls; ++i) {
            std::array<std::uint8_t, 160> payload;
            payload.fill(static_cast<std::uint8_t>(i));
            phones[2 * i]->send_packet({0, n == 0, n, n * 160U, static_cast<std::uint32_t>(0x1000 + 2 * i)}, payload);
        }
    const auto all_there = [&] {
        for (std::size_t i = 0; i < kCalls; ++i) {
            phones[2 * i + 1]->receive();
            if (phones[2 * i + 1]->headers.size() < kPackets) return false;
        }
        return true;
    };
    EXPECT_TRUE(control_.run_until(all_there));
    for (std::size_t i = 0; i < kCalls; ++i) {
        std::array<std::uint8_t, 160> payload;
        payload.fill(static_cast<std::uint8_t>(i));
        std::array<audio::Sample, audio::kMaxFrameSamples> pcm{};
        auto decoder = *audio::Decoder::create(audio::CodecId::Pcmu, 8000);
        decoder.decode(payload, pcm);
        EXPECT_EQ(std::ranges::count(phones[2 * i + 1]->samples, pcm[0]), kPackets * 160) << "call " << i;
    }
}

TEST_F(SharedPortTest, WhatComesBeforeTheDescriptionAndFromStrangersIsCountedAndNotHeard) {
    Phone a({.hertz = 1000});
    Phone b({.hertz = 700, .ssrc = 0x2000});
    Phone stranger({.hertz = 1600, .ssrc = 0x1000});
    const LegId first = leg(spec());
    const LegId second = offering(b, first);
    engine_->connect(first, second);
    a.call(local_[first].rtp);
    stranger.call(local_[first].rtp);
    converse({&a, &b, &stranger}, 30, [&](int) { a.send_audio(), stranger.send_audio(); });
    EXPECT_TRUE(b.headers.empty());
    EXPECT_TRUE(control_.run_until([&] { return engine_->gauges(0).dropped >= 60; }));
    describe(first, a);
    converse({&a, &b, &stranger}, 80, [&](int) { a.send_audio(), b.send_audio(), stranger.send_audio(); });
    EXPECT_GT(b.snr(1000), 30);
    EXPECT_LT(b.amplitude(1600), 0.001);
    EXPECT_GT(a.snr(700), 30);
    EXPECT_EQ(stranger.octets_received, 0U);
}

TEST_F(SharedPortTest, AnOfferFromAnAddressInUseIsAnsweredFromAnotherPort) {
    Phone a({.hertz = 1000});
    Phone b({.hertz = 700, .ssrc = 0x2000});
    share(a, b);
    const LegId third = answering(a);
    EXPECT_NE(port(third), port(LegId(1)));
    engine_->configure(third, {a.agreement(), std::nullopt});
    converse({&a, &b}, 80, [&](int) { a.send_audio(), b.send_audio(); });
    EXPECT_GT(b.snr(1000), 30);
    EXPECT_TRUE(events_.moved.empty());
}

TEST_F(SharedPortTest, TwoOffersFromOneAddressAtOnceGetTwoPorts) {
    Phone a({});
    const LegId first = answering(a);
    const LegId second = answering(a);
    EXPECT_NE(port(first), port(second));
}

TEST_F(SharedPortTest, ACallThatComesBackToUsHasItsOtherEndOnAnotherPort) {
    const LegId first = leg(spec());
    auto wanted = spec();
    wanted.announced = local_[first].rtp;
    const LegId second = leg(wanted);
    EXPECT_NE(port(second), port(first));
    auto audio = Phone({}).agreement();
    audio.remote_rtp = local_[first].rtp;
    engine_->configure(second, {audio, std::nullopt});
    audio.remote_rtp = local_[second].rtp;
    engine_->configure(first, {audio, std::nullopt});
    ASSERT_TRUE(control_.run_until([&] { return events_.up.size() == 2; }));
    EXPECT_TRUE(events_.moved.empty());
}

// A peer that puts two calls on one port itself: neither may be heard in the other.
TEST_F(SharedPortTest, AnAnswerFromAnAddressInUseMovesBothLegs) {
    Phone a({.hertz = 1000});
    Phone b({.hertz = 700, .ssrc = 0x2000});
    const auto [first, second] = share(a, b);
    converse({&a, &b}, 20, [&](int) { a.send_audio(), b.send_audio(); });
    const std::uint16_t before = port(first);
    Phone c({.hertz = 440, .ssrc = 0x3000});
    const LegId third = leg(spec());
    const LegId fourth = offering(c, third);
    engine_->connect(third, fourth);
    engine_->configure(third, {a.agreement(), std::nullopt});
    ASSERT_TRUE(is_moved(first) && is_moved(third));
    EXPECT_FALSE(events_.moved.contains(second));
    EXPECT_FALSE(events_.moved.contains(fourth));
    EXPECT_NE(events_.moved[first].rtp.port, before);
    EXPECT_NE(events_.moved[first].rtp.port, events_.moved[third].rtp.port);
    // The peer has not been told yet: what comes to the old port is nobody's.
    converse({&b}, 2, [](int) {});
    const std::size_t at_b = b.headers.size();
    converse({&a, &b, &c}, 20, [&](int) { a.send_audio(); });
    EXPECT_EQ(b.headers.size(), at_b);
    EXPECT_TRUE(c.headers.empty());
    // It follows the offer of the one call, and a second source of it that of the other.
    local_[first] = events_.moved[first];
    describe(first, a);
    b.samples.clear();
    converse({&a, &b, &c}, 60, [&](int) { a.send_audio(), b.send_audio(); });
    EXPECT_GT(b.snr(1000), 30);
    EXPECT_TRUE(c.headers.empty());
}

TEST_F(SharedPortTest, ACarrierThatClashedBeginsWithPortsOfItsOwn) {
    Phone a({});
    const LegId first = offering(a);
    const LegId second = leg(spec());
    engine_->configure(second, {a.agreement(), std::nullopt});
    ASSERT_TRUE(is_moved(second));
    EXPECT_NE(port(leg(spec())), port(first));
    auto other = spec();
    other.carrier = "another";
    EXPECT_EQ(port(leg(other)), port(first));
}

TEST_F(SharedPortTest, AReannouncedAddressReplacesTheOldOne) {
    Phone a({.hertz = 1000});
    Phone moved({.hertz = 440, .ssrc = 0x3000});
    Phone b({.hertz = 700, .ssrc = 0x2000});
    const auto [first, second] = share(a, b);
    converse({&a, &b}, 30, [&](int) { a.send_audio(), b.send_audio(); });
    describe(first, moved);
    b.samples.clear();
    const std::size_t at_old = a.headers.size();
    converse({&a, &moved, &b}, 80, [&](int) { a.send_audio(), moved.send_audio(), b.send_audio(); });
    EXPECT_GT(b.snr(440), 30);
    EXPECT_LT(b.amplitude(1000), 0.001);
    EXPECT_GT(moved.snr(700), 30);
    EXPECT_LE(a.headers.size(), at_old + 1);
}

TEST_F(SharedPortTest, LatePacketsOfAnEndedCallAreNotHeardInTheNextFromItsAddress) {
    Phone a({.hertz = 1000});
    Phone b({.hertz = 700, .ssrc = 0x2000});
    const auto [first, second] = share(a, b);
    converse({&a, &b}, 20, [&](int) { a.send_audio(); });
    engine_->release(first);
    engine_->release(second);
    Phone c({.hertz = 440, .ssrc = 0x3000});
    const LegId third = leg(spec());
    const LegId fourth = offering(c, third);
    engine_->connect(third, fourth);
    engine_->configure(third, {a.agreement(), std::nullopt});
    EXPECT_TRUE(events_.moved.empty());
    converse({&a, &c}, 20, [&](int) { a.send_audio(); });
    EXPECT_TRUE(c.headers.empty()) << "the SSRC of the call before";
    std::array<std::uint8_t, 160> payload{};
    std::uint16_t serial = 0;
    converse({&a, &c}, 20, [&](int) { a.send_packet({0, false, serial++, serial * 160U, 0x5000}, payload); });
    EXPECT_GE(c.headers.size(), 18U);
}

TEST_F(SharedPortTest, RtcpIsToldApartOnTheOddPort) {
    Phone a({});
    Phone b({.ssrc = 0x2000});
    auto reports = *UdpSocket::bind({IpAddress::v4(0x7F000001), 0});
    const LegId first = leg(spec());
    const LegId second = offering(b, first);
    auto audio = a.agreement();
    audio.remote_rtcp = reports.local();
    engine_->configure(first, {audio, std::nullopt});
    a.call(local_[first].rtp);
    engine_->connect(first, second);
    converse({&a, &b}, 20, [&](int) { a.send_audio(), b.send_audio(); });
    ASSERT_FALSE(a.headers.empty());
    // RFC 3550 section 6.4.2: receiver reports that between them a quarter was lost of what we send.
    std::array<std::uint8_t, 32> report{0x81, 201, 0, 7};
    for (std::size_t i = 0; i < 4; ++i) report[8 + i] = static_cast<std::uint8_t>(a.headers[0].ssrc >> (24 - 8 * i));
    sockaddr_storage to{};
    const socklen_t length =
        Endpoint{local_[first].rtp.address, static_cast<std::uint16_t>(port(first) + 1)}.to_sockaddr(to);
    for (const auto& [lost, highest] : {std::pair<std::uint8_t, std::uint8_t>(0, 100), {25, 200}}) {
        report[15] = lost;
        report[19] = highest;
        ::sendto(reports.fd(), report.data(), report.size(), 0, reinterpret_cast<const sockaddr*>(&to), length);
    }
    EXPECT_TRUE(control_.run_until([&] { return events_.statistics[first].remote_loss_percent.has_value(); }));
    EXPECT_NEAR(events_.statistics[first].remote_loss_percent.value_or(0), 25, 0.1);
    EXPECT_FALSE(events_.statistics[second].remote_loss_percent);
    std::array<std::uint8_t, 2048> ours{};
    sockaddr_storage from{};
    socklen_t from_length = sizeof from;
    pollfd waiting{reports.fd(), POLLIN, 0};
    ASSERT_EQ(::poll(&waiting, 1, 10'000), 1);
    ASSERT_GT(::recvfrom(reports.fd(), ours.data(), ours.size(), 0, reinterpret_cast<sockaddr*>(&from), &from_length),
              0);
    EXPECT_EQ(ours[1], 200) << "a sender report";
    EXPECT_EQ(Endpoint::from_sockaddr(reinterpret_cast<const sockaddr*>(&from)).port, port(first) + 1);
}

TEST_F(SharedPortTest, SrtpAndTranscodedLegsShareToo) {
    Phone a({.hertz = 1000});
    Phone b({.codec = Codec::Pcma, .hertz = 700, .ssrc = 0x2000});
    auto wanted = spec();
    wanted.transport = MediaTransport::Srtp;
    const LegId first = leg(wanted);
    const auto ours = local_[first].srtp_keys.of(SrtpSuite::AesCm128HmacSha1_80);
    const auto theirs = sdp::SrtpKeys::fresh(random_).of(SrtpSuite::AesCm128HmacSha1_80);
    auto audio = a.agreement();
    audio.security = sdp::Security::Sdes;
    audio.srtp = sdp::SrtpPair{ours, theirs, 0};
    a.protect(theirs, ours);
    a.call(local_[first].rtp);
    engine_->configure(first, {audio, std::nullopt});
    const LegId second = offering(b, first);
    engine_->connect(first, second);
    EXPECT_EQ(port(first), port(second));
    converse({&a, &b}, 100, [&](int) { a.send_audio(), b.send_audio(); });
    EXPECT_GT(a.snr(700), 6);
    EXPECT_GT(b.snr(1000), 6);
    EXPECT_EQ(a.unreadable, 0U);
}

TEST_F(SharedPortTest, EachLegMarksItsPacketsWithItsDscp) {
    Phone a({});
    Phone b({.ssrc = 0x2000});
    const LegId first = offering(a);
    auto marked = spec(first);
    marked.dscp = 34;
    const LegId second = leg(marked);
    describe(second, b);
    engine_->connect(first, second);
    a.watch_tos();
    b.watch_tos();
    ASSERT_TRUE(control_.run_until([&] { return events_.up.size() == 2 && engine_->idle(); }));
    for (int i = 0; i < 3; ++i) a.send_audio(), b.send_audio();
    EXPECT_EQ(a.next_tos(), 46 << 2);
    EXPECT_EQ(b.next_tos(), 34 << 2);
}

// --- in virtual time

TEST(StreamGuardTest, AnotherSsrcIsBelievedOnlyAfterAPause) {
    using std::chrono::seconds;
    StreamGuard guard;
    guard.begin(std::nullopt);
    const TimePoint start{seconds(100)};
    EXPECT_TRUE(guard.admits(1, {}, start));
    EXPECT_TRUE(guard.admits(1, start, start + milliseconds(20)));
    EXPECT_FALSE(guard.admits(2, start + milliseconds(20), start + milliseconds(40)));
    EXPECT_FALSE(guard.admits(2, start + seconds(2), start + seconds(2) + milliseconds(500)))
        << "the first still speaks";
    EXPECT_FALSE(guard.admits(3, start + seconds(2), start + seconds(4))) << "seen for the first time";
    EXPECT_TRUE(guard.admits(3, start + seconds(2), start + seconds(5)));
    EXPECT_FALSE(guard.admits(1, start + seconds(5), start + seconds(5)));
}

TEST(StreamGuardTest, TheFormerCallsStreamIsRefusedWhileItsAddressRests) {
    using std::chrono::seconds;
    StreamGuard guard;
    const TimePoint start{seconds(100)};
    guard.begin(SharedPort::Former{7, start + seconds(2)});
    EXPECT_FALSE(guard.admits(7, {}, start + seconds(1)));
    EXPECT_TRUE(guard.admits(7, {}, start + seconds(2)));
}

}  // namespace
}  // namespace dp::media

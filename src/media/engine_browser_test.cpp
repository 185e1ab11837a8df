#include <gtest/gtest.h>

#include "media/testing/browser.hpp"
#include "media/testing/engine_fixture.hpp"

namespace dp::media {
namespace {

class EngineBrowserTest : public EngineTest {
protected:
    LegId browser_leg(Browser& browser, LegId beside = {}) {
        const LegId id =
            leg({.transport = MediaTransport::Webrtc, .policy = call::SourcePolicy::Ice, .beside = beside});
        browser.call(local_[id]);
        return id;
    }
    bool secure(Browser& browser) {
        validate(browser);
        browser.start_dtls();
        return until([] { return false; }, {&browser}, true);
    }
    /// Checks until one is answered: the first may come before the leg is there, as it may with a real browser.
    void validate(Browser& browser) {
        const int before = browser.answers;
        EXPECT_TRUE(until(
            [&] {
                if (browser.answers == before) browser.check();
                return browser.answers > before;
            },
            {&browser}));
    }
    /// Drives browsers and control until `done`, or, with `secured`, until all browsers are.
    bool until(const std::function<bool()>& done, std::initializer_list<Browser*> browsers, bool secured = false) {
        return control_.run_until(
            [&] {
                bool all = true;
                for (Browser* browser : browsers) all = browser->step() && all;
                return done() || (secured && all);
            },
            milliseconds(5000));
    }
};

TEST_F(EngineBrowserTest, OpusOverDtlsSrtpMeetsPcmuOnATrunk) {
    Browser browser({.codec = Codec::Opus, .hertz = 1000}, random_);
    Phone trunk({.hertz = 700, .ssrc = 0x2000});
    const LegId first = browser_leg(browser);
    engine_->configure(first, {browser.agreement(), std::nullopt});
    ASSERT_TRUE(secure(browser));
    EXPECT_TRUE(control_.run_until([&] { return events_.up[first] == 1; }));
    const LegId second = agree(trunk, first);
    engine_->connect(first, second);
    converse({&browser.phone, &trunk}, 150, [&](int i) {
        browser.phone.send_audio();
        trunk.send_audio();
        if (i % 25 == 0) browser.check();
    });
    EXPECT_GT(browser.phone.snr(700), 6);
    EXPECT_GT(trunk.snr(1000), 6);
    EXPECT_EQ(browser.phone.unreadable, 0U);
    EXPECT_GT(browser.phone.reports, 0U);
}

TEST_F(EngineBrowserTest, TwoBrowsersOnOneSocketDoNotMix) {
    Browser a({.codec = Codec::Opus, .hertz = 1000}, random_);
    Browser b({.codec = Codec::Opus, .hertz = 700, .ssrc = 0x2000}, random_);
    const LegId first = browser_leg(a);
    const LegId second = browser_leg(b, first);
    EXPECT_EQ(local_[first].rtp, local_[second].rtp);
    engine_->configure(first, {a.agreement(), std::nullopt});
    engine_->configure(second, {b.agreement(), std::nullopt});
    engine_->connect(first, second);
    ASSERT_TRUE(secure(a));
    ASSERT_TRUE(secure(b));
    converse({&a.phone, &b.phone}, 120, [&](int) {
        a.phone.send_audio();
        b.phone.send_audio();
    });
    EXPECT_GT(a.phone.snr(700), 6);
    EXPECT_GT(b.phone.snr(1000), 6);
}

TEST_F(EngineBrowserTest, TheHandshakeMayEndBeforeSignallingTellsTheFingerprint) {
    Browser browser({.codec = Codec::Opus}, random_);
    const LegId first = browser_leg(browser);
    ASSERT_TRUE(secure(browser));
    control_.drain();
    EXPECT_EQ(events_.up[first], 0);
    engine_->configure(first, {browser.agreement(), std::nullopt});
    EXPECT_TRUE(control_.run_until([&] { return events_.up[first] == 1; }));
}

TEST_F(EngineBrowserTest, AWrongFingerprintEndsTheLegBeforeAnyMedia) {
    Browser browser({.codec = Codec::Opus}, random_);
    const LegId first = browser_leg(browser);
    auto audio = browser.agreement();
    audio.remote_fingerprints[0].digest[5] ^= 1;
    engine_->configure(first, {audio, std::nullopt});
    engine_->play(first, {call::Tone::Kind::Dial, "US"});
    secure(browser);
    EXPECT_TRUE(control_.run_until([&] { return !events_.failed[first].empty(); }));
    EXPECT_EQ(events_.failed[first], std::vector{call::MediaFailure::FingerprintMismatch});
    EXPECT_EQ(events_.up[first], 0);
    EXPECT_TRUE(browser.phone.headers.empty());
}

TEST_F(EngineBrowserTest, AClientHelloFromAStrangerDoesNotTakeTheCall) {
    Browser browser({.codec = Codec::Opus, .hertz = 1000}, random_);
    Browser stranger({.codec = Codec::Opus}, random_);
    const LegId first = browser_leg(browser);
    engine_->configure(first, {browser.agreement(), std::nullopt});
    stranger.call(local_[first]);
    stranger.start_dtls();
    until([&] { return stranger.phone.octets_received > 0; }, {&stranger});
    EXPECT_EQ(stranger.phone.octets_received, 0U);
    ASSERT_TRUE(secure(browser));
    EXPECT_TRUE(control_.run_until([&] { return events_.up[first] == 1; }));
}

TEST_F(EngineBrowserTest, FollowsANominationToAnotherAddress) {
    Browser browser({.codec = Codec::Opus, .hertz = 1000}, random_);
    Phone elsewhere({.codec = Codec::Opus});
    Phone trunk({.hertz = 700, .ssrc = 0x2000});
    const LegId first = browser_leg(browser);
    engine_->configure(first, {browser.agreement(), std::nullopt});
    ASSERT_TRUE(secure(browser));
    const LegId second = agree(trunk, first);
    engine_->connect(first, second);
    converse({&browser.phone, &trunk}, 60, [&](int) { trunk.send_audio(); });
    const std::size_t before = browser.phone.headers.size();
    ASSERT_GT(before, 20U);
    converse({&browser.phone, &elsewhere, &trunk}, 10, [&](int i) {
        if (i == 0) browser.check_from(elsewhere, Browser::Nomination::Use);
        trunk.send_audio();
    });
    const std::size_t left = browser.phone.headers.size();
    const std::size_t moved = elsewhere.octets_received;
    converse({&browser.phone, &elsewhere, &trunk}, 10, [&](int) { trunk.send_audio(); });
    EXPECT_EQ(browser.phone.headers.size(), left);
    EXPECT_GT(elsewhere.octets_received, moved);
}

TEST_F(EngineBrowserTest, AnIceRestartKeepsTheAssociationAndTheAudio) {
    Browser browser({.codec = Codec::Opus, .hertz = 1000}, random_);
    Phone trunk({.hertz = 700, .ssrc = 0x2000});
    const LegId first = browser_leg(browser);
    engine_->configure(first, {browser.agreement(), std::nullopt});
    ASSERT_TRUE(secure(browser));
    const LegId second = agree(trunk, first);
    engine_->connect(first, second);
    const auto fresh = engine_->restart_ice(first);
    ASSERT_TRUE(fresh);
    EXPECT_NE(fresh->ice->ufrag, local_[first].ice->ufrag);
    EXPECT_EQ(fresh->rtp, local_[first].rtp);
    EXPECT_EQ(fresh->fingerprints, local_[first].fingerprints);
    browser.call(*fresh);
    validate(browser);
    converse({&browser.phone, &trunk}, 100, [&](int) {
        browser.phone.send_audio();
        trunk.send_audio();
    });
    EXPECT_GT(browser.phone.snr(700), 6);
    EXPECT_GT(trunk.snr(1000), 6);
    EXPECT_EQ(engine_->restart_ice(second).error().code, ErrorCode::NotFound);
}

TEST_F(EngineBrowserTest, CloseNotifyIsTold) {
    Browser browser({.codec = Codec::Opus}, random_);
    const LegId first = browser_leg(browser);
    engine_->configure(first, {browser.agreement(), std::nullopt});
    ASSERT_TRUE(secure(browser));
    browser.dtls().close();
    EXPECT_TRUE(control_.run_until([&] { return !events_.failed[first].empty(); }));
    EXPECT_EQ(events_.failed[first].front(), call::MediaFailure::ClosedByPeer);
}

TEST_F(EngineBrowserTest, StunWithoutCredentialsGets400AndUnknownUfragsSilence) {
    Browser browser({.codec = Codec::Opus}, random_);
    browser_leg(browser);
    std::vector<std::uint16_t> errors;
    browser.phone.on_other = [&](rtp::Bytes datagram, const Endpoint&) {
        if (const auto message = ice::StunMessage::parse(datagram)) errors.push_back(message->error.value_or(0));
    };
    const TimePoint now = std::chrono::steady_clock::now();
    ice::StunClient unknown({.username = "nobody12:x", .password = "y"}, {1}, now);
    ice::StunClient bare({}, {2}, now);
    control_.run_until([&] { return engine_->gauges(0).legs == 1; });
    browser.phone.send_raw(unknown.poll(now));
    browser.phone.send_raw(bare.poll(now));
    EXPECT_TRUE(until([&] { return !errors.empty(); }, {&browser}));
    EXPECT_EQ(errors, std::vector<std::uint16_t>{400});
}

}  // namespace
}  // namespace dp::media

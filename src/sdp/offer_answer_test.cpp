#include "sdp/offer_answer.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/random.hpp"
#include "sdp/test_offers.hpp"
#include "sdp/test_parties.hpp"

namespace dp::sdp {
namespace {

using std::chrono::milliseconds;

using namespace test;

TEST(Answer, ToChromiumIsTheMinimalOne) {
    const auto answer = make_answer(parsed(test::kChromium), browser(), browser_media(), fresh());
    ASSERT_TRUE(answer) << answer.error().detail;
    EXPECT_EQ(serialise(answer->description),
              "v=0\r\n"
              "o=- 1 1 IN IP4 198.51.100.7\r\n"
              "s=-\r\n"
              "t=0 0\r\n"
              "a=ice-lite\r\n"
              "a=group:BUNDLE 0\r\n"
              "m=audio 3478 UDP/TLS/RTP/SAVPF 111 110\r\n"
              "c=IN IP4 198.51.100.7\r\n"
              "a=mid:0\r\n"
              "a=sendrecv\r\n"
              "a=rtcp-mux\r\n"
              "a=ice-ufrag:ourufrag\r\n"
              "a=ice-pwd:ourpasswordourpassword00\r\n"
              "a=fingerprint:sha-256 "
              "AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB\r\n"
              "a=setup:passive\r\n"
              "a=candidate:1 1 udp 2130706431 198.51.100.7 3478 typ host\r\n"
              "a=end-of-candidates\r\n"
              "a=rtpmap:111 opus/48000/2\r\n"
              "a=fmtp:111 minptime=10;useinbandfec=1\r\n"
              "a=rtpmap:110 telephone-event/48000\r\n");
    EXPECT_EQ(answer->audio.security, Security::Dtls);
    EXPECT_EQ(answer->audio.local_setup, Setup::Passive);
    EXPECT_EQ(answer->audio.send, (PayloadMapping{111, Codec::Opus, 48000}));
    EXPECT_EQ(answer->audio.send_dtmf, (PayloadMapping{110, Codec::TelephoneEvent, 48000}));
    EXPECT_TRUE(answer->audio.rtcp_mux);
    EXPECT_TRUE(answer->audio.remote_ice);
    EXPECT_TRUE(answer->audio.opus.in_band_fec);
}

TEST(Answer, TakesPcmuWithTheNarrowTelephoneEventFromChromium) {
    Capabilities pcmu = browser();
    pcmu.codecs = {Codec::Pcmu};
    const auto answer = make_answer(parsed(test::kChromium), pcmu, browser_media(), fresh());
    EXPECT_EQ(answer->audio.send.payload_type, 0);
    EXPECT_EQ(answer->audio.send_dtmf, (PayloadMapping{126, Codec::TelephoneEvent, 8000}));
}

TEST(Answer, AsksOpusForTheBandTheFarLegCanUse) {
    Capabilities narrow = browser();
    narrow.opus = opus_profile_for(Codec::Pcmu);
    auto answer = make_answer(parsed(test::kChromium), narrow, browser_media(), fresh());
    EXPECT_EQ(answer->description.media[0].formats[0].fmtp,
              "minptime=10;useinbandfec=1;stereo=0;sprop-stereo=0;maxplaybackrate=8000;sprop-maxcapturerate=8000;"
              "maxaveragebitrate=20000");
    narrow.opus = opus_profile_for(Codec::G722);
    answer = make_answer(parsed(test::kChromium), narrow, browser_media(), fresh());
    EXPECT_EQ(fmtp_value(answer->description.media[0].formats[0].fmtp, "maxaveragebitrate"), "28000");
    EXPECT_EQ(fmtp_value(answer->description.media[0].formats[0].fmtp, "maxplaybackrate"), "16000");
}

TEST(Answer, RefusesFirefoxsDataChannelInPlaceAndOutOfTheBundle) {
    const auto answer = make_answer(parsed(test::kFirefox), browser(), browser_media(), fresh());
    ASSERT_TRUE(answer);
    ASSERT_EQ(answer->description.media.size(), 2u);
    EXPECT_TRUE(answer->description.media[1].refused());
    EXPECT_EQ(answer->description.bundle, (std::vector<std::vector<std::string>>{{"0"}}));
    EXPECT_EQ(answer->audio.send.payload_type, 109);
    EXPECT_EQ(answer->audio.send_dtmf->payload_type, 101) << "Firefox has telephone-event at 8000 only";
    EXPECT_FALSE(answer->audio.remote_rtp);
    const std::string text = serialise(answer->description);
    EXPECT_NE(text.find("m=application 0 UDP/DTLS/SCTP webrtc-datachannel\r\n"), std::string::npos) << text;
}

TEST(Answer, ToJsSipKeepsTheRefusedVideo) {
    const auto answer = make_answer(parsed(test::kJsSip), browser(), browser_media(), fresh());
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->description.media[1].port, 0);
    EXPECT_EQ(answer->description.media[1].mid, "1");
}

TEST(Answer, ToBaresipTakesOurPreferenceAndItsNumbers) {
    const auto answer = make_answer(parsed(test::kBaresip), phone(), plain_media(), fresh());
    ASSERT_TRUE(answer);
    EXPECT_EQ(serialise(answer->description),
              "v=0\r\n"
              "o=- 1 1 IN IP4 198.51.100.7\r\n"
              "s=-\r\n"
              "c=IN IP4 198.51.100.7\r\n"
              "t=0 0\r\n"
              "m=audio 20000 RTP/AVP 0 101\r\n"
              "a=sendrecv\r\n"
              "a=rtpmap:0 PCMU/8000\r\n"
              "a=rtpmap:101 telephone-event/8000\r\n"
              "a=fmtp:101 0-15\r\n"
              "a=ptime:20\r\n");
    EXPECT_EQ(answer->audio.remote_rtp, Endpoint::parse("192.0.2.20:10378"));
    EXPECT_EQ(answer->audio.remote_rtcp, Endpoint::parse("192.0.2.20:10379"));
    EXPECT_EQ(answer->audio.security, Security::None);
}

TEST(Answer, ToACarrierPassesG729WithoutAnnexBAndHonoursPacketTimes) {
    Capabilities trunk{.codecs = {Codec::G729, Codec::Pcmu}};
    const auto answer = make_answer(parsed(test::kCarrier), trunk, plain_media(), fresh());
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->description.media[0].formats[0].fmtp, "annexb=no");
    EXPECT_EQ(answer->audio.send, (PayloadMapping{18, Codec::G729, 8000}));
    EXPECT_EQ(answer->audio.send_ptime, milliseconds(20));
    EXPECT_TRUE(answer->description.media[1].refused());
}

TEST(Answer, ChoosesOneSuiteByOurOrderWithTheOfferedTag) {
    const auto media = plain_media();
    const auto answer = make_answer(parsed(test::kRtpengine), sdes(), media, fresh());
    ASSERT_TRUE(answer);
    ASSERT_EQ(answer->description.media[0].crypto.size(), 1u);
    EXPECT_EQ(answer->description.media[0].crypto[0].tag, 2u);  // AEAD_AES_128_GCM
    EXPECT_EQ(answer->description.media[0].crypto[0].key, media.srtp_keys.of(SrtpSuite::AeadAes128Gcm));
    EXPECT_EQ(answer->audio.srtp->remote.bytes[5], 5);
    EXPECT_EQ(answer->audio.srtp->local, media.srtp_keys.of(SrtpSuite::AeadAes128Gcm));
}

TEST(Answer, SaysWhyItRefuses) {
    Capabilities gsm{.codecs = {Codec::Gsm}};
    EXPECT_EQ(make_answer(parsed(test::kBaresip), gsm, plain_media(), fresh()).error().code,
              ErrorCode::UnsupportedMedia);
    EXPECT_FALSE(make_answer(parsed(test::kBaresip), sdes(), plain_media(), fresh()))
        << "plain RTP where SRTP is demanded";
    EXPECT_FALSE(make_answer(parsed(test::kRtpengine), phone(), plain_media(), fresh()))
        << "SRTP where it is not allowed";
    EXPECT_FALSE(make_answer(parsed(test::kChromium), phone(), plain_media(), fresh()));
    EXPECT_FALSE(make_answer(parsed("v=0\r\nm=video 4000 RTP/AVP 96\r\n"), phone(), plain_media(), fresh()));
    std::string weak = test::kChromium;
    weak.replace(weak.find("sha-256"), 7, "sha-1  ");
    EXPECT_FALSE(make_answer(parsed(weak), browser(), browser_media(), fresh()));
}

TEST(Answer, MirrorsEveryHold) {
    struct Row {
        const char* from;
        const char* to;
        Direction expected;
        bool held;
    };
    const Row rows[] = {{"a=sendrecv", "a=sendonly", Direction::RecvOnly, true},
                        {"a=sendrecv", "a=inactive", Direction::Inactive, true},
                        {"c=IN IP4 192.0.2.20", "c=IN IP4 0.0.0.0", Direction::RecvOnly, true},
                        {"a=sendrecv", "a=recvonly", Direction::SendOnly, false},
                        {"a=sendrecv", "a=sendrecv", Direction::SendRecv, false}};
    for (const Row& row : rows) {
        std::string offer = test::kBaresip;
        offer.replace(offer.find(row.from), std::string_view(row.from).size(), row.to);
        const auto answer = make_answer(parsed(offer), phone(), plain_media(), fresh());
        ASSERT_TRUE(answer) << row.to;
        EXPECT_EQ(answer->audio.direction, row.expected) << row.to;
        EXPECT_EQ(answer->audio.held_by_peer, row.held) << row.to;
        EXPECT_EQ(answer->description.media[0].direction, row.expected) << row.to;
    }
}

TEST(Answer, HoldFromBothSidesIsInactiveAndResumeReturns) {
    Capabilities holding = phone();
    holding.direction = Direction::SendOnly;
    std::string held = test::kBaresip;
    held.replace(held.find("a=sendrecv"), 10, "a=sendonly");
    EXPECT_EQ(make_answer(parsed(held), holding, plain_media(), fresh())->audio.direction, Direction::Inactive);
    EXPECT_EQ(make_answer(parsed(test::kBaresip), phone(), plain_media(), fresh())->audio.direction,
              Direction::SendRecv);
}

TEST(Answer, VersionRisesOnlyOnChange) {
    const auto offer = parsed(test::kBaresip);
    const auto first = make_answer(offer, phone(), plain_media(), fresh());
    DialogState state{.local = &first->description, .remote = &offer};
    const auto same = make_answer(offer, phone(), plain_media(), state);
    EXPECT_EQ(serialise(same->description), serialise(first->description));
    Capabilities hold = phone();
    hold.direction = Direction::SendOnly;
    const auto changed = make_answer(offer, hold, plain_media(), state);
    EXPECT_EQ(changed->description.origin.session_id, "1");
    EXPECT_EQ(changed->description.origin.version, "2");
}

TEST(ReOffer, KeepsNumbersSectionsAndMids) {
    const auto offer = parsed(test::kFirefox);
    const auto first = make_answer(offer, browser(), browser_media(), fresh());
    const auto again = make_offer(browser(), browser_media(), {.local = &first->description, .remote = &offer});
    ASSERT_EQ(again.media.size(), 2u);
    EXPECT_EQ(again.media[0].formats[0].payload_type, 109);
    EXPECT_EQ(again.media[0].formats[0].codec, Codec::Opus);
    EXPECT_EQ(again.media[0].formats.size(), 5u) << "the full set again: Opus, G.722, PCMU, two telephone-events";
    EXPECT_EQ(again.media[0].mid, "0");
    EXPECT_EQ(again.media[0].setup, Setup::ActPass);
    EXPECT_TRUE(again.media[1].refused());
    EXPECT_EQ(again.origin.session_id, first->description.origin.session_id);
    EXPECT_EQ(again.origin.version, "2");
    const auto repeat = make_offer(browser(), browser_media(), {.local = &again, .remote = &offer});
    EXPECT_EQ(serialise(repeat), serialise(again));
}

TEST(ReOffer, NeverGivesAUsedNumberANewMeaning) {
    std::string text = test::kBaresip;  // the peer's 101 is something else
    text.replace(text.find("telephone-event/8000"), 20, "speex/8000");
    const auto offer = parsed(text);
    const auto first = make_answer(offer, phone(), plain_media(), fresh());
    const auto again = make_offer(phone(), plain_media(), {.local = &first->description, .remote = &offer});
    for (const Format& format : again.media[0].formats) EXPECT_NE(format.payload_type, 101);
}

TEST(Answer, ToADtlsPhoneWithoutIceMultiplexesAndSendsToItsAddress) {
    LocalMedia media = plain_media();
    media.fingerprints = browser_media().fingerprints;
    const auto offer = make_offer(browser(), media, fresh());
    EXPECT_EQ(offer.media[0].protocol, Protocol::UdpTlsRtpSavp);
    const auto answer = make_answer(offer, browser(), media, fresh());
    ASSERT_TRUE(answer) << answer.error().detail;
    EXPECT_TRUE(answer->audio.rtcp_mux);
    EXPECT_FALSE(answer->audio.remote_ice);
    EXPECT_EQ(answer->audio.remote_rtp, media.rtp);
}

TEST(Role, StaysWhileThePeersFingerprintStays) {
    const auto media = browser_media();
    const auto our_offer = make_offer(browser(), media, fresh());
    auto peer_answer = make_answer(our_offer, browser(), browser_media(), fresh())->description;
    peer_answer.media[0].setup = Setup::Passive;  // the peer chose to be the server
    const auto accepted = accept_answer(our_offer, peer_answer, browser(), media);
    ASSERT_TRUE(accepted);
    EXPECT_EQ(accepted->local_setup, Setup::Active);
    auto reoffer = peer_answer;
    reoffer.media[0].setup = Setup::ActPass;
    const DialogState state{.local = &our_offer, .remote = &peer_answer};
    EXPECT_EQ(make_answer(reoffer, browser(), media, state)->audio.local_setup, Setup::Active);
    reoffer.media[0].fingerprints[0].digest[0] ^= 1;
    EXPECT_EQ(make_answer(reoffer, browser(), media, state)->audio.local_setup, Setup::Passive) << "a new association";
}

TEST(AcceptAnswer, TakesThePeersNumbersForSendingAndOursForReceiving) {
    const auto offer = make_offer(browser(), browser_media(), fresh());
    auto answer = make_answer(offer, browser(), browser_media(), fresh())->description;
    answer.media[0].formats[0].payload_type = 96;
    const auto accepted = accept_answer(offer, answer, browser(), browser_media());
    ASSERT_TRUE(accepted) << accepted.error().detail;
    EXPECT_EQ(accepted->send.payload_type, 96);
    EXPECT_EQ(accepted->receive[0].payload_type, 111);
}

TEST(AcceptAnswer, RefusesADowngrade) {
    const auto offer = make_offer(sdes(), plain_media(), fresh());
    auto answer = parsed(test::kBaresip);
    EXPECT_FALSE(accept_answer(offer, answer, sdes(), plain_media()));
    const auto good = make_answer(offer, sdes(), plain_media("203.0.113.1:4000"), fresh());
    ASSERT_TRUE(good);
    EXPECT_TRUE(accept_answer(offer, good->description, sdes(), plain_media()));
    auto wrong_tag = good->description;
    wrong_tag.media[0].crypto[0].tag = 99;
    EXPECT_FALSE(accept_answer(offer, wrong_tag, sdes(), plain_media()));
    const auto plain = make_offer(phone(), plain_media(), fresh());
    EXPECT_FALSE(accept_answer(plain, good->description, phone(), plain_media()));
}

TEST(AcceptAnswer, RefusesARefusal) {
    const auto offer = make_offer(phone(), plain_media(), fresh());
    EXPECT_FALSE(accept_answer(offer, parsed("v=0\r\nm=audio 0 RTP/AVP 0\r\n"), phone(), plain_media()));
    EXPECT_FALSE(accept_answer(offer, parsed("v=0\r\n"), phone(), plain_media()));
    EXPECT_FALSE(accept_answer(offer, parsed("v=0\r\nc=IN IP4 192.0.2.1\r\nm=audio 4000 RTP/AVP 97\r\n"), phone(),
                               plain_media()));
}

TEST(AcceptAnswer, TakesAPlainPeerWithoutIce) {
    Capabilities caps = phone();
    LocalMedia media = plain_media();
    media.ice = browser_media().ice;
    const auto offer = make_offer(caps, media, fresh());
    const auto accepted = accept_answer(offer, parsed(test::kBaresip), caps, media);
    ASSERT_TRUE(accepted) << accepted.error().detail;
    EXPECT_FALSE(accepted->remote_ice);
    EXPECT_FALSE(accepted->rtcp_mux);
    EXPECT_TRUE(accepted->remote_rtp);
}

TEST(TransportChange, IsAnAddressOrAnIceRestart) {
    NegotiatedAudio a;
    a.remote_rtp = Endpoint::parse("192.0.2.1:4000");
    NegotiatedAudio b = a;
    EXPECT_FALSE(transport_changed(a, b));
    b.remote_rtp.reset();
    EXPECT_FALSE(transport_changed(a, b)) << "c=0.0.0.0 does not move the peer";
    b.remote_rtp = Endpoint::parse("192.0.2.1:4002");
    EXPECT_TRUE(transport_changed(a, b));
    b = a;
    b.remote_ice = IceAttributes{.ufrag = "abcd", .pwd = "x"};
    EXPECT_TRUE(transport_changed(a, b));
}

// --- properties over random capabilities
// -------------------------------------------------------------------------------------------

Capabilities random_capabilities(Random& random) {
    Capabilities out;
    std::vector<Codec> all{Codec::Pcmu, Codec::Pcma, Codec::Gsm, Codec::G722, Codec::G729, Codec::Opus};
    for (std::size_t i = all.size(); i > 1; --i) std::swap(all[i - 1], all[random.between(0, i - 1)]);
    out.codecs.assign(all.begin(), all.begin() + static_cast<long>(random.between(1, 6)));
    out.telephone_event = random.between(0, 3) != 0;
    out.comfort_noise = random.between(0, 1) != 0;
    out.offered_security = static_cast<Security>(random.between(0, 2));
    out.accepts = {.plain = true, .sdes = true, .dtls = true};
    out.rtcp_mux = random.between(0, 1) != 0;
    out.direction = static_cast<Direction>(random.between(0, 3));
    out.opus = static_cast<OpusProfile>(random.between(0, 2));
    return out;
}

LocalMedia random_media(Random& random, const Capabilities& capabilities) {
    const bool ice = capabilities.offered_security == Security::Dtls && random.between(0, 1) != 0;
    LocalMedia out = ice ? browser_media() : plain_media();
    out.fingerprints = browser_media().fingerprints;
    return out;
}

void expect_answer_fits(const SessionDescription& offer, const Answer& answer) {
    ASSERT_EQ(answer.description.media.size(), offer.media.size());
    const MediaSection& theirs = offer.media[0];
    for (const Format& format : answer.description.media[0].formats) {
        const Format* offered = theirs.find(format.payload_type);
        ASSERT_NE(offered, nullptr) << "format " << int(format.payload_type) << " was not offered";
        EXPECT_EQ(offered->codec, format.codec);
        EXPECT_EQ(offered->clock_rate, format.clock_rate);
    }
    EXPECT_LE(answer.description.media[0].crypto.size(), 1u);
    EXPECT_EQ(answer.description.media[0].protocol, theirs.protocol);
}

/// What one side sends is what the other receives.
void expect_both_sides_agree(const NegotiatedAudio& a, const NegotiatedAudio& b) {
    EXPECT_EQ(a.send.codec, b.send.codec);
    EXPECT_TRUE(std::ranges::find(b.receive, a.send) != b.receive.end());
    EXPECT_TRUE(std::ranges::find(a.receive, b.send) != a.receive.end());
    EXPECT_EQ(a.direction, reversed(b.direction));
    EXPECT_EQ(a.security, b.security);
    EXPECT_EQ(a.rtcp_mux, b.rtcp_mux);
    EXPECT_EQ(a.send_dtmf, b.receive_dtmf);
    EXPECT_EQ(a.receive_dtmf, b.send_dtmf);
    EXPECT_EQ(a.send_comfort_noise, b.receive_comfort_noise);
    if (a.srtp) EXPECT_EQ(a.srtp->local, b.srtp->remote);
    if (a.srtp) EXPECT_EQ(a.srtp->remote, b.srtp->local);
    if (a.security == Security::Dtls) EXPECT_NE(a.local_setup, b.local_setup);
}

TEST(OfferAnswerProperty, AnswersFitOffersBothSidesAgreeAndReOffersAreStable) {
    SeededRandom random(2026);
    int agreed = 0;
    for (int round = 0; round < 3000; ++round) {
        const Capabilities a = random_capabilities(random);
        const Capabilities b = random_capabilities(random);
        const LocalMedia media_a = random_media(random, a);
        LocalMedia media_b = random_media(random, b);
        SeededRandom other(static_cast<std::uint64_t>(round));
        media_b.srtp_keys = SrtpKeys::fresh(other);
        const auto offer = parsed(serialise(make_offer(a, media_a, fresh())));
        const auto ours = make_offer(a, media_a, fresh());
        const auto answer = make_answer(offer, b, media_b, fresh());
        if (!answer) {
            const bool common = std::ranges::any_of(
                a.codecs, [&](Codec c) { return std::ranges::find(b.codecs, c) != b.codecs.end(); });
            EXPECT_FALSE(common) << answer.error().detail;
            continue;
        }
        ++agreed;
        expect_answer_fits(offer, *answer);
        const auto received = parsed(serialise(answer->description));
        const auto accepted = accept_answer(ours, received, a, media_a);
        ASSERT_TRUE(accepted) << accepted.error().detail << serialise(offer) << serialise(received);
        expect_both_sides_agree(*accepted, answer->audio);
        const auto reoffer = make_offer(a, media_a, {.local = &ours, .remote = &received});
        EXPECT_EQ(serialise(reoffer), serialise(ours));
        const auto again =
            make_answer(parsed(serialise(reoffer)), b, media_b, {.local = &answer->description, .remote = &offer});
        ASSERT_TRUE(again);
        EXPECT_EQ(serialise(again->description), serialise(answer->description));
    }
    EXPECT_GT(agreed, 1000);
}

}  // namespace
}  // namespace dp::sdp

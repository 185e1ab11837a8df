/// The pure decisions of a call: hunting over gateways, reasons of an end, order of codecs, transport of an offer.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "call/codec_policy.hpp"
#include "call/end_reason.hpp"
#include "call/hunt.hpp"
#include "call/leg_profile.hpp"

namespace dp::call {
namespace {

using sdp::Codec;
using telephony::EndReason;
using telephony::Reached;
using testing::ElementsAre;
using testing::IsEmpty;

telephony::GatewayChoice gateway(const std::string& trunk, const std::string& host) {
    auto owner = std::make_shared<telephony::Trunk>();
    owner->id = telephony::TrunkId(trunk);
    return {owner, {host, 5060, 0}, {}};
}

LegFailure said(int status, std::optional<int> q850 = std::nullopt) {
    LegFailure failure;
    failure.status = status;
    failure.q850 = q850;
    return failure;
}

LegFailure heard_nothing() {
    LegFailure failure;
    failure.kind = LegFailure::Kind::NoResponse;
    return failure;
}

Hunt two_trunks() {
    return Hunt({gateway("a", "a1"), gateway("a", "a2"), gateway("b", "b1")});
}

TEST(Hunt, SilenceGoesToTheNextGatewayOfTheSameTrunk) {
    Hunt hunt = two_trunks();
    EXPECT_TRUE(hunt.failed(heard_nothing(), {}));
    EXPECT_EQ(hunt.current()->gateway.host, "a2");
}

TEST(Hunt, CongestionWithRetryAfterLeavesTheTrunk) {
    Hunt hunt = two_trunks();
    LegFailure busy = said(503);
    busy.retry_after = std::chrono::seconds(30);
    EXPECT_TRUE(hunt.failed(busy, {}));
    EXPECT_EQ(hunt.current()->gateway.host, "b1");
}

TEST(Hunt, BusyIsTheLastWordWhereverThereAreMore) {
    Hunt hunt = two_trunks();
    EXPECT_FALSE(hunt.failed(said(486), {}));
    EXPECT_EQ(hunt.last_word().reason, EndReason::Busy);
    EXPECT_EQ(hunt.last_word().sip_status, 486);
}

TEST(Hunt, WhatTheCallerHasHeardIsFinal) {
    Hunt hunt = two_trunks();
    EXPECT_FALSE(hunt.failed(said(503), {.rang = true, .early_media = true}));
}

TEST(Hunt, ExhaustedGatewaysAreATrunkFailureUnlessTheCarrierSaidWhy) {
    Hunt silent({gateway("a", "a1")});
    EXPECT_FALSE(silent.failed(heard_nothing(), {}));
    EXPECT_EQ(silent.last_word().reason, EndReason::TrunkFailed);
    Hunt busy({gateway("a", "a1")});
    EXPECT_FALSE(busy.failed(said(503, 17), {}));
    EXPECT_EQ(busy.last_word().reason, EndReason::Busy);
    Hunt media({gateway("a", "a1")});
    for (int i = 0; i < 3 && media.failed(said(488), {}); ++i) {
    }
    EXPECT_EQ(media.last_word().reason, EndReason::IncompatibleMedia);
}

TEST(Hunt, AnOfferThatWasRefusedIsMadeOnceMoreWithTheFewestCodecs) {
    auto wide = gateway("a", "a1");
    wide.codecs = {telephony::Codec::Opus, telephony::Codec::Pcma};
    auto narrow = gateway("b", "b1");
    narrow.codecs = {telephony::Codec::Pcmu};
    Hunt hunt({wide, narrow});
    ASSERT_TRUE(hunt.failed(said(488), {}));
    EXPECT_EQ(hunt.current()->gateway.host, "a1");
    EXPECT_TRUE(hunt.wants_fewest_codecs());
    ASSERT_TRUE(hunt.failed(said(488), {}));
    EXPECT_EQ(hunt.current()->gateway.host, "b1");
    EXPECT_FALSE(hunt.wants_fewest_codecs());
    EXPECT_FALSE(hunt.failed(said(488), {})) << "one codec has nothing less to offer";
    EXPECT_EQ(hunt.last_word().reason, EndReason::IncompatibleMedia);
    EXPECT_EQ(fewest_of({sdp::Codec::Opus, sdp::Codec::Pcma, sdp::Codec::Pcmu}), Codecs{sdp::Codec::Pcma});
}

TEST(Hunt, NothingTriedIsNoTrunk) {
    Hunt hunt;
    EXPECT_EQ(hunt.last_word().reason, EndReason::NoTrunkAvailable);
    EXPECT_EQ(hunt.current(), nullptr);
}

TEST(PhoneFailure, HasTheReasonOfItsAnswer) {
    EXPECT_EQ(reason_of_phone_failure(said(603), Calling::Agent), EndReason::AgentDeclined);
    EXPECT_EQ(reason_of_phone_failure(said(486), Calling::Agent), EndReason::AgentDeclined);
    EXPECT_EQ(reason_of_phone_failure(said(486), Calling::Remote), EndReason::Busy);
    EXPECT_EQ(reason_of_phone_failure(said(480), Calling::Agent), EndReason::AgentNoAnswer);
    EXPECT_EQ(reason_of_phone_failure(said(488), Calling::Agent), EndReason::IncompatibleMedia);
    EXPECT_EQ(reason_of_phone_failure(said(404), Calling::Agent), EndReason::AgentUnreachable);
    EXPECT_EQ(reason_of_phone_failure(heard_nothing(), Calling::Agent), EndReason::AgentUnreachable);
}

TEST(PhoneFailure, TheMostTellingOneOfSeveralIsKept) {
    EXPECT_EQ(worse_of(EndReason::AgentUnreachable, EndReason::AgentDeclined), EndReason::AgentDeclined);
    EXPECT_EQ(worse_of(EndReason::AgentNoAnswer, EndReason::AgentUnreachable), EndReason::AgentNoAnswer);
    EXPECT_EQ(worse_of(EndReason::Busy, EndReason::IncompatibleMedia), EndReason::Busy);
}

TEST(PhoneFailure, ASixHundredSpeaksForAllPhones) {
    EXPECT_TRUE(speaks_for_all(said(603)));
    EXPECT_FALSE(speaks_for_all(said(606)));
    EXPECT_FALSE(speaks_for_all(said(486)));
}

TEST(LegEnds, APhoneThatFindsNoMediaPathHasNotHungUp) {
    for (const auto& [cause, reason] :
         {std::pair(408, EndReason::MediaTimeout), std::pair(480, EndReason::MediaTimeout),
          std::pair(488, EndReason::IncompatibleMedia), std::pair(606, EndReason::IncompatibleMedia),
          std::pair(200, EndReason::CallerHangup), std::pair(486, EndReason::CallerHangup)}) {
        const LegEnd bye{.kind = LegEnd::Kind::Bye, .q850 = {}, .sip_cause = cause};
        EXPECT_EQ(reason_of_end(bye, Party::Agent, Calling::Agent, Reached::NotConnected), reason) << cause;
    }
}

TEST(LegEnds, WhoHungUpAndWhen) {
    const LegEnd bye{};
    EXPECT_EQ(reason_of_end(bye, Party::Agent, Calling::Agent, Reached::NotConnected), EndReason::CallerHangup);
    EXPECT_EQ(reason_of_end(bye, Party::Remote, Calling::Agent, Reached::NotConnected), EndReason::RemoteHangup);
    EXPECT_EQ(reason_of_end(bye, Party::Remote, Calling::Remote, Reached::NotConnected), EndReason::CallerHangup);
    EXPECT_EQ(reason_of_end(bye, Party::Agent, Calling::Agent, Reached::Connected), EndReason::AgentHangup);
    EXPECT_EQ(reason_of_end(bye, Party::Remote, Calling::Agent, Reached::Connected), EndReason::RemoteHangup);
    EXPECT_EQ(reason_of_end({.kind = LegEnd::Kind::SessionExpired, .q850 = {}, .sip_cause = {}}, Party::Agent,
                            Calling::Agent, Reached::Connected),
              EndReason::SessionExpired);
    EXPECT_EQ(reason_of_end({.kind = LegEnd::Kind::DialogDead, .q850 = {}, .sip_cause = {}}, Party::Agent,
                            Calling::Agent, Reached::Connected),
              EndReason::TransportError);
}

bool everything(Codec, Codec) {
    return true;
}
bool nothing(Codec, Codec) {
    return false;
}

TEST(CodecOrder, CommonOnesStandFirstInTheOtherLegsOrder) {
    EXPECT_THAT(offer_towards({Codec::Opus, Codec::Pcmu, Codec::Pcma}, {Codec::Pcma, Codec::Pcmu}, everything),
                ElementsAre(Codec::Pcma, Codec::Pcmu, Codec::Opus));
}

TEST(CodecOrder, WhatCannotBeTranscodedIsLeftOut) {
    EXPECT_THAT(offer_towards({Codec::G729, Codec::Pcmu}, {Codec::Pcmu}, nothing), ElementsAre(Codec::Pcmu));
    EXPECT_THAT(offer_towards({Codec::G729}, {Codec::Opus}, nothing), IsEmpty());
    EXPECT_THAT(offer_towards({Codec::G729, Codec::Pcmu}, {Codec::G729}, nothing), ElementsAre(Codec::G729));
}

TEST(CodecOrder, WishesReorderButNeverAdd) {
    EXPECT_THAT(favouring({Codec::Opus, Codec::Pcmu}, {Codec::G729, Codec::Pcmu}),
                ElementsAre(Codec::Pcmu, Codec::Opus));
    EXPECT_THAT(favouring({Codec::Opus, Codec::Pcma, Codec::Pcmu}, {Codec::Pcmu, Codec::Pcma}),
                ElementsAre(Codec::Pcma, Codec::Pcmu, Codec::Opus))
        << "the phone's own order";
}

TEST(CodecNames, CrossBothWays) {
    for (auto codec : {telephony::Codec::Opus, telephony::Codec::G722, telephony::Codec::Pcmu, telephony::Codec::Pcma,
                       telephony::Codec::G729, telephony::Codec::Gsm})
        EXPECT_EQ(to_telephony(to_sdp(codec)), codec);
}

LegProfile carrier(telephony::MediaEncryption encryption) {
    auto trunk = std::make_shared<telephony::Trunk>();
    trunk->media_encryption = encryption;
    return profile_of_gateway({trunk, {"a", 5060, 0}, {telephony::Codec::Pcmu}});
}

TEST(CarrierEncryption, RequiredIsSrtpAloneAndNamesWhatCarriersTakeFirst) {
    const LegProfile profile = carrier(telephony::MediaEncryption::Required);
    EXPECT_EQ(profile.transport, MediaTransport::Srtp);
    const auto capabilities = capabilities_of(profile);
    EXPECT_EQ(capabilities.offered_security, sdp::Security::Sdes);
    EXPECT_FALSE(capabilities.accepts.plain);
    EXPECT_EQ(capabilities.suites.front(), SrtpSuite::AesCm128HmacSha1_80);
    EXPECT_EQ(capabilities.offered_suites, 3U);
}

TEST(CarrierEncryption, OptionalIsRtpUntilAnAgreementSaysOtherwise) {
    const LegProfile profile = carrier(telephony::MediaEncryption::Optional);
    EXPECT_EQ(profile.transport, MediaTransport::Rtp);
    const auto capabilities = capabilities_of(profile);
    EXPECT_EQ(capabilities.offered_security, sdp::Security::Sdes);
    EXPECT_TRUE(capabilities.accepts.plain && capabilities.accepts.optional_sdes);
}

TEST(CarrierEncryption, NoneOffersNothingOfIt) {
    EXPECT_EQ(carrier(telephony::MediaEncryption::None).transport, MediaTransport::Rtp);
    EXPECT_EQ(capabilities_of(carrier(telephony::MediaEncryption::None)).offered_security, sdp::Security::None);
}

TEST(TransportOfOffer, IsReadFromTheMLine) {
    EXPECT_EQ(transport_of_offer("v=0\r\nm=audio 4000 RTP/AVP 0\r\n"), MediaTransport::Rtp);
    EXPECT_EQ(transport_of_offer("v=0\r\nm=audio 4000 RTP/SAVP 0\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:x\r\n"),
              MediaTransport::Srtp);
    EXPECT_EQ(transport_of_offer("v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\n"), MediaTransport::Webrtc);
    EXPECT_EQ(transport_of_offer("v=0\r\na=fingerprint:sha-256 AA\r\nm=audio 9 RTP/SAVPF 111\r\n"),
              MediaTransport::Webrtc);
    EXPECT_EQ(transport_of_offer(""), MediaTransport::Rtp);
    EXPECT_EQ(transport_of_offer("m=video 9 UDP/TLS/RTP/SAVPF 96\r\n"), MediaTransport::Rtp);
}

}  // namespace
}  // namespace dp::call

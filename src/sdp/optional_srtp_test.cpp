/// Best-effort SRTP: keys offered under RTP/AVP, and what either end may make of them.

#include <gtest/gtest.h>

#include "sdp/offer_answer.hpp"
#include "sdp/test_offers.hpp"
#include "sdp/test_parties.hpp"

namespace dp::sdp {
namespace {

using namespace test;

TEST(Answer, TakesOptionalSrtpOnlyWhereAllowed) {
    std::string offer = test::kRtpengine;
    offer.replace(offer.find("RTP/SAVP"), 8, "RTP/AVP");
    Capabilities both = phone();
    both.accepts = {.plain = true, .sdes = true};
    EXPECT_EQ(make_answer(parsed(offer), both, plain_media(), fresh())->audio.security, Security::None);
    both.accepts.optional_sdes = true;
    const auto answer = make_answer(parsed(offer), both, plain_media(), fresh());
    EXPECT_EQ(answer->audio.security, Security::Sdes);
    EXPECT_EQ(answer->description.media[0].protocol, Protocol::RtpAvp);
}

Capabilities optional_sdes() {
    Capabilities out = phone();
    out.accepts = {.plain = true, .sdes = true, .optional_sdes = true};
    out.offered_security = Security::Sdes;
    out.offered_suites = 2;
    return out;
}

TEST(OptionalSrtp, IsOfferedAsRtpAvpWithTheFirstSuites) {
    const auto offer = make_offer(optional_sdes(), plain_media(), fresh());
    EXPECT_EQ(offer.media[0].protocol, Protocol::RtpAvp);
    ASSERT_EQ(offer.media[0].crypto.size(), 2U);
    EXPECT_EQ(offer.media[0].crypto[0].key->suite, optional_sdes().suites[0]);
}

TEST(OptionalSrtp, TakesBothAPlainAnswerAndOneWithKeys) {
    const auto offer = make_offer(optional_sdes(), plain_media(), fresh());
    const auto plain = make_answer(offer, phone(), plain_media("203.0.113.1:4000"), fresh());
    ASSERT_TRUE(plain);
    const auto accepted = accept_answer(offer, plain->description, optional_sdes(), plain_media());
    ASSERT_TRUE(accepted) << accepted.error().detail;
    EXPECT_EQ(accepted->security, Security::None);
    EXPECT_FALSE(accepted->srtp);
    const auto keyed = make_answer(offer, optional_sdes(), plain_media("203.0.113.1:4000"), fresh());
    ASSERT_TRUE(keyed);
    const auto both = accept_answer(offer, keyed->description, optional_sdes(), plain_media());
    ASSERT_TRUE(both) << both.error().detail;
    EXPECT_EQ(both->security, Security::Sdes);
}

TEST(OptionalSrtp, KeysThatDoNotFitAreNoPlainAnswer) {
    const auto offer = make_offer(optional_sdes(), plain_media(), fresh());
    auto answer = make_answer(offer, optional_sdes(), plain_media("203.0.113.1:4000"), fresh())->description;
    answer.media[0].crypto[0].tag = 99;
    EXPECT_FALSE(accept_answer(offer, answer, optional_sdes(), plain_media()));
}

TEST(OptionalSrtp, IsNoLongerOptionalWhereAnOfferSaysSavp) {
    const auto offer = make_offer(sdes(), plain_media(), fresh());
    const auto answer = make_answer(offer, optional_sdes(), plain_media("203.0.113.1:4000"), fresh());
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->audio.security, Security::Sdes);
    const DialogState state{.local = &answer->description, .remote = &offer};
    const auto again = make_offer(optional_sdes(), plain_media("203.0.113.1:4000"), state);
    EXPECT_EQ(again.media[0].protocol, Protocol::RtpSavp) << "the section keeps its protocol";
    EXPECT_EQ(again.media[0].crypto[0].key->key_salt().size(), key_salt_size(optional_sdes().suites[0]));
    auto plain = make_answer(make_offer(phone(), plain_media(), fresh()), phone(), plain_media(), fresh())->description;
    EXPECT_FALSE(accept_answer(again, plain, optional_sdes(), plain_media())) << "a downgrade";
}

TEST(CheckProtection, IsTheAnswersVerdictBeforeThereIsOne) {
    const auto plain = parsed(test::kBaresip);
    EXPECT_FALSE(check_protection(plain, sdes(), plain_media()));
    EXPECT_TRUE(check_protection(plain, optional_sdes(), plain_media()));
    EXPECT_TRUE(check_protection(parsed(test::kRtpengine), sdes(), plain_media()));
    EXPECT_FALSE(check_protection(parsed(test::kRtpengine), phone(), plain_media()));
}

}  // namespace
}  // namespace dp::sdp

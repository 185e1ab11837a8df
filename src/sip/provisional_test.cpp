// 1xx answers, reliable ones (RFC 3262) and what may be offered in early dialogs (RFC 3311).
#include "sip/scripted_session_test.hpp"

namespace dp::sip::test {
namespace {

// ---- RFC 3262, caller

TEST_F(CallerTest, ReliableProvisionalsAreAcknowledgedInOrderInTheirDialog) {
    const Message invite(call());
    peer.answer(*invite, 183, std::string(kReliable) + "700\r\n", "answer-1");
    settle();
    ASSERT_EQ(peer.count(Method::Prack), 1);
    const Message prack = sent(Method::Prack);
    EXPECT_EQ(prack->to_tag(), "peer-tag") << "with the early To tag";
    EXPECT_EQ(prack->value(HeaderId::RAck), "700 " + std::to_string(invite->cseq().number) + " INVITE");
    EXPECT_EQ(prack->cseq().number, invite->cseq().number + 1);
    peer.answer(*prack, 200);
    peer.answer(*invite, 183, std::string(kReliable) + "700\r\n", "answer-1");
    peer.answer(*invite, 180, std::string(kReliable) + "702\r\n");
    settle();
    EXPECT_EQ(peer.count(Method::Prack), 1) << "repeated, and out of order";
    peer.answer(*invite, 180, std::string(kReliable) + "701\r\n");
    settle();
    EXPECT_EQ(peer.count(Method::Prack), 2);
    peer.answer(*invite, 200);
    settle();
    EXPECT_THAT(ann.calls.events, ElementsAre("progress 183 answer", "progress 180", "answered"));
}

TEST_F(CallerTest, ARepeatedDescriptionInTheSuccessIsNotANewOne) {
    const Message invite(call());
    peer.answer(*invite, 183, std::string(kReliable) + "1\r\n", "answer-1");
    settle();
    peer.answer(*invite, 200, {}, "answer-1");
    settle();
    EXPECT_EQ(ann.calls.events.back(), "answered");
}

TEST_F(CallerTest, AnOfferInAReliableProvisionalIsAnsweredInThePrack) {
    request.offer = {};
    ann.calls.when_progress = [](InviteSession& s, const Progress& p) {
        if (p.description == Description::Offer) ASSERT_TRUE(s.answer(sdp("answer-1")));
    };
    const Message invite(call());
    peer.answer(*invite, 183, std::string(kReliable) + "5\r\n", "full-offer");
    settle();
    ASSERT_TRUE(peer.last(Method::Prack));
    EXPECT_EQ(peer.last(Method::Prack)->body(), "answer-1");
    peer.answer(*sent(Method::Prack), 200);
    peer.answer(*invite, 200);
    settle();
    EXPECT_THAT(ann.calls.events, ElementsAre("progress 183 offer", "answered"));
    EXPECT_EQ(peer.count(Method::Ack), 1);
}

TEST_F(CallerTest, OffersByUpdateInAnEarlyDialogOnlyAfterAReliableAnswer) {
    const Message invite(call());
    peer.answer(*invite, 183, "Allow: UPDATE\r\n", "preview");
    settle();
    ASSERT_TRUE(session().offer(sdp("offer-2")));
    settle();
    EXPECT_EQ(peer.count(Method::Update), 0) << "queued";
    peer.answer(*invite, 183, std::string(kReliable) + "1\r\nAllow: UPDATE\r\n", "answer-1");
    settle();
    ASSERT_TRUE(session().offer(sdp("offer-3")));
    settle();
    ASSERT_EQ(peer.count(Method::Update), 1);
    EXPECT_EQ(peer.last(Method::Update)->body(), "offer-3");
    peer.answer(*sent(Method::Update), 200, {}, "answer-3");
    settle();
    EXPECT_EQ(ann.calls.events.back(), "offer answered answer-3");
}

TEST_F(CallerTest, ThePeerOffersByUpdateInAnEarlyDialog) {
    const Message invite(call());
    peer.answer(*invite, 183, std::string(kReliable) + "1\r\nAllow: UPDATE\r\n", "answer-1");
    settle();
    ann.calls.when_offered = [](InviteSession& s, const RemoteOffer&) { ASSERT_TRUE(s.answer(sdp("answer-2"))); };
    auto update = peer.in_dialog(*invite, "UPDATE", 1);
    update.body = "offer-2";
    peer.request(update);
    settle();
    ASSERT_TRUE(peer.last(Method::Update, 200));
    EXPECT_EQ(peer.last(Method::Update, 200)->body(), "answer-2");
}

TEST_F(CalleeTest, TheAnswerCarriesContactAllowSupportedAndRecordRouteInOrder) {
    fields.headers = "Record-Route: <sip:10.0.0.2;lr;first>, <sip:10.0.0.3;lr;second>\r\n";
    connect();
    const Message answer = got(Method::Invite, 200);
    EXPECT_EQ(answer->contact().uri().host(), "10.0.0.1");
    EXPECT_TRUE(answer->has_token(HeaderId::Allow, "UPDATE"));
    EXPECT_TRUE(answer->has_token(HeaderId::Supported, "100rel"));
    std::vector<std::string> recorded;
    for (auto value : answer->elements(HeaderId::RecordRoute)) recorded.emplace_back(value);
    EXPECT_THAT(recorded, ElementsAre("<sip:10.0.0.2;lr;first>", "<sip:10.0.0.3;lr;second>"));
    session().hang_up();
    settle();
    EXPECT_THAT(routes_of(*peer.last(Method::Bye)), ElementsAre("<sip:10.0.0.2;lr;first>", "<sip:10.0.0.3;lr;second>"));
    EXPECT_EQ(peer.last(Method::Bye)->request_uri().text(), "sip:peer@10.0.0.2:5060");
}

TEST_F(CalleeTest, ProvisionalsAreRepeatedEachMinute) {
    ann.when_invited = [](InviteSession& s, const MessageView&) { ASSERT_TRUE(s.provide(180)); };
    invite();
    network.run_for(121s);
    EXPECT_EQ(peer.count(Method::Invite, 180), 3);
}

TEST_F(CalleeTest, ByeOnTheEarlyDialogGets200AndTheInvite487) {
    ann.when_invited = [](InviteSession& s, const MessageView&) { ASSERT_TRUE(s.provide(180)); };
    invite();
    peer.request(peer.in_own_dialog(*got(Method::Invite, 180), "BYE", 2));
    settle();
    EXPECT_TRUE(peer.last(Method::Bye, 200));
    EXPECT_TRUE(peer.last(Method::Invite, 487));
    EXPECT_EQ(ann.calls.ended, EndCause::RemoteBye);
}

TEST_F(CalleeTest, AckWithADescriptionNobodyWaitsForIsIgnored) {
    ann.when_invited = [](InviteSession& s, const MessageView&) { ASSERT_TRUE(s.accept(sdp("answer-1"))); };
    invite();
    acknowledge("unexpected");
    EXPECT_THAT(ann.calls.events, ElementsAre("invited", "confirmed"));
}

TEST_F(CalleeTest, ALateOfferWhoseAckHasNoAnswerEndsTheCall) {
    fields.body.clear();
    ann.when_invited = [](InviteSession& s, const MessageView&) { ASSERT_TRUE(s.accept(sdp("offer"))); };
    invite();
    acknowledge();
    EXPECT_TRUE(peer.last(Method::Bye));
}

TEST_F(CalleeTest, ASuccessNeedsADescription) {
    ann.when_invited = [](InviteSession& s, const MessageView&) {
        EXPECT_FALSE(s.accept({}));
        EXPECT_EQ(s.state(), State::Alerting);
        EXPECT_FALSE(s.provide(200));
        EXPECT_FALSE(s.reject(200));
    };
    invite();
    EXPECT_EQ(peer.count(Method::Invite, 200), 0);
}

// ---- RFC 3262, callee

TEST_F(CalleeTest, ReliableOnlyWhenRequiredUnlessToldOtherwise) {
    fields.headers = "Supported: 100rel\r\n";
    ann.when_invited = [](InviteSession& s, const MessageView&) { ASSERT_TRUE(s.provide(180)); };
    invite();
    EXPECT_FALSE(peer.last(Method::Invite, 180)->has(HeaderId::RSeq));
    ann.when_invited = [](InviteSession& s, const MessageView&) {
        s.set_reliable_answers(ReliableAnswers::IfSupported);
        ASSERT_TRUE(s.provide(180));
    };
    fields.call_id = "call-2";
    fields.branch = "z9hG4bKcall2";
    invite();
    EXPECT_TRUE(peer.last(Method::Invite, 180)->has_token(HeaderId::Require, "100rel"));
    EXPECT_GE(*number(*peer.last(Method::Invite, 180), HeaderId::RSeq), 1U);
}

TEST_F(CalleeTest, ReliableProvisionalsGoOneByOneAndRepeatWithoutACap) {
    fields.headers = "Require: 100rel\r\n";
    ann.when_invited = [](InviteSession& s, const MessageView&) {
        ASSERT_TRUE(s.provide(183, sdp("answer-1")));
        ASSERT_TRUE(s.provide(180));
        ASSERT_TRUE(s.accept(sdp("answer-1")));
    };
    invite();
    EXPECT_EQ(peer.count(Method::Invite, 180), 0) << "the first is unacknowledged";
    network.run_for(16s);
    EXPECT_EQ(peer.count(Method::Invite, 183), 6) << "0, 0.5, 1.5, 3.5, 7.5, 15.5 s";
    const Message first = got(Method::Invite, 183);
    send_prack(*first, 2);
    EXPECT_TRUE(peer.last(Method::Prack, 200));
    ASSERT_EQ(peer.count(Method::Invite, 180), 1);
    EXPECT_EQ(*number(*peer.last(Method::Invite, 180), HeaderId::RSeq), *number(*first, HeaderId::RSeq) + 1);
    EXPECT_EQ(peer.count(Method::Invite, 200), 0) << "the 180 waits too, and the 200 behind it";
    send_prack(*got(Method::Invite, 180), 3);
    ASSERT_EQ(peer.count(Method::Invite, 200), 1);
    EXPECT_TRUE(peer.last(Method::Invite, 200)->body().empty()) << "the answer went out before";
}

TEST_F(CalleeTest, APrackThatMatchesNothingIs481) {
    fields.headers = "Require: 100rel\r\n";
    ann.when_invited = [](InviteSession& s, const MessageView&) { ASSERT_TRUE(s.provide(180)); };
    invite();
    const Message provisional = got(Method::Invite, 180);
    auto prack = peer.in_own_dialog(*provisional, "PRACK", 2);
    prack.headers = "RAck: 1 99 INVITE\r\n";
    peer.request(prack);
    settle();
    EXPECT_TRUE(peer.last(Method::Prack, 481));
    send_prack(*provisional, 3);
    EXPECT_TRUE(peer.last(Method::Prack, 200));
    send_prack(*provisional, 4);
    EXPECT_EQ(peer.count(Method::Prack, 481), 2) << "acknowledged already";
}

TEST_F(CalleeTest, AReliableProvisionalThatIsNeverAcknowledgedEndsThe504Way) {
    fields.headers = "Require: 100rel\r\n";
    ann.when_invited = [](InviteSession& s, const MessageView&) { ASSERT_TRUE(s.provide(180)); };
    invite();
    network.run_for(31s);
    EXPECT_FALSE(ann.calls.ended);
    network.run_for(2s);
    EXPECT_TRUE(peer.last(Method::Invite, 504));
    EXPECT_EQ(ann.calls.ended, EndCause::NoPrack);
}

TEST_F(CalleeTest, AnOfferInAReliableProvisionalIsAnsweredByThePrack) {
    fields.headers = "Require: 100rel\r\n";
    fields.body.clear();
    ann.when_invited = [](InviteSession& s, const MessageView&) { ASSERT_TRUE(s.provide(183, sdp("full-offer"))); };
    invite();
    send_prack(*got(Method::Invite, 183), 2, "answer-1");
    EXPECT_EQ(ann.calls.events.back(), "offer answered answer-1");
    ASSERT_TRUE(session().accept({}));
    settle();
    EXPECT_TRUE(peer.last(Method::Invite, 200)->body().empty());
}

TEST_F(CalleeTest, AReliableProvisionalWithoutTheOfferThatIsDueIsNotSent) {
    fields.headers = "Require: 100rel\r\n";
    fields.body.clear();
    ann.when_invited = [](InviteSession& s, const MessageView&) { ASSERT_TRUE(s.provide(180)); };
    invite();
    EXPECT_FALSE(peer.last(Method::Invite, 180));
    ASSERT_TRUE(session().provide(183, sdp("full-offer")));
    settle();
    send_prack(*got(Method::Invite, 183), 2, "answer-1");
    ASSERT_TRUE(session().provide(180)) << "the offer has been made and answered";
    settle();
    EXPECT_TRUE(peer.last(Method::Invite, 180));
}

TEST_F(CalleeTest, ANewOfferInThePrackIsAnsweredInIts200) {
    fields.headers = "Require: 100rel\r\n";
    ann.when_invited = [](InviteSession& s, const MessageView&) { ASSERT_TRUE(s.provide(183, sdp("answer-1"))); };
    ann.calls.when_offered = [](InviteSession& s, const RemoteOffer& offer) {
        EXPECT_EQ(offer.carrier, RemoteOffer::Carrier::Prack);
        ASSERT_TRUE(s.answer(sdp("answer-2")));
    };
    invite();
    send_prack(*got(Method::Invite, 183), 2, "offer-2");
    EXPECT_EQ(peer.last(Method::Prack, 200)->body(), "answer-2");
}

TEST_F(CalleeTest, UpdateInTheEarlyDialogBothWays) {
    fields.headers = "Require: 100rel\r\nAllow: INVITE, UPDATE, PRACK\r\n";
    ann.when_invited = [](InviteSession& s, const MessageView&) { ASSERT_TRUE(s.provide(183, sdp("answer-1"))); };
    invite();
    send_prack(*got(Method::Invite, 183), 2);
    ann.calls.when_offered = [](InviteSession& s, const RemoteOffer&) { ASSERT_TRUE(s.answer(sdp("answer-2"))); };
    auto update = peer.in_own_dialog(*got(Method::Invite, 183), "UPDATE", 3);
    update.body = "offer-2";
    peer.request(update);
    settle();
    EXPECT_EQ(peer.last(Method::Update, 200)->body(), "answer-2");
    ASSERT_TRUE(session().offer(sdp("offer-3")));
    settle();
    ASSERT_TRUE(peer.last(Method::Update));
    EXPECT_EQ(peer.last(Method::Update)->body(), "offer-3");
}

}  // namespace
}  // namespace dp::sip::test

// Dialogs and forks as a scripted peer sees them: route sets, targets, sequence numbers, early dialogs, PRACK, session
// timers, digest.
#include "sip/dialog.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sip/session_test_support.hpp"

namespace dp::sip::test {
namespace {

using State = InviteSession::State;
using testing::ElementsAre;

/// Our user agent calls the scripted peer.
class CallerTest : public testing::Test {
protected:
    SimulatedNetwork network{13};
    Station ann{network, "10.0.0.1:5060"};
    ScriptedPeer peer{network, "10.0.0.2:5060"};
    InviteRequest request = ann.invite_to(peer.node.address());

    const MessageView& call() {
        ann.place(request);
        network.run_for(20ms);
        return *peer.last(Method::Invite);
    }
    void settle() { network.run_for(20ms); }
    InviteSession& session() { return *ann.calls.session; }
    Message sent(Method method) { return Message(*peer.last(method)); }
    void connect(std::string headers = {}) {
        const Message invite(call());
        peer.answer(*invite, 200, std::move(headers), "answer-1");
        settle();
        ASSERT_EQ(session().state(), State::Confirmed);
    }
};

std::vector<std::string> routes_of(const MessageView& message) {
    std::vector<std::string> routes;
    for (auto value : message.elements(HeaderId::Route)) routes.emplace_back(value);
    return routes;
}

TEST_F(CallerTest, TheInviteSaysWhatItMust) {
    request.headers.add("P-Asserted-Identity", "<sip:+15551234567@example.org>");
    const MessageView& invite = call();
    EXPECT_EQ(invite.max_forwards(), 70);
    EXPECT_EQ(invite.contact().uri().text(), "sip:ann@10.0.0.1:5060");
    EXPECT_TRUE(invite.has_token(HeaderId::Supported, "100rel"));
    EXPECT_TRUE(invite.has_token(HeaderId::Supported, "timer"));
    EXPECT_TRUE(invite.has_token(HeaderId::Allow, "UPDATE"));
    EXPECT_EQ(invite.value(HeaderId::SessionExpires), "1800");
    EXPECT_EQ(invite.value(HeaderId::MinSe), "90");
    EXPECT_EQ(invite.value(HeaderId::PAssertedIdentity), "<sip:+15551234567@example.org>");
    EXPECT_TRUE(invite.to_tag().empty());
    EXPECT_EQ(invite.body(), "offer-1");
}

// RFC 3261 §12.1.2, §12.2.1.1: reversed Record-Route on every request of the dialog, R-URI = Contact.
TEST_F(CallerTest, TheRouteSetIsOnAckReInviteInfoAndBye) {
    const std::string record =
        "Record-Route: <sip:10.0.0.2:5060;lr;a=2>\r\nRecord-Route: <sip:10.1.1.1;lr;a=1>\r\n"
        "Contact: <sip:bob@192.0.2.7:5099>\r\nAllow: INVITE, ACK, BYE\r\n";
    // The top of our route set is the last Record-Route: a private hop we can reach because we are private, too.
    ScriptedPeer inner(network, "10.1.1.1:5060");
    connect(record);
    const std::vector<std::string> expected{"<sip:10.1.1.1;lr;a=1>", "<sip:10.0.0.2:5060;lr;a=2>"};
    ASSERT_TRUE(inner.last(Method::Ack));
    EXPECT_EQ(routes_of(*inner.last(Method::Ack)), expected);
    EXPECT_EQ(inner.last(Method::Ack)->request_uri().text(), "sip:bob@192.0.2.7:5099");
    ASSERT_TRUE(session().info({"application/dtmf-relay", "Signal=1"}));
    ASSERT_TRUE(session().offer(sdp("offer-2")));
    settle();
    EXPECT_EQ(routes_of(*inner.last(Method::Info)), expected);
    EXPECT_EQ(routes_of(*inner.last(Method::Invite)), expected);
    inner.answer(*Message(*inner.last(Method::Invite)), 200,
                 "Contact: <sip:bob@192.0.2.8>\r\nRecord-Route: <sip:evil;lr>\r\n", "answer-2");
    settle();
    session().hang_up();
    settle();
    EXPECT_EQ(routes_of(*inner.last(Method::Bye)), expected) << "a re-INVITE never changes the route set";
    EXPECT_EQ(inner.last(Method::Bye)->request_uri().text(), "sip:bob@192.0.2.8") << "but the target";
}

TEST_F(CallerTest, AHopWithoutLrBecomesTheRequestUri) {
    connect(
        "Record-Route: <sip:10.0.0.2:5060>\r\nRecord-Route: <sip:10.0.0.2:5060;inner=1>\r\nContact: "
        "<sip:bob@192.0.2.7>\r\n");
    const MessageView& ack = *peer.last(Method::Ack);
    EXPECT_EQ(ack.request_uri().text(), "sip:10.0.0.2:5060;inner=1");
    EXPECT_THAT(routes_of(ack), ElementsAre("<sip:10.0.0.2:5060>", "<sip:bob@192.0.2.7>"));
}

TEST_F(CallerTest, CancelAndItsAckCarryTheInvitesRoute) {
    request.routes = {"<sip:10.0.0.2;lr>"};
    const Message invite(call());
    peer.answer(*invite, 180);
    settle();
    session().hang_up();
    settle();
    const MessageView& cancel = *peer.last(Method::Cancel);
    EXPECT_THAT(routes_of(cancel), ElementsAre("<sip:10.0.0.2;lr>"));
    EXPECT_EQ(cancel.top_via().branch(), invite->top_via().branch());
    EXPECT_TRUE(cancel.to_tag().empty());
    EXPECT_EQ(cancel.cseq().number, invite->cseq().number);
    peer.answer(*Message(cancel), 200);
    peer.answer(*invite, 487);
    settle();
    EXPECT_EQ(peer.count(Method::Ack), 1) << "the 487 is acknowledged";
    EXPECT_EQ(ann.calls.ended, EndCause::LocalCancel);
}

TEST_F(CallerTest, EachForkIsAnEarlyDialogOfItsOwn) {
    const Message invite(call());
    peer.answer(*invite, 183, {}, "media-a", "fork-a");
    peer.answer(*invite, 180, {}, {}, "fork-b");
    peer.answer(*invite, 183, {}, "media-b", "fork-b");
    settle();
    EXPECT_THAT(ann.calls.events,
                ElementsAre("progress 183 preview", "progress 180 fork 1", "progress 183 preview fork 1"));
    peer.answer(*invite, 200, {}, "answer-b", "fork-b");
    settle();
    EXPECT_EQ(session().remote_tag(), "fork-b");
    EXPECT_EQ(ann.calls.events.back(), "answered answer");
}

TEST_F(CallerTest, ALaterSuccessOfAnotherForkIsAcknowledgedAndEnded) {
    const Message invite(call());
    peer.answer(*invite, 200, {}, "answer-a", "fork-a");
    settle();
    peer.answer(*invite, 200, "Record-Route: <sip:10.0.0.2;lr>\r\n", "answer-b", "fork-b");
    settle();
    EXPECT_EQ(session().remote_tag(), "fork-a");
    EXPECT_EQ(peer.last(Method::Ack)->to_tag(), "fork-b");
    ASSERT_TRUE(peer.last(Method::Bye));
    EXPECT_EQ(peer.last(Method::Bye)->to_tag(), "fork-b");
    EXPECT_THAT(routes_of(*peer.last(Method::Bye)), ElementsAre("<sip:10.0.0.2;lr>"));
    peer.answer(*invite, 200, {}, "answer-b", "fork-b");
    settle();
    EXPECT_EQ(peer.count(Method::Bye), 1);
    EXPECT_EQ(peer.count(Method::Ack), 3);
    EXPECT_EQ(session().state(), State::Confirmed);
}

TEST_F(CallerTest, ALateForkIsEndedEvenAfterTheCallWasOver) {
    const Message invite(call());
    peer.answer(*invite, 200, {}, "answer-a", "fork-a");
    settle();
    session().hang_up();
    settle();
    peer.answer(*sent(Method::Bye), 200);
    network.run_for(5s);
    EXPECT_EQ(ann.agent.stats().sessions, 0U);
    peer.answer(*invite, 200, {}, "answer-b", "fork-b");
    settle();
    EXPECT_EQ(peer.last(Method::Bye)->to_tag(), "fork-b");
}

TEST_F(CallerTest, AnAnswerWithoutDescriptionEndsTheCall) {
    const Message invite(call());
    peer.answer(*invite, 200);
    settle();
    EXPECT_EQ(peer.count(Method::Ack), 1);
    ASSERT_TRUE(peer.last(Method::Bye));
    peer.answer(*sent(Method::Bye), 200);
    settle();
    EXPECT_EQ(ann.calls.ended, EndCause::BadAnswer);
}

TEST_F(CallerTest, AnAnswerThatStoodOnlyInThePreviewIsTaken) {
    const Message invite(call());
    peer.answer(*invite, 183, {}, "media");
    peer.answer(*invite, 200);
    settle();
    EXPECT_EQ(ann.calls.events.back(), "answered");
    EXPECT_EQ(session().state(), State::Confirmed);
}

// ---- RFC 3262, caller

const char* const kReliable = "Require: 100rel\r\nRSeq: ";

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

// ---- challenges

class ChallengedTest : public CallerTest {
protected:
    void SetUp() override {
        request.credentials =
            std::make_shared<DigestClient>(DigestAccount{"acme", "secret", "carrier"}, network.random());
    }
    static std::string challenge(std::string realm, std::string nonce) {
        return "Proxy-Authenticate: Digest realm=\"" + realm + "\", nonce=\"" + nonce + "\", qop=\"auth\"\r\n";
    }
};

TEST_F(ChallengedTest, TheInviteIsSentAgainWithCredentialsAndItsAckRepeatsThem) {
    const Message first(call());
    peer.answer(*first, 407, challenge("carrier", "n1"));
    settle();
    const Message second = sent(Method::Invite);
    EXPECT_EQ(second->cseq().number, first->cseq().number + 1);
    EXPECT_EQ(second->call_id(), first->call_id());
    EXPECT_EQ(second->from_tag(), first->from_tag());
    EXPECT_NE(second->top_via().branch(), first->top_via().branch());
    EXPECT_EQ(second->body(), "offer-1");
    EXPECT_TRUE(second->to_tag().empty());
    ASSERT_TRUE(second->has(HeaderId::ProxyAuthorization));
    peer.answer(*second, 200, {}, "answer");
    settle();
    const MessageView& ack = *peer.last(Method::Ack);
    EXPECT_EQ(ack.value(HeaderId::ProxyAuthorization), second->value(HeaderId::ProxyAuthorization)) << "§13.2.2.4";
    EXPECT_EQ(ack.cseq().number, second->cseq().number);
}

TEST_F(ChallengedTest, AnotherRealmGetsNothing) {
    const Message first(call());
    peer.answer(*first, 407, challenge("stranger", "n1"));
    settle();
    EXPECT_EQ(peer.count(Method::Invite), 1);
    EXPECT_EQ(ann.calls.ended, EndCause::Rejected);
    EXPECT_EQ(ann.calls.ended_status, 407);
}

TEST_F(ChallengedTest, CredentialsGoOutTwiceAtMost) {
    call();
    for (int i = 0; i < 6 && !ann.calls.ended; ++i) {
        peer.answer(*sent(Method::Invite), 407, challenge("carrier", "n" + std::to_string(i)));
        settle();
    }
    long with = 0;
    for (const Message& m : peer.inbox) with += m->method() == Method::Invite && m->has(HeaderId::ProxyAuthorization);
    EXPECT_LE(with, 2);
    EXPECT_EQ(ann.calls.ended, EndCause::Rejected);
}

TEST_F(ChallengedTest, TheNextCallOfTheTrunkUsesTheNonceAtOnce) {
    const Message first(call());
    peer.answer(*first, 407, challenge("carrier", "n1"));
    settle();
    peer.answer(*sent(Method::Invite), 200, {}, "answer");
    settle();
    Recorder second;
    (void)ann.agent.place(request, second);
    settle();
    EXPECT_NE(sent(Method::Invite)->value(HeaderId::ProxyAuthorization).find("nc=00000002"), std::string_view::npos);
}

TEST_F(ChallengedTest, AByeIsAnsweredToo) {
    connect();
    session().hang_up();
    settle();
    const Message bye = sent(Method::Bye);
    peer.answer(*bye, 407, challenge("carrier", "n5"));
    settle();
    EXPECT_EQ(peer.count(Method::Bye), 2);
    EXPECT_GT(sent(Method::Bye)->cseq().number, bye->cseq().number);
    peer.answer(*sent(Method::Bye), 200);
    settle();
    EXPECT_EQ(ann.calls.ended, EndCause::LocalBye);
}

TEST_F(CallerTest, WithoutCredentialsAChallengeEndsTheCall) {
    const Message first(call());
    peer.answer(*first, 401, "WWW-Authenticate: Digest realm=\"x\", nonce=\"y\"\r\n");
    settle();
    EXPECT_EQ(ann.calls.ended_status, 401);
}

// ---- in-dialog rules

TEST_F(CallerTest, SequenceNumbersOnlyRise) {
    const Message invite(call());
    peer.answer(*invite, 200, {}, "answer");
    settle();
    auto info = peer.in_dialog(*invite, "INFO", 10);
    info.body = "Signal=1";
    info.body_type = "application/dtmf-relay";
    peer.request(info);
    settle();
    EXPECT_TRUE(peer.last(Method::Info, 200));
    info.cseq = 9;
    info.branch = "z9hG4bKlower";
    peer.request(info);
    settle();
    EXPECT_TRUE(peer.last(Method::Info, 500));
    info.cseq = 100'000;
    info.branch = "z9hG4bKhigher";
    peer.request(info);
    settle();
    EXPECT_EQ(peer.count(Method::Info, 200), 2) << "far higher is legal";
    EXPECT_EQ(ann.calls.count("info Signal=1"), 2);
}

TEST_F(CallerTest, AWrongTagOrCallIdIs481) {
    const Message invite(call());
    peer.answer(*invite, 200, {}, "answer");
    settle();
    auto bye = peer.in_dialog(*invite, "BYE", 1);
    auto wrong = bye;
    wrong.call_id = "other";
    peer.request(wrong);
    wrong = bye;
    wrong.from = "<sip:bob@example.org>;tag=other";
    peer.request(wrong);
    wrong = bye;
    wrong.to.back() = wrong.to.back() == 'a' ? 'b' : 'a';
    peer.request(wrong);
    settle();
    EXPECT_EQ(peer.count(Method::Bye, 481), 3);
    EXPECT_FALSE(ann.calls.ended);
    bye.from = "\"New Name\" <sip:someone@else>;tag=peer-tag";
    peer.request(bye);
    settle();
    EXPECT_EQ(ann.calls.ended, EndCause::RemoteBye) << "RFC 4916: matched by tags only";
}

TEST_F(CallerTest, ByeFromTheCalleeBeforeItsAnswerIsRefused) {
    const Message invite(call());
    peer.answer(*invite, 180);
    settle();
    peer.request(peer.in_dialog(*invite, "BYE", 1));
    settle();
    EXPECT_TRUE(peer.last(Method::Bye, 481));
    EXPECT_FALSE(ann.calls.ended);
}

struct Lost {
    int status;
    bool bye;
};
class DialogLostTest : public CallerTest, public testing::WithParamInterface<Lost> {};

TEST_P(DialogLostTest, EndsTheSession) {
    connect();
    ASSERT_TRUE(session().offer(sdp("offer-2")));
    settle();
    peer.answer(*sent(Method::Invite), GetParam().status);
    settle();
    EXPECT_EQ(peer.count(Method::Bye), GetParam().bye ? 1 : 0);
    if (GetParam().bye) {
        peer.answer(*sent(Method::Bye), 481);
        settle();
    }
    EXPECT_EQ(ann.calls.ended, EndCause::DialogLost);
}
INSTANTIATE_TEST_SUITE_P(Codes, DialogLostTest, testing::Values(Lost{481, false}, Lost{408, true}),
                         [](const auto& p) { return "Status" + std::to_string(p.param.status); });

TEST_F(CallerTest, A481ToInfoEndsTheDialogButNotOneToNotify) {
    connect();
    ASSERT_TRUE(session().notify_refer("SIP/2.0 100 Trying", "active"));
    settle();
    peer.answer(*sent(Method::Notify), 481);
    settle();
    EXPECT_FALSE(ann.calls.ended);
    ASSERT_TRUE(session().info({"application/dtmf-relay", "Signal=1"}));
    settle();
    peer.answer(*sent(Method::Info), 481);
    settle();
    EXPECT_EQ(ann.calls.ended, EndCause::DialogLost);
}

TEST_F(CallerTest, GlareIsRetriedThreeTimesThenGivenUp) {
    connect();
    ASSERT_TRUE(session().offer(sdp("offer-2")));
    settle();
    for (int i = 0; i < 3; ++i) {
        const Message mine = sent(Method::Invite);
        peer.answer(*mine, 491);
        const auto before = peer.distinct(Method::Invite);
        network.run_for(2s);
        EXPECT_EQ(peer.distinct(Method::Invite), before) << "the owner of the Call-ID waits 2.1 s at least";
        network.run_for(2100ms);
        EXPECT_EQ(peer.distinct(Method::Invite), before + (i < 2 ? 1U : 0U));
    }
    EXPECT_EQ(ann.calls.events.back(), "glare given up 491");
    EXPECT_EQ(session().state(), State::Confirmed);
}

TEST_F(CallerTest, AReInviteThatIsHeardButNeverAnsweredIsCancelledAndThenLost) {
    connect();
    ASSERT_TRUE(session().offer(sdp("offer-2")));
    settle();
    peer.answer(*sent(Method::Invite), 100);
    network.run_for(33s);
    EXPECT_EQ(peer.distinct(Method::Cancel), 1U);
    EXPECT_FALSE(ann.calls.ended);
    network.run_for(33s);
    EXPECT_EQ(peer.distinct(Method::Bye), 1U);
    network.run_for(100s);
    EXPECT_EQ(ann.calls.ended, EndCause::DialogLost);
    EXPECT_TRUE(ann.idle());
}

TEST_F(CallerTest, A500WithRetryAfterIsRetriedOnce) {
    connect();
    ASSERT_TRUE(session().offer(sdp("offer-2")));
    settle();
    peer.answer(*sent(Method::Invite), 500, "Retry-After: 3\r\n");
    network.run_for(2900ms);
    EXPECT_EQ(peer.distinct(Method::Invite), 2U);
    network.run_for(200ms);
    ASSERT_EQ(peer.distinct(Method::Invite), 3U);
    peer.answer(*sent(Method::Invite), 500, "Retry-After: 3\r\n");
    network.run_for(5s);
    EXPECT_EQ(ann.calls.events.back(), "offer refused 500");
}

TEST_F(CallerTest, AReInviteFromThePeerWhileOursIsOutIs491) {
    const Message invite(call());
    peer.answer(*invite, 200, {}, "answer");
    settle();
    ASSERT_TRUE(session().offer(sdp("offer-2")));
    settle();
    auto theirs = peer.in_dialog(*invite, "INVITE", 5);
    theirs.body = "hold";
    peer.request(theirs);
    settle();
    EXPECT_TRUE(peer.last(Method::Invite, 491));
    auto update = peer.in_dialog(*invite, "UPDATE", 6);
    update.body = "hold";
    peer.request(update);
    settle();
    EXPECT_TRUE(peer.last(Method::Update, 491));
}

TEST_F(CallerTest, ASecondOfferWhileTheFirstIsUnansweredIs500WithRetryAfter) {
    const Message invite(call());
    peer.answer(*invite, 200, {}, "answer");
    settle();
    auto theirs = peer.in_dialog(*invite, "INVITE", 5);
    theirs.body = "hold";
    peer.request(theirs);
    settle();
    auto second = peer.in_dialog(*invite, "INVITE", 6);
    second.body = "resume";
    peer.request(second);
    auto update = peer.in_dialog(*invite, "UPDATE", 7);
    update.body = "resume";
    peer.request(update);
    settle();
    ASSERT_TRUE(peer.last(Method::Invite, 500));
    ASSERT_TRUE(peer.last(Method::Update, 500));
    EXPECT_LE(*number(*peer.last(Method::Invite, 500), HeaderId::RetryAfter), 10U);
    EXPECT_TRUE(peer.last(Method::Update, 500)->has(HeaderId::RetryAfter));
}

TEST_F(CallerTest, ThePeerWithdrawsItsReInvite) {
    const Message invite(call());
    peer.answer(*invite, 200, {}, "answer");
    settle();
    auto theirs = peer.in_dialog(*invite, "INVITE", 5);
    theirs.body = "hold";
    theirs.branch = "z9hG4bKreinvite";
    peer.request(theirs);
    settle();
    auto cancel = theirs;
    cancel.method = "CANCEL";
    cancel.body.clear();
    peer.request(cancel);
    settle();
    EXPECT_TRUE(peer.last(Method::Invite, 487));
    EXPECT_EQ(ann.calls.events.back(), "offer withdrawn");
    EXPECT_EQ(session().state(), State::Confirmed);
    ASSERT_TRUE(session().offer(sdp("offer-3")));
    settle();
    EXPECT_EQ(sent(Method::Invite)->body(), "offer-3");
}

TEST_F(CallerTest, AnUpdateWithoutBodyIsARefreshAndMovesTheTarget) {
    const Message invite(call());
    peer.answer(*invite, 200, {}, "answer");
    settle();
    auto update = peer.in_dialog(*invite, "UPDATE", 5);
    update.contact = false;
    update.headers = "Contact: <sip:moved@10.0.0.2:5060>\r\n";
    peer.request(update);
    settle();
    EXPECT_TRUE(peer.last(Method::Update, 200));
    session().hang_up();
    settle();
    EXPECT_EQ(peer.last(Method::Bye)->request_uri().text(), "sip:moved@10.0.0.2:5060");
}

TEST_F(CallerTest, APrivateContactBehindAPublicSourceIsReachedAtTheSource) {
    ScriptedPeer carrier(network, "198.51.100.7:5060");
    request = ann.invite_to(carrier.node.address());
    ann.place(request);
    settle();
    carrier.answer(*Message(*carrier.last(Method::Invite)), 200, "Contact: <sip:gw@10.200.1.1:5060>\r\n", "answer");
    settle();
    ASSERT_TRUE(carrier.last(Method::Ack));
    EXPECT_EQ(carrier.last(Method::Ack)->request_uri().text(), "sip:gw@10.200.1.1:5060");
}

// ---- RFC 4028

TEST_F(CallerTest, RefreshesByUpdateAtHalfTimeWhenThePeerTakesIt) {
    connect("Require: timer\r\nSession-Expires: 90;refresher=uac\r\nAllow: INVITE, UPDATE\r\n");
    network.run_for(46s);
    ASSERT_EQ(peer.distinct(Method::Update), 1U);
    const Message update = sent(Method::Update);
    EXPECT_TRUE(update->body().empty());
    EXPECT_EQ(update->value(HeaderId::SessionExpires), "90;refresher=uac");
    peer.answer(*update, 200, "Session-Expires: 90;refresher=uac\r\n");
    network.run_for(46s);
    EXPECT_EQ(peer.distinct(Method::Update), 2U);
}

TEST_F(CallerTest, RefreshesByReInviteWithTheSameDescriptionOtherwise) {
    ann.calls.description = sdp("unchanged");
    connect("Session-Expires: 90;refresher=uac\r\nAllow: INVITE, BYE\r\n");
    network.run_for(46s);
    ASSERT_EQ(peer.distinct(Method::Invite), 2U);
    EXPECT_EQ(sent(Method::Invite)->body(), "unchanged");
    peer.answer(*sent(Method::Invite), 200, "Session-Expires: 90;refresher=uac\r\n", "answer-1");
    settle();
    EXPECT_EQ(peer.count(Method::Ack), 2);
    EXPECT_EQ(ann.calls.events.back(), "offer answered answer-1");
}

TEST_F(CallerTest, WithoutSessionExpiresInTheAnswerThereIsNoTimer) {
    connect();
    network.run_for(std::chrono::hours(2));
    EXPECT_EQ(peer.count(Method::Invite), 1);
    EXPECT_FALSE(ann.calls.ended);
}

TEST_F(CallerTest, EndsWithByeWhenThePeerShouldRefreshAndDoesNot) {
    connect("Session-Expires: 90;refresher=uas\r\n");
    network.run_for(59s);
    EXPECT_EQ(peer.distinct(Method::Bye), 0U);
    network.run_for(2s);
    ASSERT_EQ(peer.distinct(Method::Bye), 1U) << "at SE - min(32, SE/3)";
    peer.answer(*sent(Method::Bye), 200);
    settle();
    EXPECT_EQ(ann.calls.ended, EndCause::SessionExpired);
}

TEST_F(CallerTest, ARefreshByThePeerRestartsTheTimer) {
    const Message invite(call());
    peer.answer(*invite, 200, "Session-Expires: 90;refresher=uas\r\n", "answer");
    network.run_for(50s);
    auto update = peer.in_dialog(*invite, "UPDATE", 2);
    update.headers = "Supported: timer\r\nSession-Expires: 90;refresher=uac\r\n";
    peer.request(update);
    settle();
    EXPECT_EQ(peer.last(Method::Update, 200)->value(HeaderId::SessionExpires), "90;refresher=uac");
    network.run_for(50s);
    EXPECT_EQ(peer.count(Method::Bye), 0);
}

TEST_F(CallerTest, A408ToARefreshEndsTheCall) {
    connect("Session-Expires: 90;refresher=uac\r\nAllow: UPDATE\r\n");
    network.run_for(46s);
    peer.answer(*sent(Method::Update), 408);
    settle();
    ASSERT_TRUE(peer.last(Method::Bye));
    peer.answer(*sent(Method::Bye), 200);
    settle();
    EXPECT_EQ(ann.calls.ended, EndCause::DialogLost);
}

TEST_F(CallerTest, ARefusedRefreshIsTriedOnceMoreAndThenTheSessionExpires) {
    connect("Session-Expires: 90;refresher=uac\r\nAllow: UPDATE\r\n");
    network.run_for(46s);
    peer.answer(*sent(Method::Update), 503);
    network.run_for(11s);
    EXPECT_EQ(peer.distinct(Method::Update), 2U);
    peer.answer(*sent(Method::Update), 503);
    network.run_for(10s);
    EXPECT_EQ(peer.distinct(Method::Update), 2U);
    EXPECT_EQ(peer.distinct(Method::Bye), 1U);
}

TEST_F(CallerTest, A422IsObeyedWithinTheSameCall) {
    const Message first(call());
    peer.answer(*first, 422, "Min-SE: 3600\r\n");
    settle();
    const Message second = sent(Method::Invite);
    EXPECT_EQ(second->value(HeaderId::SessionExpires), "3600");
    EXPECT_EQ(second->value(HeaderId::MinSe), "3600");
    EXPECT_EQ(second->call_id(), first->call_id());
    EXPECT_EQ(second->cseq().number, first->cseq().number + 1);
    peer.answer(*second, 422, "Min-SE: 7200\r\n");
    settle();
    EXPECT_EQ(ann.calls.ended_status, 422) << "once";
}

TEST_F(CallerTest, A422ToARefreshLeavesTheTimerAndRaisesTheInterval) {
    connect("Session-Expires: 90;refresher=uac\r\nAllow: UPDATE\r\n");
    network.run_for(46s);
    peer.answer(*sent(Method::Update), 422, "Min-SE: 300\r\n");
    settle();
    EXPECT_EQ(peer.distinct(Method::Update), 2U);
    EXPECT_EQ(sent(Method::Update)->value(HeaderId::SessionExpires), "300;refresher=uac");
    peer.answer(*sent(Method::Update), 200, "Session-Expires: 300;refresher=uac\r\n");
    network.run_for(140s);
    EXPECT_EQ(peer.distinct(Method::Update), 2U);
    network.run_for(12s);
    EXPECT_EQ(peer.distinct(Method::Update), 3U);
}

/// The scripted peer calls our user agent.
class CalleeTest : public testing::Test {
protected:
    SimulatedNetwork network{17};
    Station ann{network, "10.0.0.1:5060"};
    ScriptedPeer peer{network, "10.0.0.2:5060"};
    ScriptedPeer::Fields fields;

    void SetUp() override {
        peer.to = peer.node.flow_to(ann.node.address());
        fields.method = "INVITE";
        fields.branch = "z9hG4bKcall";
        fields.body = "offer-1";
    }
    void settle() { network.run_for(20ms); }
    void invite() {
        peer.request(fields);
        settle();
    }
    InviteSession& session() { return *ann.calls.session; }
    Message got(Method method, int status) { return Message(*peer.last(method, status)); }
    void acknowledge(std::string body = {}) {
        auto ack = peer.in_own_dialog(*got(Method::Invite, 200), "ACK", fields.cseq);
        ack.body = std::move(body);
        peer.request(ack);
        settle();
    }
    void connect() {
        ann.when_invited = [](InviteSession& s, const MessageView&) { ASSERT_TRUE(s.accept(sdp("answer-1"))); };
        invite();
        acknowledge();
        ASSERT_EQ(session().state(), State::Confirmed);
    }
    void send_prack(const MessageView& provisional, int cseq, std::string body = {}) {
        auto prack = peer.in_own_dialog(provisional, "PRACK", cseq);
        prack.headers = "RAck: " + std::string(provisional.value(HeaderId::RSeq)) + " 1 INVITE\r\n";
        prack.body = std::move(body);
        peer.request(prack);
        settle();
    }
};

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

TEST_F(CalleeTest, ASecondInviteBeforeTheFirstIsAnsweredIs500) {
    ann.when_invited = [](InviteSession& s, const MessageView&) { ASSERT_TRUE(s.provide(180)); };
    invite();
    auto second = peer.in_own_dialog(*got(Method::Invite, 180), "INVITE", 2);
    second.body = "offer-2";
    peer.request(second);
    settle();
    ASSERT_TRUE(peer.last(Method::Invite, 500));
    EXPECT_TRUE(peer.last(Method::Invite, 500)->has(HeaderId::RetryAfter));
}

// ---- RFC 4028, callee: the rows of the table

struct TimerRow {
    const char* name;
    const char* asked;
    const char* answer;  ///< Session-Expires of our 200
    bool require;
    int our_refreshes_in_100s;
};
class SessionTimerTable : public CalleeTest, public testing::WithParamInterface<TimerRow> {};

TEST_P(SessionTimerTable, Row) {
    fields.headers = std::string("Allow: INVITE, UPDATE\r\n") + GetParam().asked;
    ann.when_invited = [](InviteSession& s, const MessageView&) {
        s.set_session_timer({.interval = 180s, .min_interval = 90s});
        ASSERT_TRUE(s.accept(sdp("answer-1")));
    };
    invite();
    acknowledge();
    const Message answer = got(Method::Invite, 200);
    EXPECT_EQ(answer->value(HeaderId::SessionExpires), GetParam().answer);
    EXPECT_EQ(answer->has_token(HeaderId::Require, "timer"), GetParam().require);
    for (int i = 0; i < 50; ++i) {
        const auto before = peer.count(Method::Update);
        network.run_for(1s);
        if (peer.count(Method::Update) > before)
            peer.answer(*Message(*peer.last(Method::Update)), 200, "Session-Expires: 90;refresher=uac\r\n");
    }
    EXPECT_EQ(peer.count(Method::Update), GetParam().our_refreshes_in_100s);
}

INSTANTIATE_TEST_SUITE_P(
    Rows, SessionTimerTable,
    testing::Values(
        TimerRow{"NothingAsked", "", "", false, 0},
        TimerRow{"AProxyAsked", "Session-Expires: 90\r\n", "90;refresher=uas", false, 1},
        TimerRow{"SupportedOnly", "Supported: timer\r\n", "180;refresher=uac", true, 0},
        TimerRow{"NoRefresher", "Supported: timer\r\nSession-Expires: 90\r\n", "90;refresher=uac", true, 0},
        TimerRow{"Uac", "Supported: timer\r\nSession-Expires: 90;refresher=uac\r\n", "90;refresher=uac", true, 0},
        TimerRow{"Uas", "Supported: timer\r\nSession-Expires: 90;refresher=uas\r\n", "90;refresher=uas", false, 1},
        TimerRow{"BriefWithoutSupport", "Session-Expires: 80\r\n", "80;refresher=uas", false, 1}),
    [](const auto& p) { return p.param.name; });

TEST_F(CalleeTest, AReInviteWithABriefIntervalIs422) {
    connect();
    auto theirs = peer.in_own_dialog(*got(Method::Invite, 200), "INVITE", 2);
    theirs.headers = "Supported: timer\r\nSession-Expires: 30\r\n";
    theirs.body = "offer-2";
    peer.request(theirs);
    settle();
    ASSERT_TRUE(peer.last(Method::Invite, 422));
    EXPECT_EQ(peer.last(Method::Invite, 422)->value(HeaderId::MinSe), "90");
    EXPECT_EQ(session().state(), State::Confirmed);
}

TEST_F(CalleeTest, ReferWithoutAnAnswerFromTheUserWaitsAndNotifyOfOtherEventsIs489) {
    connect();
    auto notify = peer.in_own_dialog(*got(Method::Invite, 200), "NOTIFY", 2);
    notify.headers = "Event: presence\r\nSubscription-State: active\r\n";
    peer.request(notify);
    settle();
    EXPECT_TRUE(peer.last(Method::Notify, 489));
    peer.request(peer.in_own_dialog(*got(Method::Invite, 200), "OPTIONS", 3));
    settle();
    EXPECT_TRUE(peer.last(Method::Options, 200));
}

TEST_F(CalleeTest, TheSessionIsFoundByTheIdentityThatReplacesNames) {
    connect();
    EXPECT_EQ(ann.agent.find(session().call_id(), session().local_tag(), session().remote_tag()), &session());
    EXPECT_EQ(ann.agent.find(session().call_id(), session().local_tag(), "other"), nullptr);
    EXPECT_EQ(ann.agent.find("other", session().local_tag(), session().remote_tag()), nullptr);
}

TEST_F(CalleeTest, AfterAReconnectTheNewFlowIsUsed) {
    peer.to = peer.node.open_flow({.transport = TransportKind::Ws, .remote = ann.node.address(), .server_name = {}});
    connect();
    const Flow old = session().flow();
    network.cut(*peer.to);
    peer.to = peer.node.open_flow({.transport = TransportKind::Ws, .remote = ann.node.address(), .server_name = {}});
    Flow fresh = *peer.to;
    std::swap(fresh.local, fresh.remote);
    ann.agent.flow_replaced(old, fresh);
    session().hang_up();
    settle();
    EXPECT_TRUE(peer.last(Method::Bye));
}

}  // namespace
}  // namespace dp::sip::test

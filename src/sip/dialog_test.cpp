// Dialogs and forks as a scripted peer sees them: route sets, targets, sequence numbers, what a lost dialog means.
#include "sip/scripted_session_test.hpp"

namespace dp::sip::test {
namespace {

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

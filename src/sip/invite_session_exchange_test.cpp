// InviteSession: offers and other requests within the session.
#include "sip/two_agents_test.hpp"

namespace dp::sip::test {
namespace {

using testing::ElementsAre;

TEST_F(CallTest, ReInviteInBothDirections) {
    connect();
    bob.calls.when_offered = [](InviteSession& session, const RemoteOffer&) {
        ASSERT_TRUE(session.answer(sdp("answer-2")));
    };
    ann.calls.when_offered = [](InviteSession& session, const RemoteOffer&) {
        ASSERT_TRUE(session.answer(sdp("answer-3")));
    };
    ASSERT_TRUE(ann.calls.session->offer(sdp("offer-2")));
    network.run_for(1s);
    ASSERT_TRUE(bob.calls.session->offer(sdp("offer-3")));
    network.run_for(1s);
    EXPECT_THAT(ann.calls.events, ElementsAre("offer answered answer-2", "offered offer-3"));
    EXPECT_THAT(bob.calls.events, ElementsAre("offered offer-2", "offer answered answer-3"));
}

TEST_F(CallTest, RefusedReInviteLeavesTheCallUp) {
    connect();
    bob.calls.when_offered = [](InviteSession& session, const RemoteOffer&) {
        ASSERT_TRUE(session.refuse_offer(488, "304 example.org \"no\""));
    };
    ASSERT_TRUE(ann.calls.session->offer(sdp("offer-2")));
    network.run_for(1s);
    EXPECT_THAT(ann.calls.events, ElementsAre("offer refused 488"));
    EXPECT_EQ(ann.calls.session->state(), State::Confirmed);
    bob.calls.when_offered = [](InviteSession& session, const RemoteOffer&) {
        ASSERT_TRUE(session.answer(sdp("answer-3")));
    };
    ASSERT_TRUE(ann.calls.session->offer(sdp("offer-3")));
    network.run_for(1s);
    EXPECT_EQ(ann.calls.events.back(), "offer answered answer-3");
}

TEST_F(CallTest, OfferRequestedFromThePeer) {
    connect();
    bob.calls.when_offered = [](InviteSession& session, const RemoteOffer& offer) {
        EXPECT_TRUE(offer.body.empty());
        ASSERT_TRUE(session.answer(sdp("full-offer")));
    };
    ann.calls.when_offered = [](InviteSession& session, const RemoteOffer& offer) {
        EXPECT_EQ(offer.carrier, RemoteOffer::Carrier::Success);
        ASSERT_TRUE(session.answer(sdp("answer-2")));
    };
    ASSERT_TRUE(ann.calls.session->request_offer());
    network.run_for(1s);
    EXPECT_THAT(ann.calls.events, ElementsAre("offered full-offer"));
    EXPECT_THAT(bob.calls.events, ElementsAre("offered ", "offer answered answer-2"));
    expect_nothing_open();
}

TEST_F(CallTest, LateOfferTravelsInTheAnswerAndItsAnswerInTheAck) {
    bob.when_invited = [](InviteSession& session, const MessageView& invite) {
        EXPECT_TRUE(invite.body().empty());
        ASSERT_TRUE(session.accept(sdp("full-offer")));
    };
    ann.calls.when_answered = [](InviteSession& session, const Answered& answered) {
        EXPECT_EQ(answered.body.bytes, "full-offer");
        ASSERT_TRUE(session.answer(sdp("answer-1")));
    };
    InviteRequest request = ann.invite_to(bob.node.address());
    request.offer = {};
    ann.place(request);
    network.run_for(1s);
    EXPECT_THAT(ann.calls.events, ElementsAre("answered offer"));
    EXPECT_THAT(bob.calls.events, ElementsAre("invited", "confirmed answer-1"));
    expect_nothing_open();
}

TEST_F(CallTest, LateOfferMayBeAnsweredLater) {
    bob.when_invited = [](InviteSession& session, const MessageView&) {
        ASSERT_TRUE(session.accept(sdp("full-offer")));
    };
    InviteRequest request = ann.invite_to(bob.node.address());
    request.offer = {};
    ann.place(request);
    network.run_for(5s);
    EXPECT_FALSE(bob.calls.saw("confirmed answer-1")) << "the 2xx is repeated meanwhile and that is no fork";
    EXPECT_EQ(ann.calls.session->state(), State::Confirmed);
    ASSERT_TRUE(ann.calls.session->answer(sdp("answer-1")));
    network.run_for(1s);
    EXPECT_TRUE(bob.calls.saw("confirmed answer-1"));
}

TEST_F(CallTest, GlareIsResolvedByTheWaitsOf14_1) {
    connect();
    const auto answer = [](InviteSession& session, const RemoteOffer&) { ASSERT_TRUE(session.answer(sdp("agreed"))); };
    ann.calls.when_offered = bob.calls.when_offered = answer;
    network.conditions.min_delay = network.conditions.max_delay = 50ms;
    ASSERT_TRUE(ann.calls.session->offer(sdp("hold-a")));
    ASSERT_TRUE(bob.calls.session->offer(sdp("hold-b")));
    network.run_for(5s);
    EXPECT_TRUE(ann.calls.saw("offer answered agreed"));
    EXPECT_TRUE(bob.calls.saw("offer answered agreed"));
    expect_nothing_open();
}

TEST_F(CallTest, PeerWithdrawsItsReInvite) {
    connect();
    network.run_for(1s);
    ASSERT_TRUE(ann.calls.session->offer(sdp("offer-2")));
    network.run_for(1s);
    ASSERT_TRUE(bob.calls.saw("offered offer-2"));
    ann.calls.session->hang_up();
    network.run_for(1s);
    EXPECT_EQ(bob.calls.ended, EndCause::RemoteBye);
    expect_all_gone();
}

TEST_F(CallTest, InfoReferAndNotifyAreEvents) {
    connect();
    ASSERT_TRUE(ann.calls.session->info({"application/dtmf-relay", "Signal=5\r\nDuration=160\r\n"}));
    network.run_for(1s);
    EXPECT_TRUE(bob.calls.saw("info Signal=5\r\nDuration=160\r\n"));
    bob.calls.when_referred = [&](InviteSession& session, ServerRequestId request) {
        EXPECT_TRUE(bob.agent.respond(request, Response{.status = 202}));
        EXPECT_TRUE(session.notify_refer("SIP/2.0 100 Trying", "active;expires=60"));
        EXPECT_TRUE(session.notify_refer("SIP/2.0 200 OK", "terminated;reason=noresource"));
    };
    ASSERT_TRUE(ann.calls.session->refer("<sip:carol@example.org>"));
    network.run_for(1s);
    EXPECT_TRUE(bob.calls.saw("referred <sip:carol@example.org>"));
    EXPECT_TRUE(ann.calls.saw("notified SIP/2.0 100 Trying"));
    EXPECT_TRUE(ann.calls.saw("notified SIP/2.0 200 OK"));
}

}  // namespace
}  // namespace dp::sip::test

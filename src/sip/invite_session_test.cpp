// InviteSession: from the INVITE to its answer, over which hop and which transport.
#include "sip/two_agents_test.hpp"

namespace dp::sip::test {
namespace {

using testing::ElementsAre;

TEST_F(CallTest, RingsAnswersAndHangsUp) {
    bob.when_invited = [](InviteSession& session, const MessageView&) { ASSERT_TRUE(session.provide(180)); };
    ann.place(ann.invite_to(bob.node.address()));
    network.run_for(3s);
    EXPECT_EQ(ann.calls.session->state(), State::Inviting);
    ASSERT_TRUE(bob.calls.session->accept(sdp("answer-1")));
    network.run_for(1s);
    EXPECT_THAT(ann.calls.events, ElementsAre("progress 180", "answered answer"));
    EXPECT_THAT(bob.calls.events, ElementsAre("invited", "confirmed"));
    ann.calls.session->hang_up("Q.850;cause=16");
    network.run_for(1s);
    EXPECT_EQ(ann.calls.ended, EndCause::LocalBye);
    EXPECT_EQ(bob.calls.ended, EndCause::RemoteBye);
    EXPECT_EQ(bob.calls.ended_reason, "Q.850;cause=16");
    expect_all_gone();
}

TEST_F(CallTest, EarlyMediaIsAPreviewAndTheRingingAfterItPassesToo) {
    bob.when_invited = [](InviteSession& session, const MessageView&) {
        ASSERT_TRUE(session.provide(183, sdp("answer-1")));
        ASSERT_TRUE(session.provide(180));
    };
    ann.place(ann.invite_to(bob.node.address()));
    network.run_for(1s);
    EXPECT_THAT(ann.calls.events, ElementsAre("progress 183 preview", "progress 180"));
    ASSERT_TRUE(bob.calls.session->accept(sdp("answer-1")));
    network.run_for(1s);
    EXPECT_EQ(ann.calls.events.back(), "answered answer");
}

TEST_F(CallTest, CalleeRefuses) {
    bob.when_invited = [](InviteSession& session, const MessageView&) {
        HeaderLines headers("Reason", "Q.850;cause=17");
        ASSERT_TRUE(session.reject(486, "Busy Here", headers));
        EXPECT_FALSE(session.accept(sdp("late")));
    };
    ann.place(ann.invite_to(bob.node.address()));
    network.run_for(1s);
    EXPECT_EQ(ann.calls.ended, EndCause::Rejected);
    EXPECT_EQ(ann.calls.ended_status, 486);
    EXPECT_EQ(ann.calls.ended_reason, "Q.850;cause=17");
    EXPECT_EQ(bob.calls.ended, EndCause::Refused);
    expect_all_gone();
}

TEST_F(CallTest, ASessionWithoutHandlerIsRefused) {
    bob.when_invited = [](InviteSession& session, const MessageView&) { session.set_handler(nullptr); };
    ann.place(ann.invite_to(bob.node.address()));
    network.run_for(1s);
    EXPECT_EQ(ann.calls.ended_status, 500);
    expect_all_gone();
}

TEST_F(CallTest, NobodyThere) {
    bob.node.reachable = false;
    ann.place(ann.invite_to(bob.node.address()));
    network.run_for(31s);
    EXPECT_FALSE(ann.calls.ended);
    network.run_for(2s);
    EXPECT_EQ(ann.calls.ended, EndCause::NoAnswer);
    expect_all_gone();
}

TEST_F(CallTest, AFailureToSendIsToldLaterNotFromPlace) {
    ann.node.refuses = true;
    ann.place(ann.invite_to(bob.node.address()));
    EXPECT_FALSE(ann.calls.ended);
    network.run_for(1s);
    EXPECT_EQ(ann.calls.ended, EndCause::TransportFailed);
    expect_all_gone();
}

TEST_F(CallTest, TheSecondHopIsTriedWhenTheFirstIsSilent) {
    bob_answers_at_once();
    Station dead(network, "10.0.0.9:5060");
    dead.node.reachable = false;
    InviteRequest request = ann.invite_to(dead.node.address());
    request.timer_b = 4s;
    request.hops.push_back(ann.invite_to(bob.node.address()).hops[0]);
    ann.place(request);
    network.run_for(6s);
    EXPECT_EQ(ann.calls.session->state(), State::Confirmed);
}

TEST_F(CallTest, TheSecondHopIsTriedOn503ButNotAfterRetryAfter) {
    bob_answers_at_once();
    Station full(network, "10.0.0.9:5060");
    full.when_screened = [](const MessageView&) {
        return Screening{Screening::Verdict::Answer, Response{.status = 503}};
    };
    InviteRequest request = ann.invite_to(full.node.address());
    request.hops.push_back(ann.invite_to(bob.node.address()).hops[0]);
    ann.place(request);
    network.run_for(1s);
    EXPECT_EQ(ann.calls.session->state(), State::Confirmed);

    full.when_screened = [](const MessageView&) {
        return Screening{Screening::Verdict::Answer,
                         Response{.status = 503, .headers = HeaderLines("Retry-After", "30")}};
    };
    Recorder second;
    (void)ann.agent.place(request, second);
    network.run_for(1s);
    EXPECT_EQ(second.ended, EndCause::Rejected);
    EXPECT_EQ(second.ended_retry_after, 30s);
}

TEST_F(CallTest, OverTcpNothingIsRetransmittedButTheSuccess) {
    bob_answers_at_once();
    int acks = 0;
    network.filter = [&](const auto&, const Flow&, std::string_view text) {
        return !(text.starts_with("ACK") && ++acks < 2);
    };
    ann.place(ann.invite_to(bob.node.address(), TransportKind::Tcp));
    network.run_for(2s);
    EXPECT_EQ(bob.calls.session->state(), State::Confirmed);
    EXPECT_EQ(ann.agent.stats().retransmitted, 1U) << "the ACK, for the repeated 2xx";
    bob.calls.session->hang_up();
    expect_all_gone();
}

TEST_F(CallTest, AClosedConnectionFailsWhatWaitsForIt) {
    bob.when_invited = [](InviteSession& session, const MessageView&) { ASSERT_TRUE(session.provide(180)); };
    ann.place(ann.invite_to(bob.node.address(), TransportKind::Tcp));
    network.run_for(1s);
    network.cut(ann.calls.session->flow());
    EXPECT_EQ(ann.calls.ended, EndCause::TransportFailed);
}

TEST_F(CallTest, LargeInviteChangesToTcpAndBackWhenThatFails) {
    bob_answers_at_once();
    InviteRequest request = ann.invite_to(bob.node.address());
    request.offer = sdp(std::string(1400, 'x'));
    request.hops[0].large = NextHop::LargeRequest::SwitchToTcp;
    ann.place(request);
    EXPECT_EQ(ann.calls.session->flow().kind, TransportKind::Tcp);
    network.run_for(1s);
    EXPECT_EQ(ann.calls.session->state(), State::Confirmed);

    Recorder second;
    InviteSession* session = ann.agent.find(*ann.agent.place(request, second));
    network.cut(session->flow());
    EXPECT_EQ(session->flow().kind, TransportKind::Udp);
    network.run_for(1s);
    EXPECT_EQ(session->state(), State::Confirmed);
}

}  // namespace
}  // namespace dp::sip::test

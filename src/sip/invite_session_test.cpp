#include "sip/invite_session.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sip/session_test_support.hpp"

namespace dp::sip::test {
namespace {

using State = InviteSession::State;
using testing::ElementsAre;

/// Two user agents of ours calling each other.
class CallTest : public testing::Test {
protected:
    SimulatedNetwork network{7};
    Station ann{network, "10.0.0.1:5060"};
    Station bob{network, "10.0.0.2:5060"};

    void bob_answers_at_once() {
        bob.when_invited = [](InviteSession& session, const MessageView&) {
            ASSERT_TRUE(session.provide(180));
            ASSERT_TRUE(session.accept(sdp("answer-1")));
        };
    }
    void connect() {
        bob_answers_at_once();
        ann.place(ann.invite_to(bob.node.address()));
        network.run_for(1s);
        ASSERT_EQ(ann.calls.session->state(), State::Confirmed);
        ASSERT_EQ(bob.calls.session->state(), State::Confirmed);
        ann.calls.events.clear();
        bob.calls.events.clear();
    }
    /// Both may offer again: no exchange was left open.
    void expect_nothing_open() {
        bob.calls.when_offered = [](InviteSession& session, const RemoteOffer&) {
            ASSERT_TRUE(session.answer(sdp("last")));
        };
        ASSERT_TRUE(ann.calls.session->offer(sdp("once more")));
        network.run_for(1s);
        EXPECT_EQ(ann.calls.events.back(), "offer answered last");
    }
    void expect_all_gone() {
        network.run_for(70s);
        EXPECT_TRUE(ann.idle());
        EXPECT_TRUE(bob.idle());
        EXPECT_EQ(network.timers().size(), 0U);
    }
};

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

// ---- CANCEL, RFC 3261 §9 and the races

TEST_F(CallTest, CancelWhileRinging) {
    bob.when_invited = [](InviteSession& session, const MessageView&) { ASSERT_TRUE(session.provide(180)); };
    ann.place(ann.invite_to(bob.node.address()));
    network.run_for(1s);
    ann.calls.session->hang_up("SIP;cause=200;text=\"Call completed elsewhere\"");
    EXPECT_EQ(ann.calls.session->state(), State::Cancelling);
    network.run_for(1s);
    EXPECT_EQ(ann.calls.ended, EndCause::LocalCancel);
    EXPECT_EQ(ann.calls.ended_status, 487);
    EXPECT_EQ(bob.calls.ended, EndCause::RemoteCancel);
    EXPECT_EQ(bob.calls.ended_reason, "SIP;cause=200;text=\"Call completed elsewhere\"");
    expect_all_gone();
}

TEST_F(CallTest, CancelBeforeAnyProvisionalWaitsForIt) {
    network.conditions.min_delay = network.conditions.max_delay = 200ms;
    bob.when_invited = [](InviteSession& session, const MessageView&) { ASSERT_TRUE(session.provide(180)); };
    int cancels = 0;
    network.filter = [&](const auto&, const Flow&, std::string_view text) {
        return cancels += text.starts_with("CANCEL"), true;
    };
    ann.place(ann.invite_to(bob.node.address()));
    ann.calls.session->hang_up();
    network.run_for(300ms);
    EXPECT_EQ(cancels, 0);
    network.run_for(2s);
    EXPECT_EQ(cancels, 1);
    EXPECT_EQ(ann.calls.ended, EndCause::LocalCancel);
    expect_all_gone();
}

TEST_F(CallTest, CancelCrossesTheAnswer) {
    network.conditions.min_delay = network.conditions.max_delay = 100ms;
    bob.when_invited = [](InviteSession& session, const MessageView&) { ASSERT_TRUE(session.provide(180)); };
    ann.place(ann.invite_to(bob.node.address()));
    network.run_for(1s);
    ASSERT_TRUE(bob.calls.session->accept(sdp("answer-1")));
    ann.calls.session->hang_up();
    network.run_for(2s);
    EXPECT_EQ(ann.calls.ended, EndCause::LocalCancel) << "ACK, then BYE";
    EXPECT_FALSE(ann.calls.saw("answered answer"));
    EXPECT_TRUE(bob.calls.saw("confirmed")) << "the 2xx was acknowledged";
    EXPECT_EQ(bob.calls.ended, EndCause::RemoteBye);
    expect_all_gone();
}

TEST_F(CallTest, CancelArrivesAfterTheAnswerAndHasNoEffect) {
    bob_answers_at_once();
    // The 200 is held back so that the CANCEL reaches a callee that has answered already.
    bool held = true;
    network.filter = [&](const auto&, const Flow&, std::string_view text) {
        return !(held && text.starts_with("SIP/2.0 200") && text.find("INVITE\r\n") != text.npos);
    };
    ann.place(ann.invite_to(bob.node.address()));
    network.run_for(100ms);
    ann.calls.session->hang_up();
    network.run_for(200ms);
    EXPECT_EQ(bob.calls.session->state(), State::Accepted);
    held = false;
    network.run_for(2s);
    EXPECT_EQ(ann.calls.ended, EndCause::LocalCancel);
    EXPECT_EQ(bob.calls.ended, EndCause::RemoteBye);
    expect_all_gone();
}

TEST_F(CallTest, CancelThatGetsNoFinalAnswerIsGivenUpAfter64T1) {
    bob.when_invited = [](InviteSession& session, const MessageView&) { ASSERT_TRUE(session.provide(180)); };
    ann.place(ann.invite_to(bob.node.address()));
    network.run_for(1s);
    bob.node.reachable = false;
    ann.calls.session->hang_up();
    network.run_for(31s);
    EXPECT_FALSE(ann.calls.ended);
    network.run_for(2s);
    EXPECT_EQ(ann.calls.ended, EndCause::LocalCancel);
}

TEST_F(CallTest, HangUpWhileNobodyHeardEndsWithTimerB) {
    bob.node.reachable = false;
    ann.place(ann.invite_to(bob.node.address()));
    network.run_for(1s);
    ann.calls.session->hang_up();
    network.run_for(32s);
    EXPECT_EQ(ann.calls.ended, EndCause::LocalCancel);
    expect_all_gone();
}

TEST_F(CallTest, CalleeHangsUpBeforeTheAckAndByeWaitsForIt) {
    bob_answers_at_once();
    bool lose_ack = true;
    int byes = 0;
    network.filter = [&](const auto&, const Flow&, std::string_view text) {
        byes += text.starts_with("BYE");
        return !(lose_ack && text.starts_with("ACK"));
    };
    ann.place(ann.invite_to(bob.node.address()));
    network.run_for(300ms);
    bob.calls.session->hang_up();
    network.run_for(3s);
    EXPECT_EQ(byes, 0);
    lose_ack = false;
    network.run_for(5s);
    EXPECT_EQ(byes, 1);
    EXPECT_EQ(bob.calls.ended, EndCause::LocalBye);
    EXPECT_EQ(ann.calls.ended, EndCause::RemoteBye);
    expect_all_gone();
}

TEST_F(CallTest, CallerByeBeforeTheAckArrivesEndsTheRepetitions) {
    bob_answers_at_once();
    network.filter = [](const auto&, const Flow&, std::string_view text) { return !text.starts_with("ACK"); };
    ann.place(ann.invite_to(bob.node.address()));
    network.run_for(300ms);
    ann.calls.session->hang_up();
    network.run_for(1s);
    EXPECT_EQ(bob.calls.ended, EndCause::RemoteBye);
    EXPECT_EQ(ann.calls.ended, EndCause::LocalBye);
    expect_all_gone();
}

TEST_F(CallTest, AnswerThatIsNeverAcknowledgedEndsWithBye) {
    bob_answers_at_once();
    int answers = 0, byes = 0;
    network.filter = [&](const auto& from, const Flow&, std::string_view text) {
        if (&from == &bob.node) {
            answers += text.starts_with("SIP/2.0 200") && text.find("INVITE\r\n") != text.npos;
            byes += text.starts_with("BYE");
        }
        return !text.starts_with("ACK");
    };
    ann.place(ann.invite_to(bob.node.address()));
    network.run_for(33s);
    EXPECT_EQ(answers, 11) << "0, 0.5, 1.5, 3.5, 7.5 s and every 4 s up to 31.5 s";
    EXPECT_EQ(byes, 1);
    EXPECT_EQ(bob.calls.ended, EndCause::NoAck);
    EXPECT_EQ(ann.calls.ended, EndCause::RemoteBye);
    expect_all_gone();
}

TEST_F(CallTest, LostAckIsSentAgainForEachRepetitionEvenAfterTheCallerEnded) {
    bob_answers_at_once();
    int acks = 0;
    network.filter = [&](const auto&, const Flow&, std::string_view text) {
        if (text.starts_with("BYE")) return false;
        return !text.starts_with("ACK") || ++acks > 2;
    };
    ann.place(ann.invite_to(bob.node.address()));
    network.run_for(100ms);
    ann.calls.session->hang_up();
    network.run_for(3s);
    EXPECT_EQ(acks, 3);
    EXPECT_TRUE(bob.calls.saw("confirmed"));
}

TEST_F(CallTest, ByeCrossesBye) {
    connect();
    network.conditions.min_delay = network.conditions.max_delay = 100ms;
    ann.calls.session->hang_up();
    bob.calls.session->hang_up();
    network.run_for(1s);
    EXPECT_EQ(ann.calls.ended, EndCause::LocalBye);
    EXPECT_EQ(bob.calls.ended, EndCause::LocalBye);
    EXPECT_EQ(ann.calls.count("ended"), 1);
    EXPECT_EQ(bob.calls.count("ended"), 1);
    expect_all_gone();
}

TEST_F(CallTest, ByeCrossesReInvite) {
    connect();
    network.conditions.min_delay = network.conditions.max_delay = 100ms;
    ASSERT_TRUE(ann.calls.session->offer(sdp("offer-2")));
    bob.calls.session->hang_up();
    network.run_for(2s);
    EXPECT_EQ(ann.calls.ended, EndCause::RemoteBye);
    EXPECT_EQ(bob.calls.ended, EndCause::LocalBye);
    EXPECT_EQ(ann.calls.count("ended"), 1);
    expect_all_gone();
}

TEST_F(CallTest, ByeWhileAReInviteOfThePeerIsUnansweredGets487First) {
    connect();
    ASSERT_TRUE(ann.calls.session->offer(sdp("offer-2")));
    network.run_for(1s);
    ASSERT_TRUE(bob.calls.saw("offered offer-2"));
    std::vector<std::string> sent;
    network.filter = [&](const auto& from, const Flow&, std::string_view text) {
        if (&from == &bob.node) sent.emplace_back(text.substr(0, text.find("\r\n")));
        return true;
    };
    bob.calls.session->hang_up();
    network.run_for(2s);
    ASSERT_GE(sent.size(), 2U);
    EXPECT_TRUE(sent[0].starts_with("SIP/2.0 487"));
    EXPECT_TRUE(sent[1].starts_with("BYE"));
    EXPECT_EQ(ann.calls.ended, EndCause::RemoteBye);
    expect_all_gone();
}

TEST_F(CallTest, SuccessOfAReInviteIsAcknowledgedAfterOurBye) {
    connect();
    bob.calls.when_offered = [](InviteSession& session, const RemoteOffer&) {
        ASSERT_TRUE(session.answer(sdp("answer-2")));
    };
    network.conditions.min_delay = network.conditions.max_delay = 100ms;
    ASSERT_TRUE(ann.calls.session->offer(sdp("offer-2")));
    network.run_for(150ms);
    ann.calls.session->hang_up();
    int acks = 0;
    network.filter = [&](const auto&, const Flow&, std::string_view text) {
        return acks += text.starts_with("ACK"), true;
    };
    network.run_for(2s);
    EXPECT_GE(acks, 1);
    EXPECT_EQ(ann.calls.ended, EndCause::LocalBye);
    expect_all_gone();
}

// ---- offers in the session

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

// InviteSession: CANCEL (RFC 3261 section 9), BYE (section 15), and what they cross.
#include "sip/two_agents_test.hpp"

namespace dp::sip::test {
namespace {

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

}  // namespace
}  // namespace dp::sip::test

// The transaction layer as a peer on the wire sees it (RFC 3261 §17, §9, §18; RFC 4320; RFC 6026).
#include "sip/transaction_layer.hpp"

#include <gtest/gtest.h>

#include "sip/session_test_support.hpp"

namespace dp::sip::test {
namespace {

class TransactionLayerTest : public testing::Test {
protected:
    SimulatedNetwork network{11};
    Station ann{network, "10.0.0.1:5060"};
    ScriptedPeer peer{network, "10.0.0.2:5060"};

    void SetUp() override { peer.to = peer.node.flow_to(ann.node.address()); }

    ScriptedPeer::Fields invite(std::string branch = "z9hG4bKinvite") {
        ScriptedPeer::Fields f;
        f.method = "INVITE";
        f.branch = std::move(branch);
        f.body = "offer";
        return f;
    }
    ScriptedPeer::Fields options() {
        ScriptedPeer::Fields f;
        f.method = "OPTIONS";
        return f;
    }
    int status_of(const ScriptedPeer::Fields& f) {
        const auto before = peer.inbox.size();
        peer.request(f);
        network.run_for(50ms);
        return peer.inbox.size() > before ? peer.inbox.back()->status() : 0;
    }
    void send_ack_for(const MessageView& failure, const std::string& branch) {
        ScriptedPeer::Fields f = invite(branch);
        f.method = "ACK";
        f.to = std::string(failure.to().text());
        f.body.clear();
        f.contact = false;
        peer.request(f);
    }
};

TEST_F(TransactionLayerTest, Answers100AtOnceAndAbsorbsTheRepeatedInvite) {
    ann.when_invited = [](InviteSession& s, const MessageView&) { ASSERT_TRUE(s.provide(180)); };
    peer.request(invite());
    network.run_for(20ms);
    EXPECT_EQ(peer.count(Method::Invite, 100), 1);
    EXPECT_TRUE(peer.last(Method::Invite, 100)->to_tag().empty());
    peer.request(invite());
    network.run_for(20ms);
    EXPECT_EQ(peer.count(Method::Invite, 180), 2) << "the last provisional again";
    EXPECT_EQ(ann.calls.count("invited"), 1);
}

TEST_F(TransactionLayerTest, AnInviteRepeatedAfterTheSuccessMakesNoSecondCall) {
    ann.when_invited = [](InviteSession& s, const MessageView&) { ASSERT_TRUE(s.accept(sdp("answer"))); };
    peer.request(invite());
    network.run_for(20ms);
    peer.request(invite());
    network.run_for(20ms);
    EXPECT_EQ(ann.calls.count("invited"), 1);
    EXPECT_EQ(peer.count(Method::Invite, 200), 1) << "absorbed; the session repeats the 200 by itself";
    network.run_for(500ms);
    EXPECT_EQ(peer.count(Method::Invite, 200), 2);
}

TEST_F(TransactionLayerTest, AFailureIsRepeatedUntilItsAck) {
    ann.when_invited = [](InviteSession& s, const MessageView&) { ASSERT_TRUE(s.reject(486)); };
    peer.request(invite());
    network.run_for(1600ms);
    EXPECT_EQ(peer.count(Method::Invite, 486), 3);
    send_ack_for(*peer.last(Method::Invite, 486), "z9hG4bKinvite");
    network.run_for(30s);
    EXPECT_EQ(peer.count(Method::Invite, 486), 3);
    EXPECT_TRUE(ann.idle());
}

TEST_F(TransactionLayerTest, ASenderOfRfc2543IsMatchedWithoutABranch) {
    ann.when_invited = [](InviteSession& s, const MessageView&) { ASSERT_TRUE(s.reject(486)); };
    peer.request(invite("1"));
    peer.request(invite("1"));
    network.run_for(20ms);
    EXPECT_EQ(ann.calls.count("invited"), 1);
    auto wrong = peer.text_of([&] {
        auto f = invite("1");
        f.method = "ACK";
        f.to = "<sip:ann@example.org>;tag=someone-else";
        f.body.clear();
        return f;
    }());
    peer.send(wrong);
    network.run_for(600ms);
    const auto before = peer.count(Method::Invite, 486);
    EXPECT_GE(before, 3) << "an ACK with another To tag is not ours";
    send_ack_for(*peer.last(Method::Invite, 486), "1");
    network.run_for(10s);
    EXPECT_LE(peer.count(Method::Invite, 486), before + 1);
}

TEST_F(TransactionLayerTest, TheSameRequestOverAnotherPathIsMerged) {
    ann.when_invited = [](InviteSession& s, const MessageView&) { ASSERT_TRUE(s.provide(180)); };
    peer.request(invite("z9hG4bKpath1"));
    network.run_for(20ms);
    EXPECT_EQ(status_of(invite("z9hG4bKpath2")), 482);
    auto other_user = invite("z9hG4bKpath3");
    other_user.uri = "sip:carol@10.0.0.1:5060";
    peer.request(other_user);
    network.run_for(20ms);
    EXPECT_EQ(ann.calls.count("invited"), 2) << "a forking proxy may call two of our users";
    EXPECT_EQ(ann.agent.stats().merged, 1U);
}

TEST_F(TransactionLayerTest, CancelIsAnsweredWithTheTagOfTheInvitesAnswers) {
    ann.when_invited = [](InviteSession& s, const MessageView&) { ASSERT_TRUE(s.provide(180)); };
    peer.request(invite());
    network.run_for(20ms);
    auto cancel = invite();
    cancel.method = "CANCEL";
    cancel.body.clear();
    peer.request(cancel);
    network.run_for(20ms);
    ASSERT_TRUE(peer.last(Method::Cancel, 200));
    EXPECT_EQ(peer.last(Method::Cancel, 200)->to_tag(), peer.last(Method::Invite, 180)->to_tag());
    EXPECT_TRUE(peer.last(Method::Invite, 487));
    EXPECT_EQ(ann.calls.ended, EndCause::RemoteCancel);
}

TEST_F(TransactionLayerTest, CancelOfNothingIs481) {
    auto cancel = invite("z9hG4bKnone");
    cancel.method = "CANCEL";
    cancel.body.clear();
    EXPECT_EQ(status_of(cancel), 481);
}

TEST_F(TransactionLayerTest, CancelAfterTheFinalAnswerHasNoEffect) {
    ann.when_invited = [](InviteSession& s, const MessageView&) { ASSERT_TRUE(s.accept(sdp("answer"))); };
    peer.request(invite());
    network.run_for(20ms);
    auto cancel = invite();
    cancel.method = "CANCEL";
    cancel.body.clear();
    EXPECT_EQ(status_of(cancel), 200);
    EXPECT_EQ(peer.count(Method::Invite, 487), 0);
    EXPECT_EQ(ann.calls.session->state(), InviteSession::State::Accepted);
}

TEST_F(TransactionLayerTest, ANonInviteAnswerIsRepeatedForARepeatedRequest) {
    peer.request(options());
    auto again = options();
    again.branch = "z9hG4bKpeer1";
    network.run_for(20ms);
    peer.request(again);
    network.run_for(20ms);
    EXPECT_EQ(peer.count(Method::Options, 200), 2);
    EXPECT_EQ(ann.requests.size(), 1U);
}

TEST_F(TransactionLayerTest, StatelessAnswersCarryTheSameTagEachTime) {
    auto bye = options();
    bye.method = "BYE";
    bye.branch = "z9hG4bKsame";
    bye.to = "<sip:ann@example.org>;tag=unknown";
    EXPECT_EQ(status_of(bye), 481);
    EXPECT_EQ(ann.agent.stats().server_transactions, 0U);

    auto update = options();
    update.method = "UPDATE";
    update.branch = "z9hG4bKsame2";
    update.body.clear();
    EXPECT_EQ(status_of(update), 481);
    const std::string first(peer.inbox.back()->to_tag());
    EXPECT_EQ(status_of(update), 481);
    EXPECT_EQ(first, peer.inbox.back()->to_tag());
    EXPECT_FALSE(first.empty());
}

struct Refused {
    const char* method;
    const char* headers;
    int status;
    const char* must_have;
};
class RefusedOutsideDialogs : public TransactionLayerTest, public testing::WithParamInterface<Refused> {};

TEST_P(RefusedOutsideDialogs, GetsTheRightCode) {
    auto f = options();
    f.method = GetParam().method;
    f.headers = GetParam().headers;
    EXPECT_EQ(status_of(f), GetParam().status);
    const std::string wanted = GetParam().must_have;
    if (!wanted.empty()) EXPECT_NE(peer.inbox.back()->bytes().find(wanted), std::string_view::npos);
    EXPECT_EQ(ann.agent.stats().server_transactions, 0U) << "no state for strangers";
}

INSTANTIATE_TEST_SUITE_P(Methods, RefusedOutsideDialogs,
                         testing::Values(Refused{"SUBSCRIBE", "Event: presence\r\n", 489, "Allow-Events:"},
                                         Refused{"MESSAGE", "", 405, "Allow: INVITE"},
                                         Refused{"FROBNICATE", "", 501, "Allow: INVITE"}, Refused{"BYE", "", 481, ""},
                                         Refused{"INFO", "", 481, ""},
                                         Refused{"PRACK", "RAck: 1 1 INVITE\r\n", 481, ""},
                                         Refused{"UPDATE", "", 481, ""}, Refused{"NOTIFY", "Event: refer\r\n", 481, ""},
                                         Refused{"REFER", "Refer-To: <sip:x@y>\r\n", 403, ""},
                                         Refused{"OPTIONS", "Require: nonsense\r\n", 420, "Unsupported: nonsense"}));

TEST_F(TransactionLayerTest, AnAckIsNeverAnswered) {
    auto ack = options();
    ack.method = "ACK";
    ack.to = "<sip:ann@example.org>;tag=unknown";
    EXPECT_EQ(status_of(ack), 0);
    ack.headers = "Require: nonsense\r\n";
    EXPECT_EQ(status_of(ack), 0);
}

TEST_F(TransactionLayerTest, StrayResponsesAreCountedAndDropped) {
    ann.place(ann.invite_to(peer.node.address()));
    network.run_for(20ms);
    const MessageView& sent = *peer.last(Method::Invite);
    std::string other_branch(sent.bytes());
    peer.send(
        "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 10.0.0.1:5060;branch=z9hG4bKguessed\r\nFrom: <sip:a@b>;tag=1\r\nTo: "
        "<sip:c@d>;tag=2\r\nCall-ID: x\r\nCSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n");
    std::string two_vias = "SIP/2.0 200 OK\r\nVia: " + std::string(sent.top_via().text()) +
                           "\r\nVia: SIP/2.0/UDP 10.0.0.8;branch=z9hG4bKb\r\nFrom: " + std::string(sent.from().text()) +
                           "\r\nTo: <sip:c@d>;tag=2\r\nCall-ID: " + std::string(sent.call_id()) +
                           "\r\nCSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n";
    peer.send(two_vias);
    network.run_for(20ms);
    EXPECT_EQ(ann.agent.stats().stray_responses + ann.agent.stats().malformed, 2U);
    EXPECT_TRUE(ann.calls.events.empty());
}

TEST_F(TransactionLayerTest, AFailureIsAcknowledgedAtEachRepetition) {
    ann.place(ann.invite_to(peer.node.address()));
    network.run_for(20ms);
    const Message invite_sent(*peer.last(Method::Invite));
    peer.answer(*invite_sent, 486);
    peer.answer(*invite_sent, 486);
    network.run_for(20ms);
    EXPECT_EQ(peer.count(Method::Ack), 2);
    const MessageView& ack = *peer.last(Method::Ack);
    EXPECT_EQ(ack.top_via().branch(), invite_sent->top_via().branch());
    EXPECT_EQ(ack.request_uri().text(), invite_sent->request_uri().text());
    EXPECT_EQ(ack.to_tag(), "peer-tag");
    EXPECT_EQ(ack.cseq().number, invite_sent->cseq().number);
    EXPECT_EQ(ann.calls.count("ended"), 1);
}

TEST_F(TransactionLayerTest, IcmpCountsOnlyWhenItQuotesOurBranch) {
    ann.place(ann.invite_to(peer.node.address()));
    network.run_for(20ms);
    const std::string sent(peer.last(Method::Invite)->bytes().substr(0, 200));
    std::string forged = sent;
    forged.replace(forged.find("z9hG4bK") + 8, 4, "0000");
    ann.agent.datagram_refused(peer.node.address(), forged);
    EXPECT_FALSE(ann.calls.ended);
    ann.agent.datagram_refused(peer.node.address(), sent);
    EXPECT_EQ(ann.calls.ended, EndCause::TransportFailed);
    ann.agent.datagram_refused(peer.node.address(), "no SIP at all");
}

TEST_F(TransactionLayerTest, WithoutRportTheAnswerGoesToTheSentByPort) {
    std::string text = peer.text_of(options());
    text.replace(text.find("10.0.0.2:5060;rport"), 19, "10.0.0.2:5070");
    ScriptedPeer other(network, "10.0.0.2:5070");
    peer.send(text);
    network.run_for(20ms);
    EXPECT_EQ(other.count(Method::Options, 200), 1);
    EXPECT_EQ(peer.count(Method::Options, 200), 0);
}

TEST_F(TransactionLayerTest, RportAndReceivedAreFilled) {
    EXPECT_EQ(status_of(options()), 200);
    const Via& via = peer.inbox.back()->top_via();
    EXPECT_EQ(via.received(), "10.0.0.2");
    EXPECT_EQ(via.params().value("rport"), "5060");
}

TEST_F(TransactionLayerTest, TheAnswerToALostConnectionOpensOneToTheSentByPort) {
    ServerRequestId waiting;
    ann.when_requested = [&](const IncomingRequest& request) { waiting = request.id; };
    peer.to = peer.node.open_flow({.transport = TransportKind::Tcp, .remote = ann.node.address(), .server_name = {}});
    peer.request(options());
    network.run_for(20ms);
    network.cut(*peer.to);
    ASSERT_TRUE(ann.agent.respond(waiting, Response{}));
    network.run_for(20ms);
    EXPECT_EQ(peer.count(Method::Options, 200), 1);
}

TEST_F(TransactionLayerTest, AWebSocketGetsNoSecondTry) {
    ServerRequestId waiting;
    ann.when_requested = [&](const IncomingRequest& request) { waiting = request.id; };
    peer.to = peer.node.open_flow({.transport = TransportKind::Ws, .remote = ann.node.address(), .server_name = {}});
    peer.request(options());
    network.run_for(20ms);
    network.cut(*peer.to);
    ASSERT_TRUE(ann.agent.respond(waiting, Response{}));
    network.run_for(20ms);
    EXPECT_EQ(peer.count(Method::Options, 200), 0);
    EXPECT_EQ(ann.agent.stats().server_transactions, 0U);
}

TEST_F(TransactionLayerTest, ARequestThatNobodyAnswersIsForgottenWithoutA408) {
    ann.when_requested = [](const IncomingRequest&) {};
    peer.request(options());
    network.run_for(40s);
    EXPECT_TRUE(peer.inbox.empty());
    EXPECT_TRUE(ann.idle());
}

TEST_F(TransactionLayerTest, ScreeningMakesNoState) {
    ann.when_screened = [](const MessageView&) { return Screening{Screening::Verdict::Drop, {}}; };
    EXPECT_EQ(status_of(invite()), 0);
    ann.when_screened = [](const MessageView&) {
        return Screening{Screening::Verdict::Answer,
                         Response{.status = 503, .headers = HeaderLines("Retry-After", "7")}};
    };
    EXPECT_EQ(status_of(invite()), 503);
    EXPECT_EQ(peer.inbox.back()->value(HeaderId::RetryAfter), "7");
    EXPECT_EQ(ann.agent.stats().server_transactions, 0U);
    EXPECT_TRUE(ann.calls.events.empty());
}

TEST_F(TransactionLayerTest, DrainingRefusesCallsAndProbesButNothingElse) {
    ann.agent.drain(30s);
    EXPECT_EQ(status_of(invite()), 503);
    EXPECT_EQ(peer.inbox.back()->value(HeaderId::RetryAfter), "30");
    EXPECT_EQ(status_of(options()), 503);
    auto registration = options();
    registration.method = "REGISTER";
    EXPECT_EQ(status_of(registration), 200);
}

TEST_F(TransactionLayerTest, ABriefSessionIntervalIsRefused) {
    auto f = invite();
    f.headers = "Supported: timer\r\nSession-Expires: 60\r\n";
    EXPECT_EQ(status_of(f), 422);
    EXPECT_EQ(peer.inbox.back()->value(HeaderId::MinSe), "90");
}

TEST_F(TransactionLayerTest, MalformedRequestsGetAnAnswerAndBrokenResponsesSilence) {
    std::string text = peer.text_of(options());
    text.replace(text.find("CSeq: 1 OPTIONS"), 15, "CSeq: 1 BYE    ");
    peer.send(text);
    network.run_for(20ms);
    ASSERT_EQ(peer.inbox.size(), 1U);
    EXPECT_EQ(peer.inbox.back()->status(), 400);
    peer.send("SIP/2.0 200 OK\r\nnonsense\r\n\r\n");
    peer.send("\x01\x02\x03");
    network.run_for(20ms);
    EXPECT_EQ(peer.inbox.size(), 1U);
    EXPECT_EQ(ann.agent.stats().malformed, 3U);
}

}  // namespace
}  // namespace dp::sip::test

// A challenged session: credentials for our own realm only, twice at most.
#include "sip/scripted_session_test.hpp"

namespace dp::sip::test {
namespace {

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

}  // namespace
}  // namespace dp::sip::test

// Session timers on the wire, both roles (RFC 4028).
#include "sip/scripted_session_test.hpp"

namespace dp::sip::test {
namespace {

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

}  // namespace
}  // namespace dp::sip::test

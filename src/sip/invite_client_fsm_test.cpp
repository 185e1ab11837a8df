#include "sip/invite_client_fsm.hpp"

#include <gtest/gtest.h>

namespace dp::sip {
namespace {

using enum TransactionAction;
using State = InviteClientFsm::State;
using std::chrono::milliseconds;
using std::chrono::seconds;

const TimerValues kTiming;
const TimePoint kStart{std::chrono::hours(1)};

class InviteClientFsmTest : public testing::TestWithParam<Reliability> {
protected:
    bool reliable() const { return GetParam() == Reliability::Reliable; }
    InviteClientFsm calling() const { return {kTiming, GetParam(), kStart}; }
    InviteClientFsm proceeding() const {
        auto fsm = calling();
        (void)fsm.on_response(180, kStart);
        return fsm;
    }
    InviteClientFsm accepted() const {
        auto fsm = calling();
        (void)fsm.on_response(200, kStart);
        return fsm;
    }
    InviteClientFsm completed() const {
        auto fsm = calling();
        (void)fsm.on_response(486, kStart);
        return fsm;
    }
};

TEST_P(InviteClientFsmTest, CallingTakesProvisionalAndStopsItsTimers) {
    auto fsm = calling();
    EXPECT_EQ(fsm.on_response(100, kStart), Deliver);
    EXPECT_EQ(fsm.state(), State::Proceeding);
    EXPECT_EQ(fsm.deadline(), kNever);
}

TEST_P(InviteClientFsmTest, CallingTakesSuccessIntoAcceptedForTimerM) {
    auto fsm = calling();
    EXPECT_EQ(fsm.on_response(200, kStart), Deliver);
    EXPECT_EQ(fsm.state(), State::Accepted);
    EXPECT_EQ(fsm.deadline(), kStart + seconds(32));
}

TEST_P(InviteClientFsmTest, CallingAcknowledgesEveryClassOfFailure) {
    for (int status : {300, 404, 503, 699}) {
        auto fsm = calling();
        const auto actions = fsm.on_response(status, kStart);
        EXPECT_TRUE(actions.has(SendAck) && actions.has(Deliver)) << status;
        EXPECT_EQ(actions.has(Terminate), reliable());
        EXPECT_EQ(fsm.state(), reliable() ? State::Terminated : State::Completed);
        EXPECT_EQ(fsm.deadline(), reliable() ? kNever : kStart + seconds(32));
    }
}

TEST_P(InviteClientFsmTest, CallingRetransmitsDoublingWithoutCapUntilTimerB) {
    auto fsm = calling();
    TimePoint now = kStart;
    int retransmissions = 0;
    for (Duration interval = milliseconds(500); !reliable() && now + interval < kStart + seconds(32); interval *= 2) {
        now += interval;
        ASSERT_EQ(fsm.deadline(), now);
        ASSERT_EQ(fsm.on_deadline(now), Retransmit);
        ++retransmissions;
    }
    EXPECT_EQ(retransmissions, reliable() ? 0 : 6);
    EXPECT_EQ(fsm.deadline(), kStart + seconds(32));
    EXPECT_EQ(fsm.on_deadline(kStart + seconds(32)), ReportTimeout | Terminate);
    EXPECT_EQ(fsm.state(), State::Terminated);
}

TEST_P(InviteClientFsmTest, CallingIgnoresATimerThatIsNotDue) {
    auto fsm = calling();
    EXPECT_TRUE(fsm.on_deadline(kStart + milliseconds(499)).none());
    EXPECT_EQ(fsm.state(), State::Calling);
}

TEST_P(InviteClientFsmTest, CallingReportsTransportError) {
    auto fsm = calling();
    EXPECT_EQ(fsm.on_transport_error(), ReportTransportError | Terminate);
    EXPECT_EQ(fsm.deadline(), kNever);
}

TEST_P(InviteClientFsmTest, TimerBCanBeShorter) {
    InviteClientFsm fsm(kTiming, GetParam(), kStart, seconds(4));
    TransactionActions last;
    while (fsm.deadline() != kNever) last = fsm.on_deadline(fsm.deadline());
    EXPECT_EQ(last, ReportTimeout | Terminate);
    InviteClientFsm heard(kTiming, GetParam(), kStart, seconds(4));
    (void)heard.on_response(100, kStart);
    EXPECT_EQ(heard.deadline(), kNever) << "something heard = wait";
}

TEST_P(InviteClientFsmTest, ProceedingPassesEachProvisional) {
    auto fsm = proceeding();
    EXPECT_EQ(fsm.on_response(183, kStart), Deliver);
    EXPECT_EQ(fsm.on_response(180, kStart), Deliver);
    EXPECT_EQ(fsm.state(), State::Proceeding);
}

TEST_P(InviteClientFsmTest, ProceedingTakesSuccess) {
    auto fsm = proceeding();
    EXPECT_EQ(fsm.on_response(202, kStart), Deliver);
    EXPECT_EQ(fsm.state(), State::Accepted);
}

TEST_P(InviteClientFsmTest, ProceedingAcknowledgesFailure) {
    auto fsm = proceeding();
    EXPECT_TRUE(fsm.on_response(486, kStart).has(SendAck));
    EXPECT_EQ(fsm.state(), reliable() ? State::Terminated : State::Completed);
}

TEST_P(InviteClientFsmTest, ProceedingHasNoTimerOfItsOwn) {
    auto fsm = proceeding();
    EXPECT_TRUE(fsm.on_deadline(kStart + std::chrono::hours(2)).none());
    EXPECT_EQ(fsm.state(), State::Proceeding);
}

TEST_P(InviteClientFsmTest, ProceedingReportsTransportError) {
    auto fsm = proceeding();
    EXPECT_EQ(fsm.on_transport_error(), ReportTransportError | Terminate);
}

TEST_P(InviteClientFsmTest, CompletedAcknowledgesRepeatedFailuresWithoutTelling) {
    auto fsm = completed();
    if (reliable()) {
        EXPECT_EQ(fsm.state(), State::Terminated) << "timer D is 0";
        return;
    }
    EXPECT_EQ(fsm.on_response(486, kStart), ResendAck);
    EXPECT_TRUE(fsm.on_response(180, kStart).none());
    EXPECT_TRUE(fsm.on_response(200, kStart).none());
    EXPECT_EQ(fsm.state(), State::Completed);
}

TEST_P(InviteClientFsmTest, CompletedEndsWithTimerD) {
    auto fsm = completed();
    if (reliable()) {
        EXPECT_EQ(fsm.state(), State::Terminated) << "timer D is 0";
        return;
    }
    EXPECT_TRUE(fsm.on_deadline(kStart + seconds(31)).none());
    EXPECT_EQ(fsm.on_deadline(kStart + seconds(32)), Terminate);
}

TEST_P(InviteClientFsmTest, CompletedReportsTransportError) {
    auto fsm = completed();
    if (reliable()) {
        EXPECT_EQ(fsm.state(), State::Terminated) << "timer D is 0";
        return;
    }
    EXPECT_EQ(fsm.on_transport_error(), ReportTransportError | Terminate);
}

TEST_P(InviteClientFsmTest, AcceptedPassesEverySuccessAndDropsTheRest) {
    auto fsm = accepted();
    EXPECT_EQ(fsm.on_response(200, kStart), Deliver);
    EXPECT_EQ(fsm.on_response(200, kStart), Deliver);
    EXPECT_TRUE(fsm.on_response(180, kStart).none());
    EXPECT_TRUE(fsm.on_response(486, kStart).none());
    EXPECT_EQ(fsm.state(), State::Accepted);
}

TEST_P(InviteClientFsmTest, AcceptedEndsWithTimerM) {
    auto fsm = accepted();
    EXPECT_EQ(fsm.on_deadline(kStart + seconds(32)), Terminate);
}

TEST_P(InviteClientFsmTest, AcceptedIgnoresTransportError) {
    auto fsm = accepted();
    EXPECT_TRUE(fsm.on_transport_error().none());
    EXPECT_EQ(fsm.state(), State::Accepted);
}

TEST_P(InviteClientFsmTest, TerminatedIgnoresEverything) {
    auto fsm = calling();
    (void)fsm.on_transport_error();
    EXPECT_TRUE(fsm.on_response(180, kStart).none());
    EXPECT_TRUE(fsm.on_response(200, kStart).none());
    EXPECT_TRUE(fsm.on_response(404, kStart).none());
    EXPECT_TRUE(fsm.on_deadline(kStart + seconds(99)).none());
    EXPECT_TRUE(fsm.on_transport_error().none());
}

INSTANTIATE_TEST_SUITE_P(Transports, InviteClientFsmTest,
                         testing::Values(Reliability::Unreliable, Reliability::Reliable),
                         [](const auto& p) { return p.param == Reliability::Reliable ? "Reliable" : "Unreliable"; });

}  // namespace
}  // namespace dp::sip

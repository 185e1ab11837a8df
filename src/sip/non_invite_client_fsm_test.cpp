#include "sip/non_invite_client_fsm.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace dp::sip {
namespace {

using enum TransactionAction;
using State = NonInviteClientFsm::State;
using std::chrono::milliseconds;
using std::chrono::seconds;

const TimerValues kTiming;
const TimePoint kStart{std::chrono::hours(1)};

class NonInviteClientFsmTest : public testing::TestWithParam<Reliability> {
protected:
    bool reliable() const { return GetParam() == Reliability::Reliable; }
    NonInviteClientFsm trying() const { return {kTiming, GetParam(), kStart}; }
    NonInviteClientFsm proceeding() const {
        auto fsm = trying();
        (void)fsm.on_response(100, kStart);
        return fsm;
    }
};

TEST_P(NonInviteClientFsmTest, TryingRetransmitsDoublingUpToT2UntilTimerF) {
    auto fsm = trying();
    std::vector<long> at;
    TransactionActions last;
    while (fsm.deadline() != kNever) {
        const TimePoint due = fsm.deadline();
        last = fsm.on_deadline(due);
        if (last.has(Retransmit)) at.push_back((due - kStart) / milliseconds(1));
    }
    // RFC 3261 §17.1.2.1 names these: 500 ms, 1 s, 2 s, 4 s, 4 s, 4 s …
    const std::vector<long> expected{500, 1500, 3500, 7500, 11500, 15500, 19500, 23500, 27500, 31500};
    EXPECT_EQ(at, reliable() ? std::vector<long>() : expected);
    EXPECT_EQ(last, ReportTimeout | Terminate);
}

TEST_P(NonInviteClientFsmTest, TryingTakesProvisional) {
    auto fsm = trying();
    EXPECT_EQ(fsm.on_response(100, kStart), Deliver);
    EXPECT_EQ(fsm.state(), State::Proceeding);
}

TEST_P(NonInviteClientFsmTest, TryingTakesEveryFinalClass) {
    for (int status : {200, 302, 404, 500, 603}) {
        auto fsm = trying();
        const auto actions = fsm.on_response(status, kStart);
        EXPECT_TRUE(actions.has(Deliver)) << status;
        EXPECT_EQ(actions.has(Terminate), reliable());
        EXPECT_EQ(fsm.deadline(), reliable() ? kNever : kStart + seconds(5)) << "timer K";
    }
}

TEST_P(NonInviteClientFsmTest, TryingReportsTransportError) {
    auto fsm = trying();
    EXPECT_EQ(fsm.on_transport_error(), ReportTransportError | Terminate);
}

TEST_P(NonInviteClientFsmTest, ProceedingRetransmitsEveryT2) {
    auto fsm = proceeding();
    if (reliable()) {
        EXPECT_EQ(fsm.deadline(), kStart + seconds(32)) << "no timer E";
        return;
    }
    EXPECT_EQ(fsm.on_deadline(kStart + milliseconds(500)), Retransmit);
    EXPECT_EQ(fsm.deadline(), kStart + milliseconds(4500));
    EXPECT_EQ(fsm.on_deadline(kStart + milliseconds(4500)), Retransmit);
    EXPECT_EQ(fsm.deadline(), kStart + milliseconds(8500));
}

TEST_P(NonInviteClientFsmTest, ProceedingPassesProvisionalAndFinal) {
    auto fsm = proceeding();
    EXPECT_EQ(fsm.on_response(183, kStart), Deliver);
    EXPECT_TRUE(fsm.on_response(200, kStart).has(Deliver));
    EXPECT_EQ(fsm.state(), reliable() ? State::Terminated : State::Completed);
}

TEST_P(NonInviteClientFsmTest, ProceedingStillEndsWithTimerF) {
    auto fsm = proceeding();
    TransactionActions last;
    TimePoint due{};
    while (fsm.deadline() != kNever) last = fsm.on_deadline(due = fsm.deadline());
    EXPECT_EQ(last, ReportTimeout | Terminate);
    EXPECT_EQ(due, kStart + seconds(32));
}

TEST_P(NonInviteClientFsmTest, ProceedingReportsTransportError) {
    auto fsm = proceeding();
    EXPECT_EQ(fsm.on_transport_error(), ReportTransportError | Terminate);
}

TEST_P(NonInviteClientFsmTest, CompletedAbsorbsRepetitionsUntilTimerK) {
    auto fsm = trying();
    (void)fsm.on_response(200, kStart);
    if (reliable()) {
        EXPECT_EQ(fsm.state(), State::Terminated) << "timer K is 0";
        return;
    }
    EXPECT_TRUE(fsm.on_response(200, kStart).none());
    EXPECT_TRUE(fsm.on_response(100, kStart).none());
    EXPECT_TRUE(fsm.on_transport_error().none());
    EXPECT_EQ(fsm.on_deadline(kStart + seconds(5)), Terminate);
}

TEST_P(NonInviteClientFsmTest, TerminatedIgnoresEverything) {
    auto fsm = trying();
    (void)fsm.on_transport_error();
    EXPECT_TRUE(fsm.on_response(200, kStart).none());
    EXPECT_TRUE(fsm.on_deadline(kStart + seconds(99)).none());
    EXPECT_TRUE(fsm.on_transport_error().none());
}

INSTANTIATE_TEST_SUITE_P(Transports, NonInviteClientFsmTest,
                         testing::Values(Reliability::Unreliable, Reliability::Reliable),
                         [](const auto& p) { return p.param == Reliability::Reliable ? "Reliable" : "Unreliable"; });

}  // namespace
}  // namespace dp::sip

#include "sip/non_invite_server_fsm.hpp"

#include <gtest/gtest.h>

namespace dp::sip {
namespace {

using enum TransactionAction;
using State = NonInviteServerFsm::State;
using std::chrono::milliseconds;
using std::chrono::seconds;

const TimerValues kTiming;
const TimePoint kStart{std::chrono::hours(1)};

class NonInviteServerFsmTest : public testing::TestWithParam<Reliability> {
protected:
    bool reliable() const { return GetParam() == Reliability::Reliable; }
    NonInviteServerFsm trying() const { return {kTiming, GetParam(), kStart}; }
};

TEST_P(NonInviteServerFsmTest, TryingDropsARepeatedRequest) {
    auto fsm = trying();
    EXPECT_TRUE(fsm.on_request_again().none());
}

// RFC 4320 §4.1: 0.5 + 1 + 2 s pass before the client's timer E would be T2.
TEST_P(NonInviteServerFsmTest, TryingSendsNo100BeforeTimerEReachesT2OverUdp) {
    auto fsm = trying();
    EXPECT_EQ(fsm.respond(100, kStart + milliseconds(3499)),
              reliable() ? TransactionActions(Transmit) : TransactionActions());
    EXPECT_EQ(fsm.state(), reliable() ? State::Proceeding : State::Trying);
    EXPECT_EQ(fsm.respond(100, kStart + milliseconds(3500)), Transmit);
    EXPECT_EQ(fsm.state(), State::Proceeding);
}

TEST_P(NonInviteServerFsmTest, TryingSendsFinalAndLingersForTimerJ) {
    auto fsm = trying();
    const auto actions = fsm.respond(200, kStart);
    EXPECT_TRUE(actions.has(Transmit));
    EXPECT_EQ(actions.has(Terminate), reliable());
    EXPECT_EQ(fsm.deadline(), reliable() ? kNever : kStart + seconds(32));
}

TEST_P(NonInviteServerFsmTest, Never408) {
    auto fsm = trying();
    EXPECT_EQ(fsm.respond(408, kStart), Terminate);
}

TEST_P(NonInviteServerFsmTest, NothingIsSentAfterTheClientGaveUp) {
    auto fsm = trying();
    EXPECT_EQ(fsm.on_deadline(kStart + seconds(32)), Terminate);
    EXPECT_TRUE(fsm.respond(200, kStart + seconds(32)).none());
}

TEST_P(NonInviteServerFsmTest, TryingReportsTransportError) {
    auto fsm = trying();
    EXPECT_EQ(fsm.on_transport_error(), ReportTransportError | Terminate);
}

TEST_P(NonInviteServerFsmTest, ProceedingRepeatsItsProvisionalAndTakesAnother) {
    auto fsm = trying();
    (void)fsm.respond(100, kStart + seconds(4));
    EXPECT_EQ(fsm.on_request_again(), Retransmit);
    EXPECT_EQ(fsm.respond(183, kStart + seconds(5)), Transmit);
    EXPECT_TRUE(fsm.respond(200, kStart + seconds(6)).has(Transmit));
    EXPECT_EQ(fsm.state(), reliable() ? State::Terminated : State::Completed);
}

TEST_P(NonInviteServerFsmTest, ProceedingReportsTransportErrorAndGoesQuiet) {
    auto fsm = trying();
    (void)fsm.respond(100, kStart + seconds(4));
    auto quiet = fsm;
    EXPECT_EQ(fsm.on_transport_error(), ReportTransportError | Terminate);
    EXPECT_EQ(quiet.on_deadline(kStart + seconds(32)), Terminate);
}

TEST_P(NonInviteServerFsmTest, CompletedRepeatsItsAnswerUntilTimerJ) {
    auto fsm = trying();
    (void)fsm.respond(200, kStart);
    if (reliable()) {
        EXPECT_EQ(fsm.state(), State::Terminated) << "timer J is 0";
        return;
    }
    EXPECT_EQ(fsm.on_request_again(), Retransmit);
    EXPECT_TRUE(fsm.respond(500, kStart).none());
    EXPECT_TRUE(fsm.respond(100, kStart).none());
    EXPECT_TRUE(fsm.on_transport_error().none());
    EXPECT_TRUE(fsm.on_deadline(kStart + seconds(31)).none());
    EXPECT_EQ(fsm.on_deadline(kStart + seconds(32)), Terminate);
}

TEST_P(NonInviteServerFsmTest, TerminatedIgnoresEverything) {
    auto fsm = trying();
    (void)fsm.on_transport_error();
    EXPECT_TRUE(fsm.on_request_again().none());
    EXPECT_TRUE(fsm.respond(200, kStart).none());
    EXPECT_TRUE(fsm.on_deadline(kStart + seconds(99)).none());
    EXPECT_TRUE(fsm.on_transport_error().none());
}

INSTANTIATE_TEST_SUITE_P(Transports, NonInviteServerFsmTest,
                         testing::Values(Reliability::Unreliable, Reliability::Reliable),
                         [](const auto& p) { return p.param == Reliability::Reliable ? "Reliable" : "Unreliable"; });

}  // namespace
}  // namespace dp::sip

#include "sip/invite_server_fsm.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace dp::sip {
namespace {

using enum TransactionAction;
using State = InviteServerFsm::State;
using std::chrono::milliseconds;
using std::chrono::seconds;

const TimerValues kTiming;
const TimePoint kStart{std::chrono::hours(1)};

class InviteServerFsmTest : public testing::TestWithParam<Reliability> {
protected:
    bool reliable() const { return GetParam() == Reliability::Reliable; }
    InviteServerFsm proceeding() const { return {kTiming, GetParam()}; }
    InviteServerFsm answered(int status) const {
        auto fsm = proceeding();
        (void)fsm.respond(status, kStart);
        return fsm;
    }
};

TEST_P(InviteServerFsmTest, ProceedingSendsProvisionalsAndRepeatsTheLast) {
    auto fsm = proceeding();
    EXPECT_EQ(fsm.respond(100, kStart), Transmit);
    EXPECT_EQ(fsm.respond(183, kStart), Transmit);
    EXPECT_EQ(fsm.on_request_again(), Retransmit);
    EXPECT_EQ(fsm.state(), State::Proceeding);
    EXPECT_EQ(fsm.deadline(), kNever);
}

TEST_P(InviteServerFsmTest, ProceedingSendsSuccessIntoAcceptedForTimerL) {
    auto fsm = proceeding();
    EXPECT_EQ(fsm.respond(200, kStart), Transmit);
    EXPECT_EQ(fsm.state(), State::Accepted);
    EXPECT_EQ(fsm.deadline(), kStart + seconds(32));
}

TEST_P(InviteServerFsmTest, ProceedingSendsFailureIntoCompleted) {
    auto fsm = proceeding();
    EXPECT_EQ(fsm.respond(486, kStart), Transmit);
    EXPECT_EQ(fsm.state(), State::Completed);
    EXPECT_EQ(fsm.deadline(), kStart + (reliable() ? Duration(seconds(32)) : Duration(milliseconds(500))));
}

TEST_P(InviteServerFsmTest, ProceedingIgnoresAckAndReportsTransportError) {
    auto fsm = proceeding();
    EXPECT_TRUE(fsm.on_ack(kStart).none());
    EXPECT_TRUE(fsm.on_deadline(kStart + seconds(500)).none());
    EXPECT_EQ(fsm.on_transport_error(), ReportTransportError | Terminate);
}

TEST_P(InviteServerFsmTest, CompletedRepeatsTheFailureUpToT2UntilTimerH) {
    auto fsm = answered(486);
    std::vector<long> at;
    TransactionActions last;
    while (fsm.deadline() != kNever) {
        const TimePoint due = fsm.deadline();
        last = fsm.on_deadline(due);
        if (last.has(Retransmit)) at.push_back((due - kStart) / milliseconds(1));
    }
    const std::vector<long> expected{500, 1500, 3500, 7500, 11500, 15500, 19500, 23500, 27500, 31500};
    EXPECT_EQ(at, reliable() ? std::vector<long>() : expected);
    EXPECT_EQ(last, ReportTimeout | Terminate);
}

TEST_P(InviteServerFsmTest, CompletedAnswersARepeatedRequestAndRefusesOtherAnswers) {
    auto fsm = answered(486);
    EXPECT_EQ(fsm.on_request_again(), Retransmit);
    EXPECT_TRUE(fsm.respond(200, kStart).none());
    EXPECT_TRUE(fsm.respond(180, kStart).none());
    EXPECT_TRUE(fsm.respond(500, kStart).none());
    EXPECT_EQ(fsm.state(), State::Completed);
}

TEST_P(InviteServerFsmTest, CompletedTakesTheAckIntoConfirmed) {
    auto fsm = answered(486);
    EXPECT_EQ(fsm.on_ack(kStart), reliable() ? TransactionActions(Terminate) : TransactionActions());
    EXPECT_EQ(fsm.state(), reliable() ? State::Terminated : State::Confirmed);
}

TEST_P(InviteServerFsmTest, CompletedReportsTransportError) {
    auto fsm = answered(486);
    EXPECT_EQ(fsm.on_transport_error(), ReportTransportError | Terminate);
}

TEST_P(InviteServerFsmTest, ConfirmedAbsorbsUntilTimerI) {
    auto fsm = answered(486);
    (void)fsm.on_ack(kStart);
    if (reliable()) {
        EXPECT_EQ(fsm.state(), State::Terminated) << "timer I is 0";
        return;
    }
    EXPECT_TRUE(fsm.on_ack(kStart).none());
    EXPECT_TRUE(fsm.on_request_again().none());
    EXPECT_TRUE(fsm.respond(200, kStart).none());
    EXPECT_TRUE(fsm.on_transport_error().none());
    EXPECT_EQ(fsm.deadline(), kStart + seconds(5));
    EXPECT_EQ(fsm.on_deadline(kStart + seconds(5)), Terminate);
}

TEST_P(InviteServerFsmTest, AcceptedAbsorbsRequestsPassesAcksAndRepeatsSuccess) {
    auto fsm = answered(200);
    EXPECT_TRUE(fsm.on_request_again().none());
    EXPECT_EQ(fsm.on_ack(kStart), Deliver);
    EXPECT_EQ(fsm.on_ack(kStart), Deliver);
    EXPECT_EQ(fsm.respond(200, kStart), Transmit);
    EXPECT_TRUE(fsm.respond(486, kStart).none());
    EXPECT_TRUE(fsm.respond(180, kStart).none());
    EXPECT_TRUE(fsm.on_transport_error().none());
    EXPECT_EQ(fsm.on_deadline(kStart + seconds(32)), Terminate);
}

TEST_P(InviteServerFsmTest, TerminatedIgnoresEverything) {
    auto fsm = proceeding();
    (void)fsm.on_transport_error();
    EXPECT_TRUE(fsm.on_request_again().none());
    EXPECT_TRUE(fsm.respond(200, kStart).none());
    EXPECT_TRUE(fsm.on_ack(kStart).none());
    EXPECT_TRUE(fsm.on_deadline(kStart + seconds(99)).none());
    EXPECT_TRUE(fsm.on_transport_error().none());
}

INSTANTIATE_TEST_SUITE_P(Transports, InviteServerFsmTest,
                         testing::Values(Reliability::Unreliable, Reliability::Reliable),
                         [](const auto& p) { return p.param == Reliability::Reliable ? "Reliable" : "Unreliable"; });

}  // namespace
}  // namespace dp::sip

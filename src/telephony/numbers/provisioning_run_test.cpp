#include "telephony/numbers/provisioning_run.hpp"

#include <gtest/gtest.h>

namespace dp::telephony {
namespace {

using namespace std::chrono_literals;
using enum CarrierOutcome;

Number ordered(NumberState state = NumberState::Pending) {
    Number number;
    number.e164 = "+14155552671";
    number.state = state;
    auto& job = number.job.emplace();
    job.id = "job-1";
    job.began = from_millis(1'000'000);
    return number;
}

class Run : public ::testing::Test {
protected:
    ProvisioningRun make(const Number& number, RunOrigin origin = RunOrigin::Fresh) const {
        return {number, origin, ProvisioningTiming{}, 24h, now};
    }
    static CarrierAnswer pending(std::string id = "order-7") {
        return {.outcome = Pending, .external_id = std::move(id)};
    }

    TimePoint now{1h};
    WallTime wall = from_millis(1'000'000);
};

// flows.md 4: intent stored, order, external id stored before polling.
TEST_F(Run, AFreshJobOrdersStoresTheCarriersIdAndPolls) {
    auto run = make(ordered());
    EXPECT_EQ(run.stage(), RunStage::Order);
    EXPECT_EQ(run.due(), now);
    EXPECT_EQ(run.order().key, "job-1");
    const auto change = run.answered(pending(), now);
    ASSERT_TRUE(change);
    EXPECT_EQ(change->transitions, std::vector{NumberTransition::OrderPlaced});
    EXPECT_EQ(change->external_id, "order-7");
    EXPECT_EQ(run.stage(), RunStage::Poll);
    const auto done = run.answered({.outcome = Active}, now);
    ASSERT_TRUE(done);
    EXPECT_EQ(done->transitions, std::vector{NumberTransition::Confirmed});
    EXPECT_EQ(run.stage(), RunStage::Over);
}

TEST_F(Run, AJobOfADeadProcessAsksForItsOrderBeforeItOrders) {
    auto run = make(ordered(), RunOrigin::Resumed);
    EXPECT_EQ(run.stage(), RunStage::Ask);
    EXPECT_FALSE(run.answered({.outcome = NotFound}, now));
    EXPECT_EQ(run.stage(), RunStage::Order);
    auto found = make(ordered(), RunOrigin::Resumed);
    EXPECT_EQ(found.answered(pending(), now)->external_id, "order-7");
    EXPECT_EQ(found.stage(), RunStage::Poll) << "it was ordered: never again";
}

TEST_F(Run, AnOrderWithoutAnAnswerIsLookedForAndABusyCarrierAskedAgain) {
    auto run = make(ordered());
    EXPECT_FALSE(run.answered({.outcome = Busy, .retry_after = 20s}, now));
    EXPECT_EQ(run.stage(), RunStage::Order) << "certainly not carried out";
    EXPECT_EQ(run.due(), now + 20s) << "the carrier's own wish";
    EXPECT_FALSE(run.answered({.outcome = Unknown}, now));
    EXPECT_EQ(run.stage(), RunStage::Ask) << "perhaps carried out";
}

// seed 0: "exponential backoff starting at 3 seconds, capping at 60 seconds".
TEST_F(Run, PollsAfterThreeSecondsDoublingToSixty) {
    auto run = make(ordered());
    (void)run.answered(pending(), now);
    std::vector<std::int64_t> intervals;
    for (int i = 0; i < 7; ++i) {
        intervals.push_back(std::chrono::duration_cast<std::chrono::seconds>(run.due() - now).count());
        now = run.due();
        EXPECT_FALSE(run.answered(pending(), now)) << "nothing new, nothing written";
    }
    EXPECT_EQ(intervals, (std::vector<std::int64_t>{3, 6, 12, 24, 48, 60, 60}));
}

TEST_F(Run, AfterTheClientsWindowItAsksForAttentionOnceAndGoesOn) {
    auto run = make(ordered());
    (void)run.answered(pending(), now);
    EXPECT_FALSE(run.elapsed(wall + 299s));
    EXPECT_EQ(run.elapsed(wall + 300s)->attention, Attention::CarrierSlow);
    EXPECT_FALSE(run.elapsed(wall + 301s));
    EXPECT_EQ(run.stage(), RunStage::Poll);
    const auto limit = run.elapsed(wall + 24h);
    ASSERT_TRUE(limit);
    EXPECT_EQ(limit->transitions, std::vector{NumberTransition::LimitPassed});
    EXPECT_EQ(limit->carrier_code, "LIMIT_PASSED");
}

TEST_F(Run, WithoutAutomaticProvisioningItWaitsAndSaysSoUntilSwitchedOn) {
    auto run = make(ordered());
    const auto held = run.provision_automatically(false, now, wall);
    ASSERT_TRUE(held);
    EXPECT_EQ(held->transitions, std::vector{NumberTransition::OrderPlaced});
    EXPECT_EQ(held->attention, Attention::AutoProvisionDisabled);
    EXPECT_EQ(run.due(), kNever);
    EXPECT_FALSE(run.provision_automatically(false, now, wall));
    EXPECT_EQ(run.provision_automatically(true, now + 1h, wall + 1h)->attention, Attention::None);
    EXPECT_EQ(run.due(), now + 1h);
    EXPECT_FALSE(run.elapsed(wall + 1h + 299s)) << "the window counts from then";
}

TEST_F(Run, ARefusalCarriesTheCarriersWords) {
    auto run = make(ordered());
    const auto change = run.answered({.outcome = Rejected, .code = "NUMBER_UNAVAILABLE", .text = "Sold."}, now);
    ASSERT_TRUE(change);
    EXPECT_EQ(change->transitions, std::vector{NumberTransition::Refused});
    const auto number = applied(ordered(), *change);
    ASSERT_TRUE(number);
    EXPECT_EQ(number->state, NumberState::Rejected);
    EXPECT_EQ(number->job->carrier_code, "NUMBER_UNAVAILABLE");
    EXPECT_FALSE(applied(ordered(), {.job = "another"})) << "a step of an older job changes nothing";
}

TEST_F(Run, AReleaseGoesOnUntilTheCarrierLetsGo) {
    Number number = ordered(NumberState::Releasing);
    number.job->kind = JobKind::Release;
    auto run = make(number);
    EXPECT_EQ(run.stage(), RunStage::Release);
    EXPECT_EQ(run.answered({.outcome = Rejected, .code = "TOO_EARLY"}, now)->attention, Attention::ReleaseRefused);
    EXPECT_FALSE(run.answered({.outcome = Unknown}, now));
    EXPECT_EQ(run.answered({.outcome = Released}, now)->transitions, std::vector{NumberTransition::ReleaseDone});
}

TEST_F(Run, ACarrierThatNeverAnswersIsTold) {
    auto run = make(ordered());
    for (int i = 0; i < 4; ++i) EXPECT_FALSE(run.answered({}, now));
    EXPECT_EQ(run.answered({}, now)->attention, Attention::CarrierUnreachable);
    EXPECT_EQ(run.answered(pending(), now)->attention, Attention::None);
}

}  // namespace
}  // namespace dp::telephony

#include "events/delivery_lane.hpp"

#include <gtest/gtest.h>

#include "base/clock.hpp"
#include "events/event_tail.hpp"
#include "events/event_text.hpp"
#include "events/signature.hpp"

namespace dp::events {
namespace {

namespace t = dp::telephony;
using namespace std::chrono_literals;

const t::OrganizationId kOrganization("org");
const t::WebhookId kWebhook("hook");

EventPtr event(std::uint64_t sequence, std::string resource = {}) {
    auto out = std::make_shared<t::Event>();
    out->sequence = sequence;
    out->organization = kOrganization;
    out->type = t::event_type::kStationUpdated;
    out->resource_id = resource.empty() ? "r" + std::to_string(sequence) : std::move(resource);
    return out;
}

class Lane : public ::testing::Test {
protected:
    DeliveryLane lane{kOrganization, kWebhook, {.cursor = 0, .deliveries = {}, .found = true}};
    ManualClock clock;
    SeededRandom random{3};

    void offer(std::uint64_t first, std::uint64_t last) {
        for (auto i = first; i <= last; ++i) lane.offer(event(i), true);
    }
    std::optional<DeliveryLane::Attempt> next() { return lane.next(clock.wall()); }
    void answer(std::uint64_t sequence, int status, std::optional<std::chrono::seconds> retry_after = {}) {
        lane.finished(sequence, {.http_status = status, .error = {}, .latency = 1ms, .retry_after = retry_after},
                      clock.wall(), random);
    }
    std::uint64_t cursor() { return lane.take_changes().lane.value_or(t::WebhookLane{}).cursor; }
    /// Everything that may be begun now, answered at once with this status; the sequences in order.
    std::vector<std::uint64_t> drain(int status) {
        std::vector<std::uint64_t> out;
        while (const auto attempt = next()) {
            out.push_back(attempt->sequence);
            answer(attempt->sequence, status);
        }
        return out;
    }
};

TEST_F(Lane, DeliversInTheOrderOfTheLog) {
    offer(1, 5);
    EXPECT_EQ(drain(200), (std::vector<std::uint64_t>{1, 2, 3, 4, 5}));
    const auto changes = lane.take_changes();
    ASSERT_EQ(changes.deliveries.size(), 5U);
    EXPECT_EQ(changes.deliveries[4].state, t::DeliveryState::Delivered);
    EXPECT_EQ(changes.lane->cursor, 5U);
}

TEST_F(Lane, WhatDoesNotMatchIsPassed) {
    lane.offer(event(1), false);
    lane.pass(7);
    EXPECT_FALSE(next());
    EXPECT_EQ(cursor(), 7U);
}

TEST_F(Lane, TheCursorWaitsForTheFirstWithoutResult) {
    offer(1, 4);
    drain(200);
    (void)lane.take_changes();
    offer(5, 7);
    const auto first = next(), second = next();
    answer(second->sequence, 200);
    EXPECT_EQ(cursor(), 0U) << "no change: it stays before the fifth";
    answer(first->sequence, 200);
    EXPECT_EQ(cursor(), 6U);
}

TEST_F(Lane, NeverTwoOfOneResourceAtOnce) {
    offer(1, 3);
    drain(200);  // opens the window
    lane.offer(event(4, "same"), true);
    lane.offer(event(5, "same"), true);
    lane.offer(event(6, "other"), true);
    EXPECT_EQ(next()->sequence, 4U);
    EXPECT_EQ(next()->sequence, 6U);
    EXPECT_FALSE(next());
    answer(4, 200);
    EXPECT_EQ(next()->sequence, 5U);
}

TEST_F(Lane, OneFailureHoldsUpNobody) {
    offer(1, 3);
    EXPECT_EQ(next()->sequence, 1U);
    answer(1, 500);
    EXPECT_EQ(drain(200), (std::vector<std::uint64_t>{2, 3}));
    EXPECT_EQ(cursor(), 3U);
    EXPECT_EQ(lane.pending(), 1U);
    clock.advance(5600ms);
    const auto again = next();
    ASSERT_TRUE(again);
    EXPECT_EQ(again->sequence, 1U);
    EXPECT_EQ(again->number, 2);
    EXPECT_FALSE(again->event) << "a later attempt reads the log";
}

TEST_F(Lane, TenTriesOverAtLeast76HoursThenTheDeadLetter) {
    offer(1, 1);
    const auto began = clock.wall();
    int tries = 0;
    std::optional<t::WebhookDelivery> last;
    while (true) {
        const auto attempt = next();
        if (attempt) {
            ++tries;
            answer(attempt->sequence, 503);
            last = lane.take_changes().deliveries.back();
            continue;
        }
        const auto deadline = lane.next_deadline(clock.wall());
        if (!deadline) break;
        ASSERT_LT(tries, 11);
        clock.advance(*deadline - clock.wall());
    }
    EXPECT_EQ(tries, 10);
    EXPECT_EQ(last->state, t::DeliveryState::Dead);
    EXPECT_EQ(last->attempts, 10);
    EXPECT_GE(clock.wall() - began, 76h);
    EXPECT_LE(clock.wall() - began, 85h);
}

TEST_F(Lane, RetryAfterIsHonouredUpToADay) {
    offer(1, 1);
    next();
    answer(1, 429, 60s);
    EXPECT_EQ(lane.take_changes().deliveries[0].next_attempt, clock.wall() + 60s);
    clock.advance(60s);
    next();
    answer(1, 429, 1'000'000s);
    EXPECT_EQ(lane.take_changes().deliveries[0].next_attempt, clock.wall() + 24h);
}

TEST_F(Lane, ATargetThatIsDownIsAskedEverLessOften) {
    offer(1, 60);
    int attempts = 0;
    const auto until = clock.wall() + 10min;
    while (clock.wall() < until) {
        if (const auto attempt = next()) {
            attempts += attempt->number == 1 ? 1 : 0;
            answer(attempt->sequence, 0);
        } else {
            clock.advance(1s);
        }
    }
    EXPECT_LT(attempts, 20);
    EXPECT_GT(attempts, 8);
}

TEST_F(Lane, ACrashRepeatsWhatHadNoResultAndNothingElse) {
    offer(1, 4);
    drain(200);
    (void)lane.take_changes();
    offer(5, 7);
    const auto fifth = next(), sixth = next();
    answer(sixth->sequence, 200);
    const auto written = lane.take_changes();
    ASSERT_EQ(written.deliveries.size(), 1U);
    // The process dies here: the store knows cursor 4 and the sixth's delivery.
    DeliveryLane revived(kOrganization, kWebhook, {.cursor = 4, .deliveries = written.deliveries, .found = true});
    for (std::uint64_t i = revived.position() + 1; i <= 7; ++i) revived.offer(event(i), true);
    std::vector<std::uint64_t> seen;
    while (const auto attempt = revived.next(clock.wall())) {
        seen.push_back(attempt->sequence);
        revived.finished(attempt->sequence, {.http_status = 204, .error = {}, .latency = 0ms, .retry_after = {}},
                         clock.wall(), random);
    }
    EXPECT_EQ(seen, (std::vector<std::uint64_t>{5, 7}));
    EXPECT_EQ(fifth->sequence, 5U);
}

TEST_F(Lane, APendingDeliveryKeepsItsScheduleOverACrash) {
    offer(1, 1);
    next();
    answer(1, 500);
    const auto row = lane.take_changes().deliveries.front();
    DeliveryLane revived(kOrganization, kWebhook, {.cursor = 1, .deliveries = {row}, .found = true});
    EXPECT_FALSE(revived.next(clock.wall()));
    EXPECT_EQ(revived.next_deadline(clock.wall()), row.next_attempt);
    EXPECT_EQ(revived.next(row.next_attempt)->number, 2);
}

TEST_F(Lane, ReplayedDeliveriesBeginAnew) {
    t::WebhookDelivery dead;
    dead.organization = kOrganization;
    dead.webhook = kWebhook;
    dead.event = 9;
    dead.state = t::DeliveryState::Dead;
    dead.attempts = 10;
    lane.requeue(dead, clock.wall());
    EXPECT_EQ(lane.take_changes().deliveries.front().state, t::DeliveryState::Pending);
    EXPECT_EQ(next()->number, 1);
}

TEST_F(Lane, ARewindTellsEverythingAgainAndIgnoresLateResults) {
    offer(1, 3);
    EXPECT_EQ(drain(200).size(), 3U);
    (void)lane.take_changes();
    offer(4, 4);
    EXPECT_EQ(next()->sequence, 4U);
    lane.rewind(1);
    answer(4, 200);
    EXPECT_TRUE(lane.take_changes().deliveries.empty());
    EXPECT_EQ(lane.position(), 1U);
    offer(2, 4);
    EXPECT_EQ(drain(200), (std::vector<std::uint64_t>{2, 3, 4}));
}

TEST_F(Lane, DisabledItIsSilentAndKeepsItsPlace) {
    offer(1, 1);
    lane.set_enabled(false);
    EXPECT_FALSE(next());
    EXPECT_FALSE(lane.next_deadline(clock.wall()));
    lane.set_enabled(true);
    EXPECT_TRUE(next());
}

TEST_F(Lane, ItTakesNoMoreThanItCanHold) {
    std::uint64_t sequence = 0;
    while (lane.wants_more() && sequence < 1000) lane.offer(event(++sequence), true);
    EXPECT_EQ(sequence, 64U);
}

TEST(Tail, ReadersWithACursorFindWhatIsThereOrAreSentToTheStore) {
    EventTail tail(10, 4);
    const auto batch = [](std::vector<std::uint64_t> sequences) {
        auto out = std::make_shared<std::vector<t::Event>>();
        for (auto sequence : sequences) out->push_back(*event(sequence));
        return out;
    };
    EXPECT_TRUE(tail.after(10, 9)->empty());
    EXPECT_FALSE(tail.after(9, 9)) << "before it was listening";
    tail.append(batch({11, 12, 13}));
    EXPECT_EQ(tail.after(11, 1)->front()->sequence, 12U);
    tail.append(batch({14, 15, 16}));
    EXPECT_FALSE(tail.after(11, 9)) << "only the last four are kept";
    EXPECT_EQ(tail.after(12, 9)->size(), 4U);
    tail.append(batch({20}));
    EXPECT_FALSE(tail.after(16, 9)) << "a batch went missing";
    EXPECT_EQ(tail.after(19, 9)->size(), 1U);
    tail.advance(25);
    EXPECT_EQ(tail.head(), 25U);
    EXPECT_FALSE(tail.after(20, 9));
}

// The vector of the Standard Webhooks specification.
TEST(Signature, IsTheStandardsOwn) {
    EXPECT_EQ(sign("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330",
                   R"({"test": 2432232314})"),
              "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
}

TEST(EventText, CarriesTheSeedsFieldsAtTopLevel) {
    auto registered = *event(7, "edge-1");
    registered.type = t::event_type::kTrunkRegistrationSuccess;
    registered.payload = t::Payload().number("registrationLatencyMs", 42).str();
    EXPECT_EQ(
        event_text(registered),
        R"({"id":"7","sequence":7,"eventType":"telephony:edge:registration:success",)"
        R"("timestamp":"1970-01-01T00:00:00.000Z","resourceType":"","resourceId":"edge-1","organizationId":"org",)"
        R"("registrationLatencyMs":42,"data":{"registrationLatencyMs":42}})");
}

}  // namespace
}  // namespace dp::events

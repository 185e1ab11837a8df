/// The table of routing/journey.hpp, cell by cell: what each input does in each state.

#include "telephony/routing/journey.hpp"

#include <gtest/gtest.h>

#include <array>
#include <functional>
#include <map>
#include <memory>

#include "telephony/testing/example.hpp"

namespace dp::telephony {
namespace {

using namespace std::chrono_literals;
using testing::Example;
using Kind = JourneyMove::Kind;

enum class At : std::uint8_t { Idle, Announcing, Asking, InQueue, AtUser, Pausing, Done };
enum class Input : std::uint8_t { Start, Played, Choice, WrongDigit, TimedOut, NotTaken };

constexpr std::array kInputs{Input::Start,      Input::Played,   Input::Choice,
                             Input::WrongDigit, Input::TimedOut, Input::NotTaken};

struct Row {
    At at;
    std::array<Kind, kInputs.size()> moves;  ///< in the order of kInputs
};

constexpr Kind kStay = Kind::Stay;
constexpr std::array kTable{
    Row{At::Idle, {Kind::Announce, kStay, kStay, kStay, kStay, kStay}},
    Row{At::Announcing, {kStay, Kind::Ask, kStay, kStay, Kind::Ask, kStay}},
    Row{At::Asking, {kStay, Kind::Listen, Kind::Offer, Kind::Ask, Kind::Ask, kStay}},
    Row{At::InQueue, {kStay, kStay, kStay, kStay, Kind::Offer, Kind::Offer}},
    Row{At::AtUser, {kStay, kStay, kStay, kStay, Kind::End, Kind::End}},
    Row{At::Pausing, {kStay, kStay, kStay, kStay, Kind::Pause, kStay}},
    Row{At::Done, {kStay, kStay, kStay, kStay, kStay, kStay}},
};

class ListedTurns final : public QueueTurns {
public:
    std::size_t take(const OrganizationId&, const QueueId&, std::size_t) override { return next++; }
    Ptr<Queue> present(const QueuePlace&) override { return changed; }
    std::uint64_t next_ticket() override { return 7; }
    Ptr<Queue> changed;
    void wait(const QueuePlace&) override { ++waiting; }
    void stop_waiting(const QueuePlace&) override { --waiting; }
    std::size_t ahead_of(const QueuePlace&) const override { return ahead; }
    int waiting = 0;
    std::size_t ahead = 0;
    std::size_t next = 0;
};

class Phones final : public Availability {
public:
    Availability::Phones of(const UserId& user) const override {
        const auto found = other.find(user);
        return found == other.end() ? Availability::Phones::Free : found->second;
    }
    std::map<UserId, Availability::Phones> other;
};

class JourneyTable : public ::testing::Test {
protected:
    JourneyTable() {
        FlowStep hello;
        hello.id = "hello";
        hello.prompt = "Hello.";
        hello.next = "menu";
        FlowStep menu;
        menu.id = "menu";
        menu.kind = FlowStepKind::Menu;
        menu.prompt = "Press 1.";
        menu.choices = {{"1", ""}};
        menu.tries = 2;
        CallFlow flow;
        flow.id = CallFlowId("flow-1");
        flow.name = "Flow";
        flow.steps = {hello, menu};
        example.put(flow);
        Queue queue;
        queue.id = QueueId("queue-1");
        queue.name = "Queue";
        queue.members = {testing::kJohn, testing::kAgent48291};
        queue.ring_timeout = 20s;
        queue.wait_timeout = 60s;
        example.put(queue);
    }

    void change_queue(const std::function<void(Queue&)>& change) { example.change<Queue>(QueueId("queue-1"), change); }

    Journey journey(JourneyPlan plan) {
        return {example.snapshot()->organization(example.secrets.organization), std::move(plan), turns, phones};
    }
    Journey with_flow() { return journey({CallFlowId("flow-1"), to_user()}); }
    Journey to_queue() { return journey({{}, RouteTarget{RoutingKind::Queue, "queue-1"}}); }
    static RouteTarget to_user() { return {RoutingKind::User, testing::kJohn.str()}; }

    std::unique_ptr<Journey> brought_to(At at) {
        phones.other.clear();
        if (at == At::Pausing)
            phones.other = {{testing::kJohn, Availability::Phones::InCall},
                            {testing::kAgent48291, Availability::Phones::InCall}};
        std::unique_ptr<Journey> out(new Journey(at == At::InQueue || at == At::Pausing ? to_queue()
                                                 : at == At::AtUser || at == At::Done   ? journey({{}, to_user()})
                                                                                        : with_flow()));
        if (at == At::Idle) return out;
        (void)out->start(now);
        if (at == At::Asking) (void)out->played(now);
        if (at == At::Done) out->taken(now);
        return out;
    }

    JourneyMove tell(Journey& journey, Input input) {
        switch (input) {
            case Input::Start:
                return journey.start(now);
            case Input::Played:
                return journey.played(now);
            case Input::Choice:
                return journey.digit('1', now);
            case Input::WrongDigit:
                return journey.digit('9', now);
            case Input::TimedOut:
                return journey.timed_out(now);
            case Input::NotTaken:
                return journey.not_taken(EndReason::Busy, now);
        }
        return {};
    }

    void later(Duration by) {
        now.steady += by;
        now.wall += std::chrono::duration_cast<WallTime::duration>(by);
    }

    Example example;
    ListedTurns turns;
    Phones phones;
    Journey::Now now{TimePoint(1h), testing::example_time()};
};

TEST_F(JourneyTable, EveryInputInEveryState) {
    for (const Row& row : kTable) {
        for (std::size_t i = 0; i < kInputs.size(); ++i) {
            const auto at = brought_to(row.at);
            EXPECT_EQ(tell(*at, kInputs[i]).kind, row.moves[i])
                << "state " << static_cast<int>(row.at) << " input " << static_cast<int>(kInputs[i]);
        }
    }
}

TEST_F(JourneyTable, OnlyAnOfferCanBeTaken) {
    for (const At at : {At::Idle, At::Announcing, At::Asking, At::Pausing, At::Done}) {
        const auto led = brought_to(at);
        (void)led->take_steps();
        led->taken(now);
        EXPECT_TRUE(led->take_steps().empty()) << static_cast<int>(at);
    }
    for (const At at : {At::InQueue, At::AtUser}) {
        const auto led = brought_to(at);
        EXPECT_TRUE(led->offering());
        led->taken(now);
        EXPECT_FALSE(led->offering());
    }
}

TEST_F(JourneyTable, EachStateHasItsDeadline) {
    EXPECT_EQ(brought_to(At::Announcing)->deadline(), now.steady + Journey::kLongestPrompt);
    EXPECT_EQ(brought_to(At::InQueue)->deadline(), now.steady + 20s);
    EXPECT_EQ(brought_to(At::AtUser)->deadline(), now.steady + 30s);
    EXPECT_EQ(brought_to(At::Pausing)->deadline(), now.steady + Journey::kLook);
    const auto asked = brought_to(At::Asking);
    (void)asked->played(now);
    EXPECT_EQ(asked->deadline(), now.steady + 5s) << "the time to press a key begins when the prompt has ended";
}

TEST_F(JourneyTable, TheLastMemberRingsNoLongerThanTheCallerWaits) {
    change_queue([](Queue& queue) { queue.wait_timeout = 30s; });
    Journey led = to_queue();
    (void)led.start(now);
    later(20s);
    const JourneyMove second = led.timed_out(now);
    EXPECT_EQ(second.user, testing::kAgent48291);
    EXPECT_EQ(led.deadline(), now.steady + 10s);
    later(10s);
    const JourneyMove end = led.timed_out(now);
    EXPECT_EQ(end.kind, Kind::End);
    EXPECT_EQ(end.reason, EndReason::AgentNoAnswer);
}

TEST_F(JourneyTable, APauseEndsWithWhoeverIsFreeAgain) {
    const auto led = brought_to(At::Pausing);
    phones.other.erase(testing::kAgent48291);
    later(Journey::kPause);
    const JourneyMove move = led->timed_out(now);
    EXPECT_EQ(move.kind, Kind::Offer);
    EXPECT_EQ(move.user, testing::kAgent48291);
}

TEST_F(JourneyTable, TheFreeMembersAreForThoseWhoCameEarlier) {
    turns.ahead = 1;
    phones.other[testing::kJohn] = Availability::Phones::InCall;
    Journey led = to_queue();
    EXPECT_EQ(led.start(now).kind, Kind::Pause) << "one member is free, one caller came earlier";
    EXPECT_EQ(turns.waiting, 1);
    later(Journey::kLook);
    EXPECT_EQ(led.timed_out(now).kind, Kind::Pause);
    EXPECT_EQ(turns.waiting, 1);
    phones.other.clear();
    later(Journey::kLook);
    EXPECT_EQ(led.timed_out(now).kind, Kind::Offer) << "two are free";
    EXPECT_EQ(turns.waiting, 0);
}

TEST_F(JourneyTable, ACallerWhoHangsUpWhileWaitingStandsInNobodysWay) {
    brought_to(At::Pausing);
    EXPECT_EQ(turns.waiting, 0);
}

TEST_F(JourneyTable, WhoWaitsIsServedByMembersWhoCameLater) {
    phones.other[testing::kJohn] = phones.other[testing::kAgent48291] = Availability::Phones::InCall;
    Journey led = to_queue();
    EXPECT_EQ(led.start(now).kind, Kind::Pause);
    Queue queue = *example.config().find<Queue>(QueueId("queue-1"));
    queue.members = {testing::kJohn, UserId("newcomer")};
    turns.changed = std::make_shared<const Queue>(queue);
    later(Journey::kLook);
    EXPECT_EQ(led.timed_out(now).user, UserId("newcomer"));
    queue.members.clear();
    turns.changed = std::make_shared<const Queue>(queue);
    EXPECT_EQ(led.not_taken(EndReason::Busy, now).kind, Kind::Pause);
    later(Journey::kPause);
    EXPECT_EQ(led.timed_out(now).kind, Kind::End) << "nobody is left";
}

TEST_F(JourneyTable, ARoundInVainPausesLongerThanOneWhereNobodyWasFree) {
    Journey led = to_queue();
    (void)led.start(now);
    (void)led.not_taken(EndReason::Busy, now);
    EXPECT_EQ(led.not_taken(EndReason::Busy, now).kind, Kind::Pause);
    EXPECT_EQ(led.deadline(), now.steady + Journey::kPause);
}

TEST_F(JourneyTable, WhoHandedTheCallOverIsRungLast) {
    Journey led = journey({{}, RouteTarget{RoutingKind::Queue, "queue-1"}, testing::kJohn});
    EXPECT_EQ(led.start(now).user, testing::kAgent48291);
    EXPECT_EQ(led.not_taken(EndReason::Busy, now).kind, Kind::Pause);
    later(Journey::kPause);
    EXPECT_EQ(led.timed_out(now).user, testing::kJohn);
}

TEST_F(JourneyTable, AUserRingsAsLongAsTheUsersSiteSays) {
    const auto& john = *example.config().user(testing::kJohn);
    example.change<Site>(example.config().site_of(john)->id, [](Site& site) { site.agent_ring_timeout = 45s; });
    EXPECT_EQ(brought_to(At::AtUser)->deadline(), now.steady + 45s);
}

TEST_F(JourneyTable, AMemberWithoutAPhoneIsPassedByAndNobodyAtAllOverflows) {
    phones.other[testing::kJohn] = Availability::Phones::None;
    Journey led = to_queue();
    EXPECT_EQ(led.start(now).user, testing::kAgent48291);
    phones.other[testing::kAgent48291] = Availability::Phones::None;
    change_queue([](Queue& queue) { queue.overflow = to_user(); });
    Journey nobody = to_queue();
    const JourneyMove move = nobody.start(now);
    EXPECT_EQ(move.kind, Kind::Offer);
    EXPECT_EQ(move.user, testing::kJohn) << "a user who is the target is tried in any case";
    EXPECT_TRUE(nobody.queue().empty());
}

TEST_F(JourneyTable, RoundRobinBeginsWhereTheTurnSays) {
    change_queue([](Queue& queue) { queue.order = QueueOrder::RoundRobin; });
    for (const UserId& first : {testing::kJohn, testing::kAgent48291, testing::kJohn}) {
        Journey led = to_queue();
        EXPECT_EQ(led.start(now).user, first);
    }
}

TEST_F(JourneyTable, AUserWhoDoesNotAnswerLeadsToTheFallbackOnce) {
    example.change<CallFlow>(CallFlowId("flow-1"), [](CallFlow& flow) {
        flow.steps.clear();
        flow.fallback = RouteTarget{RoutingKind::User, testing::kAgent48291.str()};
    });
    Journey led = with_flow();
    EXPECT_EQ(led.start(now).user, testing::kJohn);
    EXPECT_EQ(led.not_taken(EndReason::Busy, now).user, testing::kAgent48291);
    const JourneyMove end = led.not_taken(EndReason::AgentDeclined, now);
    EXPECT_EQ(end.kind, Kind::End);
    EXPECT_EQ(end.reason, EndReason::AgentDeclined) << "why the last one did not take it";
}

}  // namespace
}  // namespace dp::telephony

#include "telephony/routing/routing_rules.hpp"

#include <gtest/gtest.h>

#include "telephony/config/rules.hpp"
#include "telephony/events/event.hpp"
#include "telephony/routing/route_explanation.hpp"
#include "telephony/testing/example.hpp"

namespace dp::telephony {
namespace {

using testing::Example;

FlowStep announce(const char* id, const char* next) {
    FlowStep step;
    step.id = id;
    step.prompt = "Hello.";
    step.next = next;
    return step;
}

CallFlow flow_of(std::vector<FlowStep> steps) {
    CallFlow flow;
    flow.id = CallFlowId("flow-1");
    flow.name = "Flow";
    flow.steps = std::move(steps);
    return flow;
}

std::string refusal(const Example& example, const Entity& entity) {
    const auto checked = check_rules(example.config(), entity);
    return checked ? "accepted" : checked.error().field;
}

TEST(FlowRules, StepsLeadSomewhereAndNotRoundInACircle) {
    const Example example;
    EXPECT_EQ(refusal(example, flow_of({announce("a", "b"), announce("b", "")})), "accepted");
    EXPECT_EQ(refusal(example, flow_of({announce("a", "x")})), "steps[0].next");
    EXPECT_EQ(refusal(example, flow_of({announce("a", ""), announce("a", "")})), "steps[1].id");
    EXPECT_EQ(refusal(example, flow_of({announce("a", "b"), announce("b", "a")})), "steps[0]");
    FlowStep menu;
    menu.id = "menu";
    menu.kind = FlowStepKind::Menu;
    menu.prompt = "Press 9 to hear this again.";
    menu.choices = {{"9", "menu"}};
    EXPECT_EQ(refusal(example, flow_of({menu})), "accepted") << "a caller's choice may lead back";
    menu.no_choice = "menu";
    EXPECT_EQ(refusal(example, flow_of({menu})), "steps[0]");
    menu.choices = {{"12", ""}};
    EXPECT_EQ(refusal(example, flow_of({menu})), "steps[0].choices[0].digit");
}

TEST(FlowRules, TargetsExistAndDoNotLeadBack) {
    Example example;
    FlowStep leave;
    leave.id = "leave";
    leave.kind = FlowStepKind::Transfer;
    EXPECT_EQ(refusal(example, flow_of({leave})), "steps[0].target");
    leave.target = RouteTarget{RoutingKind::Queue, "no-such-queue"};
    EXPECT_EQ(refusal(example, flow_of({leave})), "steps[0].target.id");
    leave.target = RouteTarget{RoutingKind::CallFlow, "flow-1"};
    EXPECT_EQ(refusal(example, flow_of({leave})), "steps[0].target.id") << "to itself";
    leave.target = RouteTarget{RoutingKind::Queue, "queue-inbound-sales"};
    example.put(flow_of({leave}));
    Queue queue = *example.config().find<Queue>(QueueId("queue-inbound-sales"));
    queue.overflow = RouteTarget{RoutingKind::CallFlow, "flow-1"};
    EXPECT_EQ(refusal(example, queue), "overflow.id") << "over a flow back to the queue";
}

TEST(FlowRules, WhatIsLedToIsNotRemoved) {
    const Example example;
    EXPECT_FALSE(check_removable(example.config(), EntityType::Queue, "queue-inbound-sales"));
    EXPECT_FALSE(check_removable(example.config(), EntityType::ScheduleGroup, "hours-main"));
    EXPECT_FALSE(check_removable(example.config(), EntityType::Schedule, "schedule-all-week"));
}

TEST(QueueRules, MembersOnceAndTimesInTheirRanges) {
    const Example example;
    Queue queue = *example.config().find<Queue>(QueueId("queue-inbound-sales"));
    queue.members.push_back(queue.members.front());
    EXPECT_EQ(refusal(example, queue), "members[2].id");
    queue.members.pop_back();
    queue.ring_timeout = std::chrono::seconds(1);
    EXPECT_EQ(refusal(example, queue), "mediaSettings.call.alertingTimeoutSeconds");
}

class Explained : public ::testing::Test {
protected:
    Explained() {
        example.change<Number>(NumberId("number-john-doe"),
                               [](Number& n) { n.routing->callflow = CallFlowId("cf-inbound-ivr-main"); });
    }
    RouteExplanation explain(RouteQuestion question) const {
        if (question.called.empty()) question.called = "+15551234567";
        question.at = testing::example_time();
        return explain_route(example.snapshot()->organization(example.secrets.organization), question);
    }
    static std::string text(const RouteExplanation& found) {
        std::string out;
        for (const RouteStep& step : found.steps)
            out += step.type.substr(sizeof "conversation." - 1) + (step.detail.empty() ? "" : "=" + step.detail) + ' ';
        return out;
    }
    Example example;
};

TEST_F(Explained, TheFlowThenTheTarget) {
    const auto found = explain({.digits = "1"});
    EXPECT_EQ(text(found),
              "flow.started=Inbound IVR Main flow.schedule=open flow.menu flow.digit=1 flow.ended=target user.offered "
              "user.answered ");
    EXPECT_EQ(found.user, testing::kJohn);
}

TEST_F(Explained, ADigitThatLeadsElsewhere) {
    EXPECT_EQ(explain({.digits = "2"}).steps.back().queue.str(), "queue-inbound-sales");
}

TEST_F(Explained, WithoutADigitTheFallback) {
    EXPECT_NE(text(explain({})).find("flow.noDigit=none flow.fallback=queue queue-inbound-sales queue.entered"),
              std::string::npos)
        << text(explain({}));
}

TEST_F(Explained, ClosedHoursEndTheCall) {
    example.change<ScheduleGroup>(ScheduleGroupId("hours-main"), [](ScheduleGroup& group) { group.open.clear(); });
    const auto found = explain({});
    EXPECT_EQ(found.reason, EndReason::FlowEnded);
    EXPECT_TRUE(found.user.empty());
}

TEST_F(Explained, NobodyAnsweringShowsTheWholeWay) {
    const auto found = explain({.called = "+15551230000", .answers = RouteQuestion::Answers::Nobody});
    EXPECT_EQ(found.steps.front().type, event_type::kQueueEntered);
    EXPECT_EQ(found.steps.back().type, event_type::kQueueOverflowed);
    EXPECT_EQ(found.reason, EndReason::AgentNoAnswer);
}

TEST_F(Explained, StraightToAUserAndNowhere) {
    EXPECT_EQ(text(explain({.called = "+15551248291"})), "user.offered user.answered ");
    EXPECT_EQ(explain({.called = "+19990000000"}).unrouted, "unknown_number");
}

TEST_F(Explained, ACircleThroughTheNumberItselfEnds) {
    example.change<Queue>(QueueId("queue-inbound-sales"), [](Queue& queue) {
        queue.members.clear();
        queue.overflow = RouteTarget{RoutingKind::CallFlow, "cf-inbound-ivr-main"};
    });
    const auto found = explain({.digits = "2222222222222222"});
    EXPECT_TRUE(found.user.empty());
    EXPECT_LE(found.steps.size(), RouteExplanation::kMostSteps);
}

}  // namespace
}  // namespace dp::telephony

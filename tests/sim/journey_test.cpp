/// Calls that come in to a queue or through a call flow: who rings in which order, what the caller hears, where the call
/// ends, and what the record says of it.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/parties.hpp"

namespace dp::sim {
namespace {

using namespace std::chrono_literals;
using namespace telephony;
using testing::ElementsAre;
using testing::HasSubstr;

const Endpoint kServerEndpoint = *Endpoint::parse(kServer);
const std::string kServerHost = "10.0.0.1";
constexpr const char* kLine = "+15557770000";

class JourneyCall : public QueueParties {
protected:
    JourneyCall() : QueueParties(kLine) {}
    /// A flow of these steps before the line's target.
    void flow(std::vector<FlowStep> steps, const std::function<void(CallFlow&)>& change = {}) {
        CallFlow flow;
        flow.id = CallFlowId("main");
        flow.name = "Main";
        flow.steps = std::move(steps);
        if (change) change(flow);
        ASSERT_TRUE(validate(flow));
        world.put(flow);
        Number number = *world.config().number_by_e164(kLine);
        number.routing->callflow = flow.id;
        world.put(number);
        world.run(10ms);
    }
    static FlowStep announce(const char* id, const char* next = "") {
        FlowStep step;
        step.id = id;
        step.prompt = std::string("prompt ") + id;
        step.next = next;
        return step;
    }
    static FlowStep menu(std::vector<MenuChoice> choices) {
        FlowStep step;
        step.id = "menu";
        step.kind = FlowStepKind::Menu;
        step.prompt = "prompt menu";
        step.choices = std::move(choices);
        step.tries = 2;
        return step;
    }
    static FlowStep transfer(const char* id, RoutingKind kind, const std::string& target) {
        FlowStep step;
        step.id = id;
        step.kind = FlowStepKind::Transfer;
        step.target = RouteTarget{kind, target};
        return step;
    }
    FarEnd::Leg& call_in() { return carrier->dial(kLine, kServerHost, kServerEndpoint); }
    /// A key of the caller's telephone, as the media engine tells it.
    void press(char digit) {
        ASSERT_FALSE(world.media.legs.empty());
        world.media.events().on_media_digit(world.media.legs.begin()->first, digit, 100ms);
        world.run(10ms);
    }
    std::vector<std::string> steps() {
        std::vector<std::string> out;
        for (const RouteStep& step : world.conversation(world.only()).route)
            out.push_back(step.type.substr(sizeof "conversation." - 1) +
                          (step.detail.empty() ? "" : ":" + step.detail));
        return out;
    }
    void expect_steps_are_events() {
        for (const RouteStep& step : world.conversation(world.only()).route)
            EXPECT_GE(world.sink.count(step.type), 1U) << step.type;
    }
};

TEST_F(JourneyCall, AQueueRingsItsMembersInTurnUntilOneAnswers) {
    alice->scripts[""].answer.reset();
    auto& leg = call_in();
    world.run(1s);
    EXPECT_EQ(leg.progress, 180);
    EXPECT_EQ(alice->legs.size(), 1U);
    EXPECT_TRUE(bob->legs.empty());
    world.run(21s);
    EXPECT_TRUE(alice->last().ended) << "her 20 s are over";
    ASSERT_EQ(bob->legs.size(), 1U);
    EXPECT_TRUE(leg.answered);
    const auto id = world.only();
    EXPECT_EQ(world.status(id), "connected");
    EXPECT_EQ(world.conversation(id).agent.str(), "bob");
    EXPECT_THAT(steps(), ElementsAre("queue.entered:Sales", "queue.offered", "queue.missed:agent_no_answer",
                                     "queue.offered", "queue.answered"));
    expect_steps_are_events();
    EXPECT_TRUE(world.media.bridged());
    std::vector<std::string> agents;
    for (const auto& participant : world.conversation(id).participants) agents.push_back(participant.user.str());
    EXPECT_THAT(agents, ElementsAre("", std::string(kAgent), "bob"));
    carrier->hang_up(leg);
    world.expect_clean();
    EXPECT_EQ(world.reason(id), "remote_hangup");
}

TEST_F(JourneyCall, AMemberWhoDeclinesIsPassedAtOnce) {
    alice->scripts[""].reject = 603;
    call_in();
    world.run(3s);
    EXPECT_EQ(world.conversation(world.only()).agent.str(), "bob");
    EXPECT_THAT(steps(), testing::Contains("queue.missed:agent_declined"));
    carrier->hang_up(carrier->last());
    world.expect_clean();
}

TEST_F(JourneyCall, AMemberInACallIsNotDisturbed) {
    alice->scripts[""].answer = 200ms;
    auto& first = carrier->dial(std::string(kCallerId), kServerHost, kServerEndpoint);
    world.run(3s);
    ASSERT_TRUE(first.answered);
    auto& second = call_in();
    world.run(3s);
    EXPECT_TRUE(second.answered);
    EXPECT_EQ(alice->legs.size(), 1U);
    EXPECT_EQ(bob->legs.size(), 1U);
    carrier->hang_up(first);
    carrier->hang_up(second);
    world.expect_clean();
}

TEST_F(JourneyCall, EachCallOfARoundRobinQueueBeginsWithTheNextMember) {
    change_queue([](Queue& queue) { queue.order = QueueOrder::RoundRobin; });
    for (int i = 0; i < 3; ++i) {
        call_in();
        world.run(3s);
        carrier->hang_up(carrier->last());
        world.run(3s);
    }
    EXPECT_EQ(alice->legs.size(), 2U);
    EXPECT_EQ(bob->legs.size(), 1U);
    world.expect_clean();
}

TEST_F(JourneyCall, AfterTheWaitTheOverflowIsRung) {
    world.add_user("carol", "");
    world.add_phone("carol", "carol");
    FarEnd& carol = world.phone("carol", "10.0.1.3:5060");
    alice->scripts[""].answer.reset();
    bob->scripts[""].answer.reset();
    change_queue([](Queue& queue) {
        queue.wait_timeout = 50s;
        queue.overflow = RouteTarget{RoutingKind::User, "carol"};
    });
    auto& leg = call_in();
    world.run(55s);
    EXPECT_EQ(alice->legs.size(), 2U) << "a second round after a pause";
    EXPECT_EQ(carol.legs.size(), 1U);
    EXPECT_TRUE(leg.answered);
    EXPECT_THAT(steps(), testing::IsSupersetOf({"queue.overflowed:time-out", "user.offered", "user.answered"}));
    carrier->hang_up(leg);
    world.expect_clean();
}

TEST_F(JourneyCall, AQueueWhereNobodyCanBeReachedOverflowsAtOnceOrIs480) {
    change_queue([](Queue& queue) { queue.members = {UserId("nobody")}; });
    auto& leg = call_in();
    world.run(2s);
    EXPECT_EQ(leg.end_status, 480);
    EXPECT_EQ(world.reason(world.only()), "agent_unreachable");
    EXPECT_THAT(steps(), testing::Contains("queue.overflowed:no member can be reached"));
    world.expect_clean();
}

TEST_F(JourneyCall, ACallerWhoHangsUpInTheQueueIsACancelledCall) {
    alice->scripts[""].answer.reset();
    auto& leg = call_in();
    world.run(2s);
    carrier->hang_up(leg);
    world.run(1s);
    EXPECT_EQ(world.reason(world.only()), "caller_hangup");
    world.expect_clean();
    EXPECT_TRUE(alice->last().ended);
}

TEST_F(JourneyCall, AFlowAnnouncesThenTheTargetRings) {
    flow({announce("welcome")});
    auto& leg = call_in();
    world.run(1s);
    EXPECT_TRUE(leg.answered) << "the flow answers";
    EXPECT_EQ(world.prompts.asked.back(), "prompt welcome");
    EXPECT_TRUE(alice->legs.empty());
    EXPECT_EQ(world.status(world.only()), "initiated");
    world.run(3s);
    EXPECT_EQ(alice->legs.size(), 1U);
    EXPECT_EQ(world.status(world.only()), "connected");
    EXPECT_THAT(world.media.history, ElementsAre("announce", "ringback", "connect"));
    EXPECT_THAT(steps(), ElementsAre("flow.started:Main", "flow.announced", "flow.ended:target", "queue.entered:Sales",
                                     "queue.offered", "queue.answered"));
    expect_steps_are_events();
    carrier->hang_up(leg);
    world.expect_clean();
}

TEST_F(JourneyCall, EarlyMediaFlowsAnswerOnlyWithTheTarget) {
    flow({announce("welcome")}, [](CallFlow& flow) { flow.answer = FlowAnswer::EarlyMedia; });
    auto& leg = call_in();
    world.run(1s);
    EXPECT_FALSE(leg.answered);
    EXPECT_EQ(leg.progress, 183);
    EXPECT_FALSE(leg.early_sdp.empty());
    world.run(4s);
    EXPECT_TRUE(leg.answered);
    EXPECT_EQ(leg.answer_sdp, leg.early_sdp) << "the 200 repeats the 183";
    EXPECT_EQ(world.status(world.only()), "connected");
    carrier->hang_up(leg);
    world.expect_clean();
}

TEST_F(JourneyCall, ADigitChoosesAndCutsThePromptShort) {
    flow({menu({{"1", ""}, {"2", "bob"}}), transfer("bob", RoutingKind::User, "bob")});
    auto& leg = call_in();
    world.run(500ms);
    press('2');
    world.run(2s);
    EXPECT_EQ(bob->legs.size(), 1U);
    EXPECT_TRUE(alice->legs.empty());
    EXPECT_EQ(world.status(world.only()), "connected");
    EXPECT_THAT(steps(), ElementsAre("flow.started:Main", "flow.menu", "flow.digit:2", "flow.ended:transfer",
                                     "user.offered", "user.answered"));
    carrier->hang_up(leg);
    world.expect_clean();
}

TEST_F(JourneyCall, DigitsByInfoChooseToo) {
    flow({menu({{"2", "bob"}}), transfer("bob", RoutingKind::User, "bob")});
    auto& leg = call_in();
    world.run(500ms);
    carrier->send_info(leg, "Signal=2\r\nDuration=100\r\n");
    world.run(2s);
    EXPECT_EQ(bob->legs.size(), 1U);
    carrier->hang_up(leg);
    world.expect_clean();
}

TEST_F(JourneyCall, AMenuAsksAgainThenTakesTheFallback) {
    flow({menu({{"1", ""}})}, [](CallFlow& flow) { flow.fallback = RouteTarget{RoutingKind::User, "bob"}; });
    auto& leg = call_in();
    world.run(500ms);
    press('9');
    world.run(8s);
    EXPECT_EQ(world.media.legs.begin()->second.announced, 2) << "asked again after a wrong key";
    world.run(3s);
    EXPECT_EQ(bob->legs.size(), 1U);
    EXPECT_THAT(steps(), ElementsAre("flow.started:Main", "flow.menu", "flow.noDigit:invalid 9", "flow.menu",
                                     "flow.noDigit:none", "flow.fallback:user bob", "user.offered", "user.answered"));
    carrier->hang_up(leg);
    world.expect_clean();
}

TEST_F(JourneyCall, AfterHoursGoesWhereTheScheduleSays) {
    ScheduleGroup hours;
    hours.id = ScheduleGroupId("hours");
    hours.time_zone = "America/New_York";
    world.put(hours);  // no open schedule: always closed
    FlowStep gate;
    gate.id = "gate";
    gate.kind = FlowStepKind::Schedule;
    gate.schedule_group = hours.id;
    gate.next = "closed";
    FlowStep bye;
    bye.id = "bye";
    bye.kind = FlowStepKind::Disconnect;
    flow({gate, announce("closed", "bye"), bye});
    auto& leg = call_in();
    world.run(5s);
    EXPECT_TRUE(leg.answered);
    EXPECT_TRUE(leg.ended);
    EXPECT_TRUE(alice->legs.empty());
    EXPECT_EQ(world.reason(world.only()), "flow_ended");
    EXPECT_EQ(world.status(world.only()), "disconnected");
    EXPECT_THAT(steps(),
                ElementsAre("flow.started:Main", "flow.schedule:closed", "flow.announced", "flow.ended:disconnect"));
    world.expect_clean();
}

TEST_F(JourneyCall, CallersMayHangUpAtEveryStage) {
    alice->scripts[""].answer.reset();
    flow({announce("welcome", "menu"), menu({{"1", ""}})});
    for (const auto stage : {500ms, 3'000ms, 6'000ms}) {
        auto& leg = call_in();
        world.run(stage);
        if (stage == 6'000ms) {
            world.media.events().on_media_digit(world.media.legs.begin()->first, '1', 100ms);
            world.run(1s);
        }
        carrier->hang_up(leg);
        world.run(2s);
        EXPECT_TRUE(leg.ended);
        EXPECT_EQ(world.shard->active_calls(), 0U);
    }
    world.expect_clean();
    for (const auto& [id, versions] : world.sink.versions) EXPECT_EQ(world.reason(id), "caller_hangup") << id;
}

TEST_F(JourneyCall, APromptThatIsNeverReportedAsPlayedDoesNotHoldTheCall) {
    world.media.prompt_time = 1h;
    flow({announce("welcome")});
    call_in();
    world.run(80s);
    EXPECT_EQ(world.status(world.only()), "connected");
    carrier->hang_up(carrier->last());
    world.expect_clean();
}

TEST_F(JourneyCall, LateOffersAreAnsweredWithOurOfferByTheFlow) {
    flow({announce("welcome")});
    auto& leg = carrier->dial(kLine, kServerHost, kServerEndpoint, {}, false);
    world.run(6s);
    EXPECT_TRUE(leg.answered);
    EXPECT_EQ(world.status(world.only()), "connected");
    carrier->hang_up(leg);
    world.expect_clean();
}

TEST_F(JourneyCall, AFlowThatIsSwitchedOffIsPassedBy) {
    flow({announce("welcome")}, [](CallFlow& flow) { flow.enabled = false; });
    auto& leg = call_in();
    world.run(2s);
    EXPECT_TRUE(leg.answered);
    EXPECT_TRUE(world.media.history.front() == "connect") << world.media.history.front();
    carrier->hang_up(leg);
    world.expect_clean();
}

}  // namespace
}  // namespace dp::sim

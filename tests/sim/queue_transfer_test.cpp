/// Transfers to a queue or a flow: the party that transfers is let go at once, the other one waits as an inbound caller
/// does. And callers of one queue among each other.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/parties.hpp"

namespace dp::sim {
namespace {

using namespace std::chrono_literals;
using namespace telephony;
using ::testing::Contains;
using ::testing::ElementsAre;

const Endpoint kServerEndpoint = *Endpoint::parse(kServer);
constexpr const char* kQueueNumber = "+15557770000";

/// Alice talks to a number at the carrier; she and Bob are the members of a queue.
class QueueTransfer : public QueueParties {
protected:
    QueueTransfer() : QueueParties(kQueueNumber) {}
    void place() {
        id = world.place_call();
        world.run(5s);
        ASSERT_EQ(world.status(id), "connected") << world.reason(id);
    }
    static TransferCall to_queue(const char* queue = "sales", bool consult = false) {
        return {TransferTarget{.queue = QueueId(queue)}, consult};
    }
    std::vector<std::string> steps() {
        std::vector<std::string> out;
        for (const RouteStep& step : world.conversation(id).route) {
            EXPECT_GE(world.sink.count(step.type), 1U) << step.type;
            out.push_back(step.type.substr(sizeof "conversation." - 1));
        }
        return out;
    }
    void end() {
        carrier->hang_up(carrier->legs.front());
        world.expect_clean();
    }

    std::string id;
};

TEST_F(QueueTransfer, LetsTheTransferorGoAtOnceAndRingsTheMembers) {
    place();
    bob->scripts[""].answer = 3s;
    ASSERT_TRUE(world.order(id, to_queue()).has_value());
    world.run(1s);
    EXPECT_TRUE(alice->last().ended);
    EXPECT_EQ(alice->legs.size(), 1U) << "who has just handed it over is rung last";
    ASSERT_NE(media_of(*carrier), nullptr);
    EXPECT_EQ(media_of(*carrier)->tone, call::Tone::Kind::Ringback);
    EXPECT_EQ(world.status(id), "connected") << "a status never goes back";
    world.run(4s);
    EXPECT_TRUE(talk(*bob, *carrier));
    EXPECT_THAT(steps(), ElementsAre("queue.entered", "queue.offered", "queue.answered"));
    const Conversation& record = world.conversation(id);
    EXPECT_EQ(record.agent.str(), "bob");
    EXPECT_EQ(facts(record.participants.front().communications.back().termination->reason).name, "transferred");
    EXPECT_TRUE(world.order(id, to_queue()).has_value()) << "and on to the next";
    world.run(10s);
    EXPECT_TRUE(talk(*alice, *carrier));
    end();
    EXPECT_EQ(world.reason(id), "remote_hangup");
    EXPECT_EQ(world.sink.count(event_type::kConversationEnded), 1U);
}

TEST_F(QueueTransfer, OfAnInboundCallToo) {
    auto& leg = carrier->dial(std::string(kCallerId), "10.0.0.1", kServerEndpoint);
    world.run(3s);
    ASSERT_TRUE(leg.answered);
    id = world.only();
    ASSERT_TRUE(world.order(id, to_queue()).has_value());
    world.run(3s);
    EXPECT_TRUE(talk(*bob, *carrier));
    end();
}

TEST_F(QueueTransfer, WithNobodyElseItComesBackAfterARound) {
    place();
    bob->scripts[""].reject = 486;
    ASSERT_TRUE(world.order(id, to_queue()).has_value());
    world.run(6s);
    EXPECT_EQ(alice->legs.size(), 2U);
    EXPECT_TRUE(talk(*alice, *carrier));
    end();
}

TEST_F(QueueTransfer, WhoWaitsMayHangUpAndAnEmptyWaitEndsTheCall) {
    for (const bool waits : {true, false}) {
        alice->scripts[""].answer = 200ms;
        place();
        alice->scripts[""].answer.reset();
        bob->scripts[""].answer.reset();
        change_queue([](Queue& queue) { queue.wait_timeout = 30s; });
        ASSERT_TRUE(world.order(id, to_queue()).has_value());
        world.run(2s);
        EXPECT_EQ(bob->live_legs(), 1U);
        if (!waits) carrier->hang_up(carrier->last());
        world.run(60s);
        EXPECT_EQ(world.status(id), "disconnected");
        EXPECT_EQ(world.reason(id), waits ? "agent_no_answer" : "remote_hangup");
        EXPECT_EQ(bob->live_legs(), 0U);
    }
    world.expect_clean();
}

TEST_F(QueueTransfer, AHoldOfTheOneHandedOverIsLifted) {
    place();
    std::string remote;
    for (const auto& participant : world.conversation(id).participants)
        if (participant.purpose != ParticipantPurpose::Agent) remote = participant.id.str();
    ASSERT_TRUE(world.order(id, SetParty{.held = true}, remote).has_value());
    ASSERT_TRUE(world.order(id, to_queue()).has_value());
    world.run(3s);
    EXPECT_TRUE(talk(*bob, *carrier));
    end();
}

TEST_F(QueueTransfer, ReferToANumberWithAQueueBehindItStaysInTheHouse) {
    place();
    alice->refer(alice->last(), std::string("<sip:") + kQueueNumber + "@dialplane.test>");
    world.run(3s);
    EXPECT_EQ(alice->last().notified.back(), "SIP/2.0 200 OK");
    EXPECT_TRUE(alice->last().ended);
    EXPECT_EQ(carrier->legs.size(), 1U) << "no second call through the carrier";
    EXPECT_TRUE(talk(*bob, *carrier));
    end();
}

TEST_F(QueueTransfer, ToAFlowIsHeardByTheOneHandedOver) {
    FlowStep hello;
    hello.id = "hello";
    hello.prompt = "Hello.";
    CallFlow flow;
    flow.id = CallFlowId("main");
    flow.name = "Main";
    flow.steps = {hello};
    world.put(flow);
    Number number = *world.config().number_by_e164(kQueueNumber);
    number.routing->callflow = flow.id;
    world.put(number);
    place();
    ASSERT_TRUE(world.order(id, TransferCall{TransferTarget{.address = kQueueNumber}}).has_value());
    world.run(1s);
    EXPECT_EQ(world.prompts.asked.back(), "Hello.");
    world.run(5s);
    EXPECT_TRUE(talk(*bob, *carrier));
    EXPECT_THAT(steps(), ElementsAre("flow.started", "flow.announced", "flow.ended", "queue.entered", "queue.offered",
                                     "queue.answered"));
    end();
}

TEST_F(QueueTransfer, WhatCannotBeSaysWhy) {
    place();
    EXPECT_EQ(world.order(id, to_queue("nothing")).error().code, ErrorCode::InvalidValue);
    EXPECT_EQ(world.order(id, to_queue("sales", true)).error().code, ErrorCode::InvalidValue);
    change_queue([](Queue& queue) { queue.members.clear(); });
    EXPECT_EQ(world.order(id, to_queue()).error().code, ErrorCode::Conflict);
    world.run(1s);
    EXPECT_TRUE(talk(*alice, *carrier));
    end();
}

TEST_F(QueueTransfer, WhoCameFirstIsServedFirst) {
    change_queue([](Queue& queue) {
        queue.members = {UserId(std::string(kAgent))};
        queue.wait_timeout = 600s;
    });
    alice->scripts[""].answer = 100ms;
    std::vector<FarEnd::Leg*> callers;
    for (int i = 0; i < 4; ++i) {
        callers.push_back(&carrier->dial(kQueueNumber, "10.0.0.1", kServerEndpoint));
        world.run(370ms);
    }
    for (FarEnd::Leg* caller : callers) {
        world.run(2500ms);
        for (FarEnd::Leg* other : callers)
            if (!other->ended) {
                EXPECT_EQ(other->answered, other == caller);
            }
        carrier->hang_up(*caller);
    }
    world.expect_clean();
}

TEST_F(QueueTransfer, TwoHoursOfRefusalsLeaveNothingBehind) {
    alice->scripts[""].reject = bob->scripts[""].reject = 486;
    alice->scripts[""].answer = bob->scripts[""].answer = 10ms;
    change_queue([](Queue& queue) { queue.wait_timeout = 7200s; });
    carrier->dial(kQueueNumber, "10.0.0.1", kServerEndpoint);
    world.run(1h);
    id = world.only();
    EXPECT_GT(alice->legs.size(), 1000U);
    EXPECT_LE(world.conversation(id).participants.at(1).communications.size(), 50U);
    EXPECT_EQ(world.conversation(id).route.size(), 200U);
    world.run(1h + 1min);
    EXPECT_EQ(world.reason(id), "busy");
    world.expect_clean();
}

}  // namespace
}  // namespace dp::sim

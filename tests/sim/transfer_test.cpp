/// Transfers: blind and with consultation, by the API and by REFER, and every party's hang-up at every stage.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/parties.hpp"

namespace dp::sim {
namespace {

using namespace std::chrono_literals;
using telephony::CancelConsult;
using telephony::LeaveCall;
using telephony::SpeakTo;
using telephony::TransferCall;
using telephony::TransferTarget;
using ::testing::Contains;
using ::testing::ElementsAre;

constexpr std::string_view kElsewhere = "+15552223333";

/// Alice (agent) talks to a number at the carrier; Bob is a colleague with a phone.
class Transfers : public Parties {
protected:
    Transfers() : Parties("agent-2", "+15551230002") {
        id = world.place_call();
        world.run(5s);
        EXPECT_EQ(world.status(id), "connected") << world.reason(id);
    }

    static TransferCall to_bob(bool consult = false) {
        return {TransferTarget{.user = telephony::UserId("agent-2")}, consult};
    }
    static TransferCall to_number(bool consult = false) {
        return {TransferTarget{.address = std::string(kElsewhere)}, consult};
    }
    const telephony::Communication& last_leg(std::size_t participant) {
        return world.conversation(id).participants.at(participant).communications.back();
    }
    std::string participant(std::size_t index) { return world.conversation(id).participants.at(index).id.str(); }
    void consult() {
        ASSERT_TRUE(world.order(id, to_bob(true)).has_value());
        world.run(3s);
        ASSERT_TRUE(talk(*alice, *bob));
        EXPECT_TRUE(last_leg(1).held) << "who waits shows as held";
        EXPECT_EQ(media_of(*carrier)->tone, call::Tone::Kind::Silence);
    }
    void bob_does(std::optional<Duration> answer, int reject = 0) {
        bob->scripts[""].answer = answer;
        bob->scripts[""].reject = reject;
    }
    void end() {
        carrier->hang_up(carrier->legs.front());
        world.expect_clean();
    }

    std::string id;
};

TEST_F(Transfers, BlindToAUserHandsTheFarPartyOver) {
    ASSERT_TRUE(world.order(id, to_bob()).has_value());
    world.run(200ms);
    EXPECT_EQ(media_of(*carrier)->tone, call::Tone::Kind::Ringback);
    EXPECT_FALSE(alice->last().ended) << "until the target answers there is a way back";
    world.run(3s);
    EXPECT_TRUE(alice->last().ended);
    EXPECT_TRUE(talk(*bob, *carrier));
    EXPECT_EQ(world.status(id), "connected");
    EXPECT_EQ(world.conversation(id).participants.size(), 3U);
    EXPECT_EQ(world.conversation(id).participants.at(2).user.str(), "agent-2");
    EXPECT_EQ(telephony::facts(last_leg(0).termination->reason).name, "transferred");
    EXPECT_EQ(last_leg(2).state, telephony::CommunicationState::Connected);
    end();
    EXPECT_EQ(world.reason(id), "remote_hangup");
    EXPECT_EQ(world.sink.count(telephony::event_type::kConversationEnded), 1U);
}

TEST_F(Transfers, BlindToANumberTakesASecondTrunkSession) {
    ASSERT_TRUE(world.order(id, to_number()).has_value());
    world.run(3s);
    ASSERT_EQ(carrier->legs.size(), 2U);
    EXPECT_EQ(carrier->last().called, kElsewhere);
    EXPECT_TRUE(alice->last().ended);
    EXPECT_TRUE(talk(*carrier, *carrier, 1));
    EXPECT_EQ(world.trunks.find(telephony::TrunkId("trunk-a"))->sessions, 2);
    end();
}

class TargetRefuses : public Transfers, public ::testing::WithParamInterface<int> {};

TEST_P(TargetRefuses, ReturnsToTheTransferor) {
    bob_does(1s, GetParam());
    ASSERT_TRUE(world.order(id, to_bob()).has_value());
    world.run(5s);
    EXPECT_TRUE(talk(*alice, *carrier));
    EXPECT_EQ(world.status(id), "connected");
    EXPECT_FALSE(last_leg(1).held);
    ASSERT_TRUE(world.order(id, to_bob()).has_value()) << "and can be tried again";
    world.run(5s);
    EXPECT_TRUE(talk(*alice, *carrier));
    end();
}

INSTANTIATE_TEST_SUITE_P(Every, TargetRefuses, ::testing::Values(486, 480, 603, 404, 500));

TEST_F(Transfers, NoAnswerReturnsToTheTransferor) {
    bob_does(std::nullopt);
    ASSERT_TRUE(world.order(id, to_bob(true)).has_value());
    world.run(29s);
    EXPECT_FALSE(talk(*alice, *carrier));
    world.run(3s);
    EXPECT_TRUE(talk(*alice, *carrier));
    EXPECT_EQ(bob->live_legs(), 0U);
    end();
}

TEST_F(Transfers, WhoLeavesWhileTheTargetRingsLeavesTheOthersTogether) {
    bob_does(2s);
    ASSERT_TRUE(world.order(id, to_bob()).has_value());
    world.run(500ms);
    alice->hang_up(alice->last());
    world.run(5s);
    EXPECT_TRUE(talk(*bob, *carrier));
    EXPECT_EQ(world.status(id), "connected");
    end();
}

TEST_F(Transfers, WithNobodyToReturnToARefusalIsTheEnd) {
    bob_does(2s, 486);
    ASSERT_TRUE(world.order(id, to_bob()).has_value());
    world.run(500ms);
    alice->hang_up(alice->last());
    world.run(5s);
    EXPECT_EQ(world.status(id), "disconnected");
    world.expect_clean();
}

TEST_F(Transfers, TheOneHandedOverHangsUpWhileTheTargetRings) {
    bob_does(2s);
    for (bool consult : {false, true}) {
        if (consult) {
            id = world.place_call();
            world.run(5s);
        }
        ASSERT_TRUE(world.order(id, to_bob(consult)).has_value());
        world.run(500ms);
        carrier->hang_up(carrier->last());
        world.run(5s);
        EXPECT_EQ(world.reason(id), "remote_hangup");
        EXPECT_EQ(bob->live_legs(), 0U);
    }
    world.expect_clean();
}

TEST_F(Transfers, ConsultationIsCompletedByLeaving) {
    consult();
    alice->hang_up(alice->last());
    world.run(1s);
    EXPECT_TRUE(talk(*bob, *carrier));
    EXPECT_FALSE(last_leg(1).held);
    EXPECT_EQ(world.status(id), "connected");
    end();
}

TEST_F(Transfers, ConsultationIsCompletedThroughTheApi) {
    consult();
    ASSERT_TRUE(world.order(id, LeaveCall{}, participant(0)).has_value());
    world.run(1s);
    EXPECT_TRUE(alice->last().ended);
    EXPECT_TRUE(talk(*bob, *carrier));
    end();
}

TEST_F(Transfers, TheConsultingPartySpeaksToEither) {
    consult();
    ASSERT_TRUE(world.order(id, SpeakTo{.target = false}).has_value());
    EXPECT_TRUE(talk(*alice, *carrier));
    EXPECT_EQ(media_of(*bob)->tone, call::Tone::Kind::Silence);
    EXPECT_TRUE(last_leg(2).held);
    EXPECT_FALSE(last_leg(1).held);
    ASSERT_TRUE(world.order(id, SpeakTo{.target = true}).has_value());
    EXPECT_TRUE(talk(*alice, *bob));
    ASSERT_TRUE(world.order(id, CancelConsult{}).has_value());
    world.run(1s);
    EXPECT_TRUE(talk(*alice, *carrier));
    EXPECT_TRUE(bob->last().ended);
    EXPECT_EQ(world.order(id, CancelConsult{}).error().code, ErrorCode::Conflict);
    end();
}

TEST_F(Transfers, TheTargetHangsUpAndTheFirstTwoTalkAgain) {
    consult();
    bob->hang_up(bob->last());
    world.run(1s);
    EXPECT_TRUE(talk(*alice, *carrier));
    EXPECT_EQ(world.status(id), "connected");
    end();
}

TEST_F(Transfers, WhoWaitsHangsUpAndTheConsultationGoesOn) {
    consult();
    carrier->hang_up(carrier->last());
    world.run(1s);
    EXPECT_TRUE(talk(*alice, *bob));
    EXPECT_EQ(world.status(id), "connected");
    alice->hang_up(alice->last());
    world.expect_clean();
}

TEST_F(Transfers, TheCallEndsWithAllThree) {
    consult();
    ASSERT_TRUE(world.order(id, telephony::EndCall{}).has_value());
    world.expect_clean();
    EXPECT_EQ(world.reason(id), "api_disconnect");
}

TEST_F(Transfers, AllThreeHangUpAtOnce) {
    consult();
    alice->hang_up(alice->last());
    bob->hang_up(bob->last());
    carrier->hang_up(carrier->last());
    world.expect_clean();
    EXPECT_EQ(world.sink.count(telephony::event_type::kConversationEnded), 1U);
}

TEST_F(Transfers, WhatCannotBeTransferredSaysWhy) {
    const auto code = [&](telephony::CallAction action) { return world.order(id, std::move(action)).error().code; };
    EXPECT_EQ(code(TransferCall{TransferTarget{.user = telephony::UserId("nobody")}}), ErrorCode::InvalidValue);
    EXPECT_EQ(code(TransferCall{TransferTarget{.user = telephony::UserId(std::string(kAgent))}}),
              ErrorCode::InvalidValue);
    EXPECT_EQ(code(TransferCall{TransferTarget{.address = "12x"}}), ErrorCode::InvalidValue);
    EXPECT_EQ(code(SpeakTo{}), ErrorCode::Conflict);
    world.add_user("agent-3", "");
    EXPECT_EQ(code(TransferCall{TransferTarget{.user = telephony::UserId("agent-3")}}), ErrorCode::Conflict);
    consult();
    EXPECT_EQ(code(to_number()), ErrorCode::Conflict) << "one transfer at a time";
    EXPECT_TRUE(world.order(id, telephony::EndCall{}).has_value());
    world.expect_clean();
}

TEST_F(Transfers, ReferIsABlindTransferAndIsToldHowItGoes) {
    alice->refer(alice->last(), "<sip:bob@dialplane.test>");
    world.run(5s);
    EXPECT_THAT(alice->last().notified, ElementsAre("SIP/2.0 100 Trying", "SIP/2.0 180 Ringing", "SIP/2.0 200 OK"));
    EXPECT_TRUE(talk(*bob, *carrier));
    EXPECT_TRUE(alice->last().ended);
    end();
}

TEST_F(Transfers, ReferToABusyTargetComesBackWithItsStatus) {
    bob_does(1s, 486);
    alice->refer(alice->last(), "<sip:bob@dialplane.test>");
    world.run(5s);
    EXPECT_EQ(alice->last().notified.back(), "SIP/2.0 486 Busy Here");
    EXPECT_TRUE(talk(*alice, *carrier));
    end();
}

TEST_F(Transfers, ReferToNobodyAndByACarrierLeadsNowhere) {
    alice->refer(alice->last(), "<sip:nobody@dialplane.test>");
    carrier->refer(carrier->last(), "<sip:bob@dialplane.test>");
    world.run(5s);
    EXPECT_EQ(bob->legs.size(), 0U);
    EXPECT_TRUE(carrier->last().notified.empty());
    EXPECT_EQ(alice->last().notified.size(), 2U);
    EXPECT_TRUE(talk(*alice, *carrier));
    end();
}

TEST_F(Transfers, ReferWithReplacesBringsTwoCallsTogether) {
    alice->hold(alice->last(), sdp::Direction::SendOnly);
    auto& second = alice->dial("bob", "dialplane.test", *Endpoint::parse(kServer), "secret-alice");
    world.run(3s);
    ASSERT_TRUE(second.answered);
    alice->refer(alice->legs.front(), "<sip:bob@dialplane.test?Replaces=" + alice->replaces(second) + ">");
    world.run(3s);
    EXPECT_EQ(alice->live_legs(), 0U);
    EXPECT_EQ(alice->legs.front().notified.back(), "SIP/2.0 200 OK");
    EXPECT_TRUE(talk(*bob, *carrier));
    EXPECT_EQ(world.status(id), "connected");
    EXPECT_EQ(world.shard->active_calls(), 1U);
    bob->hang_up(bob->last());
    world.expect_clean();
    EXPECT_EQ(world.sink.count(telephony::event_type::kConversationEnded), 2U);
}

TEST_F(Transfers, ReplacesOfACallThatIsNotThePhonesOwnIsRefused) {
    auto& stranger = carrier->dial("+15551230002", "10.0.0.1", *Endpoint::parse(kServer));
    world.run(3s);
    ASSERT_TRUE(stranger.answered);
    alice->refer(alice->last(), "<sip:bob@dialplane.test?Replaces=" + carrier->replaces(stranger) + ">");
    world.run(3s);
    EXPECT_TRUE(alice->last().notified.empty());
    EXPECT_EQ(world.shard->active_calls(), 2U);
    carrier->hang_up(stranger);
    carrier->hang_up(carrier->legs.front());
    world.expect_clean();
}

}  // namespace
}  // namespace dp::sim

#include "telephony/conversation/conversation.hpp"

#include <gtest/gtest.h>

#include "telephony/testing/example.hpp"

namespace dp::telephony {
namespace {

using enum ConversationStatus;

const WallTime kNow = testing::example_time();

Conversation fresh() {
    Conversation conversation;
    conversation.meta.version = 1;
    conversation.started = kNow;
    conversation.participants.emplace_back().communications.emplace_back();
    return conversation;
}

TEST(ConversationStatus, GoesForwardOnlyAndNeverOutOfAnEnd) {
    for (int from = 0; from <= static_cast<int>(Failed); ++from)
        for (int to = 0; to <= static_cast<int>(Failed); ++to) {
            const auto a = static_cast<ConversationStatus>(from);
            const bool expected = from < to && a != Disconnected;
            EXPECT_EQ(may_follow(a, static_cast<ConversationStatus>(to)), expected) << from << "→" << to;
        }
}

TEST(Conversation, StampsEachStepAndCountsVersions) {
    Conversation conversation = fresh();
    const auto at = [](int seconds) { return kNow + std::chrono::seconds(seconds); };
    ASSERT_TRUE(advance(conversation, Initiated, at(1)));
    ASSERT_TRUE(advance(conversation, Ringing, at(2)));
    ASSERT_TRUE(advance(conversation, Connected, at(3)));
    EXPECT_EQ(conversation.initiated, at(1));
    EXPECT_EQ(conversation.ringing, at(2));
    EXPECT_EQ(conversation.connected, at(3));
    EXPECT_EQ(conversation.meta.version, 4);
    EXPECT_EQ(advance(conversation, Ringing, at(4)).error().code, ErrorCode::Conflict);
}

TEST(Conversation, EndsOnceWithEveryLegThatIsStillUp) {
    Conversation conversation = fresh();
    ASSERT_TRUE(advance(conversation, Connected, kNow));
    ASSERT_TRUE(end(conversation, terminate(EndReason::RemoteHangup, Reached::Connected), kNow));
    EXPECT_EQ(conversation.status, Disconnected);
    const Communication& leg = conversation.participants[0].communications[0];
    EXPECT_EQ(leg.state, CommunicationState::Disconnected);
    EXPECT_EQ(leg.termination->reason, EndReason::RemoteHangup);
    EXPECT_EQ(end(conversation, terminate(EndReason::Busy, Reached::NotConnected), kNow).error().code,
              ErrorCode::Conflict);
    EXPECT_EQ(conversation.termination->reason, EndReason::RemoteHangup);
}

TEST(Conversation, ALegThatEndedEarlierKeepsItsOwnReason) {
    Conversation conversation = fresh();
    Communication& leg = conversation.participants[0].communications[0];
    leg.ended = kNow;
    leg.termination = terminate(EndReason::Busy, Reached::NotConnected, 486);
    ASSERT_TRUE(end(conversation, terminate(EndReason::NoTrunkAvailable, Reached::NotConnected), kNow));
    EXPECT_EQ(conversation.status, Failed);
    EXPECT_EQ(conversation.participants[0].communications[0].termination->reason, EndReason::Busy);
}

}  // namespace
}  // namespace dp::telephony

#include "api/notifications/topics.hpp"

#include <gtest/gtest.h>

#include <boost/json.hpp>

namespace dp::api {
namespace {

TEST(Topics, SingleAndCombinedFormsExpand) {
    EXPECT_EQ(expand_topic("v2.users.a.conversations.calls"),
              (std::vector<std::string>{"v2.users.a.conversations.calls"}));
    EXPECT_EQ(expand_topic("v2.users.a?conversations&station"),
              (std::vector<std::string>{"v2.users.a.conversations", "v2.users.a.station"}));
    EXPECT_EQ(expand_topic("v2.conversations.c-1").size(), 1U);
    for (const char* wrong : {"", "v2.users.a", "v2.users..station", "v2.users.a?conversations&nothing",
                              "v2.routing.queues.q", "v2.conversations."})
        EXPECT_TRUE(expand_topic(wrong).empty()) << wrong;
}

TEST(Topics, AUserFollowsItselfAndAClientEverybody) {
    Caller user;
    user.kind = CallerKind::ConsoleSession;
    user.user = telephony::UserId("john.doe");
    EXPECT_TRUE(may_follow(user, "v2.users.john.doe.conversations"));
    EXPECT_FALSE(may_follow(user, "v2.users.jane.conversations"));
    Caller client;
    client.kind = CallerKind::Token;
    EXPECT_FALSE(may_follow(client, "v2.users.jane.conversations"));
    client.scopes = {"conversations"};
    EXPECT_TRUE(may_follow(client, "v2.users.jane.conversations"));
}

TEST(Topics, AConversationReachesEachOfItsUsersOnce) {
    telephony::Conversation conversation;
    conversation.id = telephony::ConversationId("c-1");
    telephony::Participant agent;
    agent.user = telephony::UserId("a");
    conversation.participants = {agent, agent, telephony::Participant{}};
    const auto frames = frames_of(conversation);
    ASSERT_EQ(frames.size(), 3U);
    EXPECT_EQ(frames[0].topic, "v2.conversations.c-1");
    EXPECT_EQ(frames[2].topic, "v2.users.a.conversations.calls");
    const auto frame = boost::json::parse(frames[2].text).as_object();
    EXPECT_EQ(frame.at("version"), "2");
    EXPECT_EQ(frame.at("eventBody").at("status"), "queued");
}

}  // namespace
}  // namespace dp::api

#include "telephony/identity/role.hpp"

#include <gtest/gtest.h>

#include "telephony/config/role_grants.hpp"
#include "telephony/testing/example.hpp"

namespace dp::telephony {
namespace {

TEST(Permissions, AWildcardCoversWhatIsBelowIt) {
    EXPECT_TRUE(covers("telephony:phoneNumber:edit", "telephony:phoneNumber:edit"));
    EXPECT_TRUE(covers("telephony:*:*", "telephony:phoneNumber:edit"));
    EXPECT_TRUE(covers("*:*:*", "oauth:client:add"));
    EXPECT_TRUE(covers("telephony:phoneNumber:all", "telephony:phoneNumber:view"));
    EXPECT_FALSE(covers("telephony:phoneNumber:view", "telephony:phoneNumber:edit"));
    EXPECT_FALSE(covers("telephony:*:view", "telephony:phoneNumber:edit"));
    EXPECT_FALSE(covers("telephony:*:*", "oauth:client:add"));
}

TEST(Permissions, AWildcardThatIsWantedNeedsOneThatIsGranted) {
    EXPECT_FALSE(covers("telephony:phoneNumber:edit", "telephony:phoneNumber:*"));
    EXPECT_FALSE(covers("telephony:phoneNumber:all", "telephony:phoneNumber:*"));
    EXPECT_FALSE(covers("telephony:*:*", "*:*:*"));
    EXPECT_TRUE(covers("telephony:*:*", "telephony:phoneNumber:*"));
}

TEST(Permissions, WhatIsNoPermissionIsNeverCovered) {
    for (const char* odd : {"", "telephony", "telephony:plugin", ":", "::"}) EXPECT_FALSE(covers("*:*:*", odd)) << odd;
}

TEST(Permissions, TheBuiltInRolesNameKnownPermissionsOnly) {
    for (const Role& role : built_in_roles())
        for (const auto& policy : role.policies)
            for (const auto& action : policy.actions)
                EXPECT_TRUE(is_known_permission(policy.domain, policy.entity, action))
                    << role.name << " " << policy.domain << ":" << policy.entity << ":" << action;
    EXPECT_FALSE(is_known_permission("telephony", "phoneNumbers", "view"));
    EXPECT_FALSE(is_known_permission("*", "*", "view"));
}

TEST(Roles, AUserHoldsWhatTheirRolesGive) {
    testing::Example example;
    const auto may = [&](std::string_view permission) {
        return has_permission(example.config(), *example.config().user(testing::kJohn), permission);
    };
    EXPECT_TRUE(may("conversation:call:add"));
    EXPECT_FALSE(may("telephony:plugin:all"));
    example.change<User>(testing::kJohn, [](User& user) { user.roles = {RoleId(std::string(kTelephonyManagerRole))}; });
    EXPECT_TRUE(may("telephony:plugin:all"));
    EXPECT_TRUE(may("telephony:phoneNumber:edit"));
    example.change<User>(testing::kJohn, [](User& user) { user.roles = {RoleId("nowhere")}; });
    EXPECT_FALSE(may("telephony:plugin:all"));
}

}  // namespace
}  // namespace dp::telephony

#include "telephony/seed/example_organization.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/crypto.hpp"
#include "telephony/config/rules.hpp"
#include "telephony/testing/example.hpp"

namespace dp::telephony {
namespace {

using testing::Example;

TEST(ExampleOrganization, HoldsWhatTheSeedsReferTo) {
    const Example example;
    const auto& config = example.config();
    EXPECT_NE(config.user(UserId("user-agent-48291")), nullptr);
    EXPECT_EQ(config.user(UserId("a1b2c3d4-e5f6-7890-abcd-ef1234567890"))->name, "John Doe");
    EXPECT_NE(config.trunk(TrunkId("sip-trunk-acme-us-east")), nullptr);
    EXPECT_NE(config.find<Queue>(QueueId("queue-inbound-sales")), nullptr);
    EXPECT_NE(config.find<CallFlow>(CallFlowId("cf-inbound-ivr-main")), nullptr);
    EXPECT_NE(config.find<Location>(LocationId("us_east_1")), nullptr);
    EXPECT_NE(config.network_configuration(NetworkConfigurationId("web-rtc-nat-config-01")), nullptr);
    EXPECT_NE(config.network_configuration(NetworkConfigurationId("sofia-nat-config-01")), nullptr);
    EXPECT_EQ(config.base_settings(PhoneBaseSettingsId("Support_WebRTC_Standard"))->name, "Support_WebRTC_Standard");
    EXPECT_EQ(config.number_by_e164("+15551234567")->state, NumberState::Active);
    EXPECT_TRUE(config.settings_of(testing::kJohn)->web_rtc.dial_rules.empty());
    std::vector<std::string_view> codecs;
    for (const Codec codec : config.sip_profile(example.secrets.sip_profile)->codecs)
        codecs.push_back(name_of(codec, CodecSpelling::Trunk));
    EXPECT_EQ(codecs, (std::vector<std::string_view>{"G711u", "G711a", "G729", "Opus", "GSM"}));
}

TEST(ExampleOrganization, HoldsNothingThatAPrintedPayloadCreates) {
    const Example example;
    EXPECT_EQ(example.config().number_by_e164("+14155552671"), nullptr);
    EXPECT_EQ(example.config().number_by_e164("+14155550100"), nullptr);
    example.config().all<Trunk>().for_each(
        [](const Ptr<Trunk>& trunk) { EXPECT_NE(trunk->name, "Automated-Connect-Trunk"); });
}

TEST(ExampleOrganization, ObeysItsOwnRules) {
    const Example example;
    for (Put& put : testing::example_organization().unit.puts) {
        auto checked = check_rules(example.config(), put.entity);
        EXPECT_TRUE(checked) << id_of(put.entity) << ": " << checked.error().detail;
    }
}

TEST(ExampleOrganization, TellsSecretsOnceAndKeepsOnlyWhatVerifiesThem) {
    const Example example;
    const auto& shown = example.secrets;
    const auto client = example.snapshot()->oauth_client(OAuthClientId(shown.oauth_client_id));
    EXPECT_EQ(client->secret_sha256, secret_digest(shown.oauth_client_secret));
    EXPECT_TRUE(
        crypto::verify_password(example.snapshot()->console_login("admin")->password_argon2id, shown.console_password));
    for (const std::string& secret :
         {shown.oauth_client_secret, shown.api_key, shown.console_password, shown.agents[0].sip_password}) {
        EXPECT_GE(secret.size(), 43U);
        EXPECT_TRUE(std::ranges::all_of(secret, [](char c) {
            return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
        }));
    }
    EXPECT_EQ(shown.agents[0].user, testing::kJohn) << "the agent of seed 3 first";
    EXPECT_EQ(shown.agents[0].caller_id, "+15551234567");
    EXPECT_EQ(example.config().trunk(testing::kAcme)->registration.username, "acme");
}

TEST(ExampleOrganization, ItsClientOwnsEveryScopeOfTheSeeds) {
    const Example example;
    for (const char* scope :
         {"telephony:phone-number:view", "telephony:phone-number:edit", "telephony:user-settings:edit",
          "telephony:web-r-t-c:view", "telephony:edge:write", "telephony:edge:read", "telephony:sipprofile:read",
          "webhook:write", "analytics:events:query", "conversation:call:write", "user:read", "user:read:me"})
        EXPECT_TRUE(std::ranges::find(example.secrets.oauth_scopes, scope) != example.secrets.oauth_scopes.end())
            << scope;
}

}  // namespace
}  // namespace dp::telephony

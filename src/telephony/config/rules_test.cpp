#include "telephony/config/rules.hpp"

#include <gtest/gtest.h>

#include "telephony/testing/example.hpp"

namespace dp::telephony {
namespace {

using testing::Example;
using testing::kAcme;
using testing::kJohn;

Error error_of(const Example& example, const Entity& entity) {
    auto checked = check_rules(example.config(), entity);
    return checked ? Error{.code = ErrorCode::Internal, .detail = "accepted", .field = {}} : checked.error();
}

// seed 1, "Automated-Connect-Trunk".
Trunk seed_trunk() {
    Trunk trunk;
    trunk.id = TrunkId("automated-connect-trunk");
    trunk.name = "Automated-Connect-Trunk";
    trunk.edge_group = EdgeGroupId("edge-group-us-east");
    trunk.sip_profile = SipProfileId("sip-profile-standard");
    trunk.max_concurrent_sessions = 500;
    trunk.codecs = {Codec::Pcmu, Codec::G729, Codec::Opus};
    trunk.registration = {.type = RegistrationType::Register,
                          .host = "sip.carrier.example.com",
                          .port = 5060,
                          .username = "trunk_user_01",
                          .password = {}};
    return trunk;
}

TEST(TrunkRules, AcceptTheSeedsTrunk) {
    EXPECT_TRUE(check_rules(Example().config(), seed_trunk()));
}

struct TrunkCase {
    const char* name;
    void (*spoil)(Trunk&);
    ErrorCode code;
    const char* field;
};

class BrokenTrunk : public ::testing::TestWithParam<TrunkCase> {};

TEST_P(BrokenTrunk, IsRefusedNamingTheField) {
    const Example example;
    Trunk trunk = seed_trunk();
    GetParam().spoil(trunk);
    const Error error = error_of(example, trunk);
    EXPECT_EQ(error.code, GetParam().code);
    EXPECT_EQ(error.field, GetParam().field);
    EXPECT_NE(error.detail.find('.'), std::string::npos) << "a full sentence";
}

INSTANTIATE_TEST_SUITE_P(
    Seed1, BrokenTrunk,
    ::testing::Values(TrunkCase{"NoName", [](Trunk& t) { t.name.clear(); }, ErrorCode::MissingField, "name"},
                      TrunkCase{"NoGroup", [](Trunk& t) { t.edge_group = {}; }, ErrorCode::MissingField, "edgeGroupId"},
                      TrunkCase{"NoProfile", [](Trunk& t) { t.sip_profile = {}; }, ErrorCode::MissingField,
                                "sipProfileId"},
                      TrunkCase{"ZeroSessions", [](Trunk& t) { t.max_concurrent_sessions = 0; },
                                ErrorCode::InvalidValue, "maxConcurrentSessions"},
                      TrunkCase{"TooManySessions", [](Trunk& t) { t.max_concurrent_sessions = 2001; },
                                ErrorCode::InvalidValue, "maxConcurrentSessions"},
                      TrunkCase{"NoHost", [](Trunk& t) { t.registration.host.clear(); }, ErrorCode::MissingField,
                                "registration.host"},
                      TrunkCase{"HostileHost", [](Trunk& t) { t.registration.host = "a;b@c"; }, ErrorCode::InvalidValue,
                                "registration.host"},
                      TrunkCase{"HostileUser", [](Trunk& t) { t.registration.username = "a\r\nVia: x"; },
                                ErrorCode::InvalidValue, "registration.username"},
                      TrunkCase{"UnknownGroup", [](Trunk& t) { t.edge_group = EdgeGroupId("nowhere"); },
                                ErrorCode::InvalidValue, "edgeGroupId"},
                      TrunkCase{"ProbeTooOften", [](Trunk& t) { t.health_probe.interval = std::chrono::seconds(0); },
                                ErrorCode::InvalidValue, "healthProbe.intervalSeconds"}),
    [](const auto& info) { return info.param.name; });

TEST(TrunkRules, SessionLimitsAreInclusive) {
    const Example example;
    for (const int sessions : {1, 2000}) {
        Trunk trunk = seed_trunk();
        trunk.max_concurrent_sessions = sessions;
        EXPECT_TRUE(check_rules(example.config(), trunk)) << sessions;
    }
}

TEST(TrunkRules, TheSameHostAndUserInTheSameGroupIsADuplicateThatNamesTheOther) {
    Example example;
    example.put(seed_trunk());
    Trunk second = seed_trunk();
    second.id = TrunkId("second");
    second.registration.host = "SIP.carrier.example.com";
    const Error error = error_of(example, second);
    EXPECT_EQ(error.code, ErrorCode::Duplicate);
    EXPECT_EQ(error.field, "automated-connect-trunk");
    EXPECT_TRUE(check_rules(example.config(), seed_trunk())) << "replacing it is no duplicate";
    second.registration.port = 5070;
    EXPECT_EQ(error_of(example, second).code, ErrorCode::Duplicate) << "an account is the same on every port";
    second.registration.username = "trunk_user_02";
    EXPECT_TRUE(check_rules(example.config(), second));
}

TEST(TrunkRules, WhereNothingRegistersThePortTellsTwoPeersApart) {
    Example example;
    Trunk first = seed_trunk();
    first.registration = {
        .type = RegistrationType::None, .host = "10.0.0.1", .port = 5060, .username = {}, .password = {}};
    example.put(first);
    Trunk second = first;
    second.id = TrunkId("second");
    EXPECT_EQ(error_of(example, second).code, ErrorCode::Duplicate);
    second.registration.port = 5062;
    EXPECT_TRUE(check_rules(example.config(), second));
}

TEST(TrunkRules, ACodecMustBeInTheProfileAndIsNamed) {
    Example example;
    SipProfile narrow = *example.config().sip_profile(SipProfileId("sip-profile-standard"));
    narrow.codecs = {Codec::Pcmu};
    example.put(narrow);
    const Error error = error_of(example, seed_trunk());
    EXPECT_EQ(error.code, ErrorCode::InvalidValue);
    EXPECT_EQ(error.field, "codecs");
    EXPECT_NE(error.detail.find("G729"), std::string::npos);
}

TEST(TrunkRules, ACodecThatTheSeedHasNoNameForNeedsNoProfile) {
    const Example example;
    Trunk trunk = seed_trunk();
    trunk.codecs = {Codec::G722, Codec::Pcmu};
    EXPECT_TRUE(check_rules(example.config(), trunk));
}

// seed 0, section 1.
Number seed_number() {
    Number number;
    number.id = NumberId("n1");
    number.e164 = "+14155552671";
    number.provider = kAcme.str();
    number.location = LocationId("us_east_1");
    number.routing = NumberRouting{.kind = RoutingKind::Queue,
                                   .id = "queue-inbound-sales",
                                   .display_name = "Sales Inbound Line",
                                   .routing_type = {},
                                   .callflow = {}};
    return number;
}

TEST(NumberRules, AcceptTheSeedsNumberAndItsReassignment) {
    const Example example;
    Number number = seed_number();
    EXPECT_TRUE(check_rules(example.config(), number));
    number.routing = NumberRouting{.kind = RoutingKind::User,
                                   .id = "user-agent-48291",
                                   .display_name = "Agent Direct Line",
                                   .routing_type = "direct",
                                   .callflow = CallFlowId("cf-inbound-ivr-main")};
    EXPECT_TRUE(check_rules(example.config(), number));
}

TEST(NumberRules, RefuseUnknownReferencesAndForeignTypes) {
    Example example;
    const auto field_when = [&](auto spoil) {
        Number number = seed_number();
        spoil(number);
        return error_of(example, number).field;
    };
    EXPECT_EQ(field_when([](Number& n) { n.provider = "nobody"; }), "providerId");
    EXPECT_EQ(field_when([](Number& n) { n.location = LocationId("nowhere"); }), "locationId");
    EXPECT_EQ(field_when([](Number& n) { n.routing->id = "no-queue"; }), "routing.id");
    EXPECT_EQ(field_when([](Number& n) { n.routing->callflow = CallFlowId("no-flow"); }), "routing.callflowId");
    EXPECT_EQ(field_when([](Number& n) { n.e164 = "4155552671"; }), "number");
    example.change<Trunk>(kAcme, [](Trunk& trunk) { trunk.number_types = {NumberType::Sip}; });
    EXPECT_EQ(field_when([](Number&) {}), "type");
}

TEST(NumberRules, AValueIsTakenWhileItsNumberLives) {
    Example example;
    example.put(seed_number());
    Number again = seed_number();
    again.id = NumberId("n2");
    EXPECT_EQ(error_of(example, again).code, ErrorCode::Duplicate);
    EXPECT_EQ(error_of(example, again).field, "n1");
    example.change<Number>(NumberId("n1"), [](Number& n) { n.state = NumberState::Rejected; });
    EXPECT_TRUE(check_rules(example.config(), again));
}

TEST(PhoneRules, APhoneNeedsBaseSettingsAndASite) {
    const Example example;
    Phone phone = *example.config().phone(PhoneId("phone-john.doe"));
    EXPECT_TRUE(check_rules(example.config(), phone));
    phone.base_settings = {};
    EXPECT_EQ(error_of(example, phone).field, "phoneBaseSettings.id");
    phone.base_settings = PhoneBaseSettingsId("gone");
    EXPECT_EQ(error_of(example, phone).code, ErrorCode::InvalidValue);
}

TEST(BaseSettingsRules, DscpIsSixBits) {
    const Example example;
    PhoneBaseSettings settings;
    settings.id = PhoneBaseSettingsId("Sales_WebRTC_Remote");
    settings.name = "Sales_WebRTC_Remote";
    settings.transport_dscp = settings.media_dscp = 63;
    EXPECT_TRUE(check_rules(example.config(), settings));
    settings.media_dscp = 64;
    EXPECT_EQ(error_of(example, settings).field, "mediaDscp");
}

TEST(SettingsRules, AcceptTheSeedsSettingsAndNameABrokenPattern) {
    const Example example;
    UserTelephonySettings settings;
    settings.id = testing::kAgent48291;
    settings.web_rtc.dial_rules = {{"^\\+1.*", "9", "Long distance prefix"},
                                   {"^\\d{7,10}$", "+1415", "Local number normalization"}};
    settings.web_rtc.network_config = NetworkConfigurationId("web-rtc-nat-config-01");
    settings.web_rtc.stun_servers = {"stun:stun.l.google.com:19302", "stun:stun1.l.google.com:19302"};
    settings.sofia.network_config = NetworkConfigurationId("sofia-nat-config-01");
    EXPECT_TRUE(check_rules(example.config(), settings));
    settings.web_rtc.dial_rules[1].pattern = "(";
    EXPECT_EQ(error_of(example, settings).field, "webRtc.dialRules[1].pattern");
    settings.web_rtc.dial_rules.pop_back();
    settings.web_rtc.stun_servers = {"http://x"};
    EXPECT_EQ(error_of(example, settings).field, "webRtc.stunServers[0]");
    settings.web_rtc.stun_servers.clear();
    settings.sofia.network_config = NetworkConfigurationId("gone");
    EXPECT_EQ(error_of(example, settings).field, "sofia.networkConfigId");
}

TEST(Removal, WhatIsInUseStaysAndTheAnswerNamesTheUser) {
    const Example example;
    const auto blocked_by = [&](EntityType type, const char* id) {
        auto checked = check_removable(example.config(), type, id);
        return checked ? std::string("nothing") : checked.error().detail;
    };
    EXPECT_NE(blocked_by(EntityType::PhoneBaseSettings, "Support_WebRTC_Standard").find("phone '"), std::string::npos);
    EXPECT_NE(blocked_by(EntityType::Trunk, "sip-trunk-acme-us-east").find("number '"), std::string::npos);
    EXPECT_NE(blocked_by(EntityType::Site, "site-us-east").find("organization '"), std::string::npos);
    EXPECT_NE(blocked_by(EntityType::SipProfile, "sip-profile-standard").find("edge '"), std::string::npos);
    EXPECT_NE(blocked_by(EntityType::Queue, "queue-inbound-sales").find("number-main-line"), std::string::npos);
    EXPECT_EQ(blocked_by(EntityType::CallFlow, "cf-inbound-ivr-main"), "nothing");
    EXPECT_EQ(blocked_by(EntityType::Phone, "phone-john.doe"), "nothing");
}

TEST(Removal, EachUserIsNamedOnce) {
    const Example example;
    std::size_t roles = 0;
    example.config().all<OAuthClient>().for_each([&](const Ptr<OAuthClient>& client) {
        for (const auto& role : client->roles) {
            ++roles;
            auto checked = check_removable(example.config(), EntityType::Role, role.str());
            ASSERT_FALSE(checked);
            const std::string& said = checked.error().detail;
            const auto first = said.find(client->id.str());
            EXPECT_NE(first, std::string::npos) << said;
            EXPECT_EQ(said.find(client->id.str(), first + 1), std::string::npos) << said;
        }
    });
    EXPECT_GT(roles, 0U);
}

TEST(OrganizationRules, TheSipDomainNeverChanges) {
    const Example example;
    Organization organization = example.config().organization();
    EXPECT_TRUE(check_rules(example.config(), organization));
    organization.sip_domain = "else.test";
    EXPECT_EQ(error_of(example, organization).field, "sipDomain");
}

}  // namespace
}  // namespace dp::telephony

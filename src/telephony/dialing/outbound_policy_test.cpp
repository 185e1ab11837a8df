#include "telephony/dialing/outbound_policy.hpp"

#include <gtest/gtest.h>

#include "telephony/dialing/dial_rules.hpp"
#include "telephony/testing/example.hpp"

namespace dp::telephony {
namespace {

using testing::Example;
using testing::kAgent48291;
using testing::kJohn;

// seed 3, "Raw API Payload Example".
PlaceCall seed_call() {
    PlaceCall call;
    call.agent = kJohn;
    call.agent_name = "John Doe";
    call.caller_id = "+15551234567";
    call.destination = "+15559876543";
    call.type = "pstn";
    return call;
}

Error refusal(const Example& example, const PlaceCall& call) {
    auto checked = check_outbound(example.config(), call);
    return checked ? Error{.code = ErrorCode::Internal, .detail = "accepted", .field = {}} : checked.error();
}

void give_rules(Example& example, const UserId& user) {
    // seed 0, section 3.
    example.change<UserTelephonySettings>(user, [](UserTelephonySettings& settings) {
        settings.web_rtc.dial_rules = {{"^\\+1.*", "9", "Long distance prefix"},
                                       {"^\\d{7,10}$", "+1415", "Local number normalization"}};
    });
}

TEST(OutboundPolicy, AcceptsTheSeedsCall) {
    const Example example;
    const auto call = check_outbound(example.config(), seed_call());
    ASSERT_TRUE(call) << call.error().detail;
    EXPECT_EQ(call->caller_id, "+15551234567");
    EXPECT_EQ(call->caller_id_source, CallerIdSource::Asked);
    EXPECT_EQ(call->caller_name, "John Doe");
    EXPECT_EQ(call->destination, "+15559876543");
    EXPECT_EQ(call->dialed, "+15559876543") << "this agent has no dial rules";
    EXPECT_EQ(call->destination_class, DestinationClass::National);
    EXPECT_EQ(call->phones.size(), 1U);
}

TEST(OutboundPolicy, NamesTheFieldOfWhatIsMissingOrMalformed) {
    const Example example;
    struct Case {
        void (*spoil)(PlaceCall&);
        ErrorCode code;
        const char* field;
    };
    const Case cases[] = {
        {[](PlaceCall& c) { c.type.clear(); }, ErrorCode::MissingField, "type"},
        {[](PlaceCall& c) { c.type = "sip"; }, ErrorCode::InvalidValue, "type"},
        {[](PlaceCall& c) { c.agent = {}; }, ErrorCode::MissingField, "from.id"},
        {[](PlaceCall& c) { c.agent = UserId("nobody"); }, ErrorCode::InvalidValue, "from.id"},
        {[](PlaceCall& c) { c.destination.clear(); }, ErrorCode::MissingField, "to.phoneNumber"},
        {[](PlaceCall& c) { c.destination = "5559876543"; }, ErrorCode::InvalidValue, "to.phoneNumber"},
        {[](PlaceCall& c) { c.destination = "+1555;evil"; }, ErrorCode::InvalidValue, "to.phoneNumber"},
        {[](PlaceCall& c) { c.caller_id = "5551234567"; }, ErrorCode::InvalidValue, "from.phoneNumber"},
    };
    for (const Case& each : cases) {
        PlaceCall call = seed_call();
        each.spoil(call);
        const Error error = refusal(example, call);
        EXPECT_EQ(error.code, each.code) << error.detail;
        EXPECT_EQ(error.field, each.field) << error.detail;
    }
}

TEST(OutboundPolicy, TheFieldIsNamedAsTheCallerSpelledIt) {
    const Example example;
    PlaceCall call = seed_call();
    call.destination = "nonsense";
    call.destination_field = "to.id";
    EXPECT_EQ(refusal(example, call).field, "to.id");
}

TEST(OutboundPolicy, AnInactiveAgentIsNoUser) {
    Example example;
    example.change<User>(kJohn, [](User& user) { user.state = UserState::Inactive; });
    EXPECT_EQ(refusal(example, seed_call()).field, "from.id");
}

TEST(CallerId, MustBeOwnedActiveAndAssignedOrPermitted) {
    Example example;
    PlaceCall call = seed_call();
    const auto why = [&] {
        const Error error = refusal(example, call);
        EXPECT_EQ(error.code, ErrorCode::Forbidden) << error.detail;
        EXPECT_EQ(error.field, "from.phoneNumber");
        return error.detail;
    };
    call.caller_id = "+15550000000";
    EXPECT_NE(why().find("caller_id_not_owned"), std::string::npos);
    call.caller_id = "+15551248291";
    EXPECT_NE(why().find("caller_id_not_permitted"), std::string::npos) << "it is the other agent's";
    call.caller_id = "+15551234567";
    example.change<Number>(NumberId("number-john-doe"), [](Number& n) { n.state = NumberState::Provisioning; });
    EXPECT_NE(why().find("caller_id_not_active"), std::string::npos);
}

TEST(CallerId, ThePermissionAllowsOthersNumbers) {
    Example example;
    example.change<User>(kJohn, [](User& user) { user.permissions = {kPermissionUseAnyCallerId}; });
    PlaceCall call = seed_call();
    call.caller_id = "+15551248291";
    EXPECT_TRUE(check_outbound(example.config(), call));
}

TEST(CallerId, TheSitesOwnMayBeShownByItsAgents) {
    const Example example;
    PlaceCall call = seed_call();
    call.caller_id = "+15551230000";
    EXPECT_TRUE(check_outbound(example.config(), call));
}

TEST(CallerId, DefaultsToTheUsersThenTheSites) {
    Example example;
    PlaceCall call = seed_call();
    call.caller_id.clear();
    EXPECT_EQ(check_outbound(example.config(), call)->caller_id, "+15551234567");
    example.change<Number>(NumberId("number-john-doe"), [](Number& n) { n.routing.reset(); });
    auto checked = check_outbound(example.config(), call);
    EXPECT_EQ(checked->caller_id, "+15551230000");
    EXPECT_EQ(checked->caller_id_source, CallerIdSource::Site);
    example.change<Site>(SiteId("site-us-east"), [](Site& site) { site.caller_id.clear(); });
    EXPECT_EQ(check_outbound(example.config(), call)->caller_id_source, CallerIdSource::None);
}

TEST(DialRules, FirstMatchWinsAndItsPrefixIsPutInFront) {
    Example example;
    give_rules(example, kAgent48291);
    PlaceCall call = seed_call();
    call.agent = kAgent48291;
    call.caller_id = "+15551248291";
    auto checked = check_outbound(example.config(), call);
    EXPECT_EQ(checked->dialed, "9+15559876543");
    EXPECT_EQ(checked->dial_rule, 0U);
    EXPECT_EQ(checked->destination, "+15559876543") << "records keep the number itself";
    call.destination = "5552671";
    checked = check_outbound(example.config(), call);
    EXPECT_EQ(checked->dialed, "+14155552671");
    EXPECT_EQ(checked->dial_rule, 1U);
    call.destination = "+4930123456";
    EXPECT_EQ(check_outbound(example.config(), call)->dialed, "+4930123456") << "no rule, but E.164";
    call.destination = "123";
    EXPECT_EQ(refusal(example, call).code, ErrorCode::InvalidValue) << "neither a rule nor E.164";
}

TEST(DialRules, AreThoseOfTheSipEndpointWhenTheBrowserPhoneIsOff) {
    Example example;
    example.change<UserTelephonySettings>(kJohn, [](UserTelephonySettings& settings) {
        settings.web_rtc.enabled = false;
        settings.web_rtc.dial_rules = {{"^\\+", "9", ""}};
        settings.sofia.dial_rules = {{"^\\+", "0", ""}};
    });
    EXPECT_EQ(check_outbound(example.config(), seed_call())->dialed, "0+15559876543");
}

TEST(DialRules, NothingThatCouldLeaveASipAddressReachesARule) {
    Example example;
    example.change<UserTelephonySettings>(kJohn,
                                          [](UserTelephonySettings& s) { s.web_rtc.dial_rules = {{".*", "", ""}}; });
    for (const char* hostile : {"100;phone-context=x", "1@evil.test", "1\r\nVia: x", "1?Header=x", "sip:1", "%0d%0a"}) {
        PlaceCall call = seed_call();
        call.destination = hostile;
        EXPECT_EQ(refusal(example, call).code, ErrorCode::InvalidValue) << hostile;
    }
    PlaceCall call = seed_call();
    call.destination = "100";
    EXPECT_EQ(check_outbound(example.config(), call)->dialed, "100") << "a rule may allow short numbers";
}

TEST(DialRules, PatternsAreBoundedInLengthAndTakeLinearTime) {
    EXPECT_TRUE(check_pattern("^\\+1.*", "p"));
    EXPECT_EQ(check_pattern(std::string(257, 'a'), "p").error().field, "p");
    EXPECT_FALSE(check_pattern("(?=a)", "p")) << "no look-ahead";
    EXPECT_FALSE(check_pattern("(((((((((((a{1,1000}){1,1000}", "p"));
    // Exponential for a backtracking matcher.
    EXPECT_FALSE(pattern_matches("^(1+)+$", std::string(31, '1') + "x"));
}

TEST(Emergency, IsRecognisedBeforeAnyRuleAndRefusedWithoutARoute) {
    Example example;
    give_rules(example, kJohn);
    PlaceCall call = seed_call();
    call.destination = "911";
    const Error error = refusal(example, call);
    EXPECT_EQ(error.code, ErrorCode::InvalidValue);
    EXPECT_NE(error.detail.find("emergency route"), std::string::npos);
    example.change<Site>(SiteId("site-us-east"), [](Site& site) {
        site.outbound_routes.push_back({"route-emergency",
                                        "Emergency",
                                        true,
                                        {DestinationClass::Emergency},
                                        RouteDistribution::Sequential,
                                        {testing::kAcme}});
    });
    const auto checked = check_outbound(example.config(), call);
    ASSERT_TRUE(checked) << checked.error().detail;
    EXPECT_EQ(checked->dialed, "911");
    EXPECT_EQ(checked->destination_class, DestinationClass::Emergency);
}

TEST(Normalisation, ANumberPlanWritesWhatIsDialledUnlessTheAgentsOwnRuleDoes) {
    Example example;
    example.change<Site>(SiteId("site-us-east"), [](Site& site) {
        site.number_plans = {
            {"plan-german", "German", R"(^0(\d{5,12})$)", DestinationClass::International, "", "+49$1"}};
    });
    PlaceCall call = seed_call();
    call.destination = "030123456";
    const auto checked = check_outbound(example.config(), call);
    ASSERT_TRUE(checked) << checked.error().detail;
    EXPECT_EQ(checked->destination, "030123456");
    EXPECT_EQ(checked->dialed, "+4930123456");
    EXPECT_EQ(checked->destination_class, DestinationClass::International);
    call.destination = "123";
    EXPECT_EQ(refusal(example, call).code, ErrorCode::InvalidValue) << "no plan matches";
}

TEST(Normalisation, AFormatMayAskForGroupsThatThereAreOnly) {
    EXPECT_EQ(rewritten("^(1)(2)", "$2$1\\$", "12"), "21\\$");
    EXPECT_TRUE(check_format("^(1)$", "+$1$0", "x"));
    EXPECT_FALSE(check_format("^(1)$", "$2", "x"));
}

TEST(Classification, FollowsTheSitesNumberPlans) {
    const Example example;
    const auto site = example.config().site(SiteId("site-us-east"));
    EXPECT_EQ(classify(example.config(), site.get(), "+15559876543"), DestinationClass::National);
    EXPECT_EQ(classify(example.config(), site.get(), "+4930123456"), DestinationClass::International);
    EXPECT_EQ(classify(example.config(), site.get(), "4711"), DestinationClass::Extension);
    EXPECT_EQ(classify(example.config(), site.get(), "112"), DestinationClass::Emergency);
}

}  // namespace
}  // namespace dp::telephony

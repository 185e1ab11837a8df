#include "telephony/dialing/router.hpp"

#include <gtest/gtest.h>

#include <map>

#include "telephony/testing/example.hpp"

namespace dp::telephony {
namespace {

using testing::Example;
using testing::kAcme;
using testing::kJohn;

class Conditions final : public TrunkConditions {
public:
    TrunkCondition of(const TrunkId& trunk) const override {
        const auto found = now.find(trunk);
        return found == now.end() ? TrunkCondition{RegistrationState::Registered, TrunkHealth::Up, 0} : found->second;
    }
    std::map<TrunkId, TrunkCondition> now;
};

const TrunkId kBackup{"trunk-backup"};

Trunk backup_trunk() {
    Trunk trunk;
    trunk.id = kBackup;
    trunk.name = "Backup";
    trunk.edge_group = EdgeGroupId("edge-group-us-east");
    trunk.sip_profile = SipProfileId("sip-profile-standard");
    trunk.registration = {.type = RegistrationType::None, .host = {}, .port = 5060, .username = {}, .password = {}};
    trunk.gateways = {{"gw2.test", 5061, 2}, {"gw1.test", 5060, 1}};
    return trunk;
}

OutboundCall call_in(const Example& example, DestinationClass destination = DestinationClass::National) {
    OutboundCall call;
    call.site = example.config().site(SiteId("site-us-east"));
    call.destination_class = destination;
    return call;
}

std::vector<std::string> hosts(const RoutePlan& plan) {
    std::vector<std::string> out;
    for (const auto& choice : plan.gateways) out.push_back(choice.gateway.host);
    return out;
}

TrunkVerdict verdict_of(const RoutePlan& plan, const TrunkId& trunk) {
    for (const auto& each : plan.considered)
        if (each.trunk == trunk) return each.verdict;
    return TrunkVerdict::Missing;
}

TEST(Router, TriesEveryUsableTrunkByNameAndItsGatewaysByPriority) {
    Example example;
    example.put(backup_trunk());
    const auto plan = plan_route(example.config(), call_in(example), Conditions(), 0);
    EXPECT_EQ(hosts(plan), (std::vector<std::string>{"carrier.dialplane.test", "gw1.test", "gw2.test"}));
    EXPECT_EQ(plan.gateways[0].codecs, (CodecList{Codec::Opus, Codec::Pcmu, Codec::Pcma}));
    EXPECT_EQ(plan.gateways[1].codecs.size(), 5U) << "without its own, the profile's";
    EXPECT_EQ(plan.considered[0].route, "Default Outbound Route");
}

struct VerdictCase {
    const char* name;
    void (*arrange)(Trunk&, TrunkCondition&);
    TrunkVerdict verdict;
};

class RouterVerdict : public ::testing::TestWithParam<VerdictCase> {};

TEST_P(RouterVerdict, IsExplained) {
    Example example;
    Conditions conditions;
    TrunkCondition condition{RegistrationState::Registered, TrunkHealth::Up, 0};
    example.change<Trunk>(kAcme, [&](Trunk& trunk) { GetParam().arrange(trunk, condition); });
    conditions.now[kAcme] = condition;
    const auto plan = plan_route(example.config(), call_in(example), conditions, 0);
    EXPECT_EQ(verdict_of(plan, kAcme), GetParam().verdict);
    EXPECT_EQ(plan.gateways.empty(), GetParam().verdict != TrunkVerdict::Usable);
}

INSTANTIATE_TEST_SUITE_P(
    Table, RouterVerdict,
    ::testing::Values(
        VerdictCase{"Usable", [](Trunk&, TrunkCondition&) {}, TrunkVerdict::Usable},
        VerdictCase{"HealthUnknown", [](Trunk&, TrunkCondition& c) { c.health = TrunkHealth::Unknown; },
                    TrunkVerdict::Usable},
        VerdictCase{"Disabled", [](Trunk& t, TrunkCondition&) { t.enabled = false; }, TrunkVerdict::Disabled},
        VerdictCase{"Registering", [](Trunk&, TrunkCondition& c) { c.registration = RegistrationState::Registering; },
                    TrunkVerdict::NotRegistered},
        VerdictCase{"RegistrationFailed", [](Trunk&, TrunkCondition& c) { c.registration = RegistrationState::Failed; },
                    TrunkVerdict::NotRegistered},
        VerdictCase{"NoRegistrationNeeded",
                    [](Trunk& t, TrunkCondition& c) {
                        t.registration.type = RegistrationType::None;
                        c.registration = RegistrationState::NotNeeded;
                    },
                    TrunkVerdict::Usable},
        VerdictCase{"Down", [](Trunk&, TrunkCondition& c) { c.health = TrunkHealth::Down; }, TrunkVerdict::Down},
        VerdictCase{"AtLimit",
                    [](Trunk& t, TrunkCondition& c) {
                        t.max_concurrent_sessions = 3;
                        c.sessions = 3;
                    },
                    TrunkVerdict::AtSessionLimit},
        VerdictCase{"OneBelowLimit",
                    [](Trunk& t, TrunkCondition& c) {
                        t.max_concurrent_sessions = 3;
                        c.sessions = 2;
                    },
                    TrunkVerdict::Usable},
        VerdictCase{"SipNumbersOnly", [](Trunk& t, TrunkCondition&) { t.number_types = {NumberType::Sip}; },
                    TrunkVerdict::WrongNumberType}),
    [](const auto& info) { return info.param.name; });

TEST(Router, RoutesServeTheirClassesInTheirOrder) {
    Example example;
    example.put(backup_trunk());
    example.change<Site>(SiteId("site-us-east"), [](Site& site) {
        site.outbound_routes = {
            {"r0", "Off", false, {DestinationClass::National}, RouteDistribution::Sequential, {kAcme}},
            {"r1", "World", true, {DestinationClass::International}, RouteDistribution::Sequential, {kAcme}},
            {"r2",
             "Home",
             true,
             {DestinationClass::National},
             RouteDistribution::Sequential,
             {kBackup, TrunkId("gone")}},
        };
    });
    const auto home = plan_route(example.config(), call_in(example), Conditions(), 0);
    EXPECT_EQ(hosts(home), (std::vector<std::string>{"gw1.test", "gw2.test"}));
    EXPECT_EQ(verdict_of(home, TrunkId("gone")), TrunkVerdict::Missing);
    const auto world = plan_route(example.config(), call_in(example, DestinationClass::International), Conditions(), 0);
    EXPECT_EQ(hosts(world), (std::vector<std::string>{"carrier.dialplane.test"}));
    EXPECT_TRUE(
        plan_route(example.config(), call_in(example, DestinationClass::Emergency), Conditions(), 0).gateways.empty());
}

TEST(Router, RandomDistributionStartsAtTheDrawnTrunk) {
    Example example;
    example.put(backup_trunk());
    example.change<Site>(SiteId("site-us-east"), [](Site& site) {
        site.outbound_routes = {{"r", "Any", true, {}, RouteDistribution::Random, {kAcme, kBackup}}};
    });
    EXPECT_EQ(plan_route(example.config(), call_in(example), Conditions(), 4).considered[0].trunk, kAcme);
    EXPECT_EQ(plan_route(example.config(), call_in(example), Conditions(), 5).considered[0].trunk, kBackup);
}

TEST(Inbound, ANumberOfAUserLeadsToTheirPhones) {
    const Example example;
    for (const char* called : {"+15551234567", "15551234567"}) {
        const auto route = route_inbound(example.config(), called);
        ASSERT_TRUE(std::holds_alternative<ToUser>(route)) << called;
        EXPECT_EQ(std::get<ToUser>(route).user->id, kJohn);
        EXPECT_EQ(std::get<ToUser>(route).phones.size(), 1U);
    }
}

TEST(Inbound, QueueAndFlowAreRecognised) {
    Example example;
    const auto queue = route_inbound(example.config(), "+15551230000");
    ASSERT_TRUE(std::holds_alternative<ToJourney>(queue));
    EXPECT_TRUE(std::get<ToJourney>(queue).plan.flow.empty());
    EXPECT_EQ(std::get<ToJourney>(queue).plan.target->id, "queue-inbound-sales");
    example.change<Number>(NumberId("number-john-doe"),
                           [](Number& n) { n.routing->callflow = CallFlowId("cf-inbound-ivr-main"); });
    const auto route = route_inbound(example.config(), "+15551234567");
    ASSERT_TRUE(std::holds_alternative<ToJourney>(route)) << "a kept callflowId runs first";
    EXPECT_EQ(std::get<ToJourney>(route).plan.flow, CallFlowId("cf-inbound-ivr-main"));
    EXPECT_EQ(std::get<ToJourney>(route).plan.target->id, kJohn.str()) << "then the target";
}

TEST(Inbound, EveryDeadEndSaysWhy) {
    Example example;
    const auto reason = [&](const char* called) {
        const auto route = route_inbound(example.config(), called);
        return std::holds_alternative<Unrouted>(route) ? to_string(std::get<Unrouted>(route).reason) : "routed";
    };
    EXPECT_EQ(reason("+19990000000"), "unknown_number");
    EXPECT_EQ(reason(""), "unknown_number");
    EXPECT_EQ(reason("anonymous"), "unknown_number");
    example.change<Number>(NumberId("number-john-doe"), [](Number& n) { n.state = NumberState::Provisioning; });
    EXPECT_EQ(reason("+15551234567"), "not_active");
    example.change<Number>(NumberId("number-john-doe"), [](Number& n) {
        n.state = NumberState::Active;
        n.routing.reset();
    });
    EXPECT_EQ(reason("+15551234567"), "no_routing");
    example.change<User>(testing::kAgent48291, [](User& user) { user.state = UserState::Deleted; });
    EXPECT_EQ(reason("+15551248291"), "target_missing");
}

}  // namespace
}  // namespace dp::telephony

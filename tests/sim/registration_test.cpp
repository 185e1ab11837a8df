/// Phones and trunks coming and going: registrations, stations, trunk states and their events.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "sim/sim_world.hpp"
#include "telephony/phones/short_lived_credential.hpp"

namespace dp::sim {
namespace {

using namespace std::chrono_literals;
using telephony::StationState;
using telephony::TrunkHealth;
using Registration = telephony::RegistrationState;

const Endpoint kServerEndpoint = *Endpoint::parse(kServer);

class Phones : public testing::Test {
protected:
    Phones() { world.add_phone(std::string(kAgent), "alice"); }
    StationState station() {
        const auto live = world.stations.find(telephony::StationId("station-alice"));
        return live ? live->state : StationState::Offline;
    }
    SimWorld world;
};

TEST_F(Phones, StationGoesOnlineAndOfflineWithEvents) {
    FarEnd& phone = world.phone("alice", "10.0.1.1:5060");
    EXPECT_EQ(station(), StationState::Online);
    const auto live = world.stations.find(telephony::StationId("station-alice"));
    EXPECT_EQ(live->transport, "udp");
    EXPECT_EQ(live->remote_address, "10.0.1.1:5060");
    EXPECT_EQ(world.sink.count(telephony::event_type::kStationUpdated), 1U);
    phone.node().reachable = false;
    world.run(11min);
    EXPECT_EQ(station(), StationState::Offline);
    EXPECT_EQ(world.sink.count(telephony::event_type::kStationUpdated), 2U);
}

TEST_F(Phones, RefreshIsNoEvent) {
    world.phone("alice", "10.0.1.1:5060");
    world.run(1h);
    EXPECT_EQ(station(), StationState::Online);
    EXPECT_EQ(world.sink.count(telephony::event_type::kStationUpdated), 1U);
}

TEST_F(Phones, StationIsInUseDuringACall) {
    world.add_trunk({});
    FarEnd& phone = world.phone("alice", "10.0.1.1:5060");
    world.carrier("10.0.9.1:5060");
    world.place_call();
    world.run(5s);
    EXPECT_EQ(station(), StationState::InUse);
    phone.hang_up(phone.last());
    world.run(1s);
    EXPECT_EQ(station(), StationState::Online);
    world.expect_clean();
}

// Seed 0 section 3: `enabled`.
TEST_F(Phones, DisabledEndpointLosesItsRegistrationAndTheOtherKeepsIts) {
    FarEnd::Options options;
    options.transport = sip::TransportKind::Ws;
    FarEnd& page = world.phone("alice", "10.0.1.1:5060", options);
    EXPECT_TRUE(page.registered());
    telephony::UserTelephonySettings settings;
    settings.id = telephony::UserId(std::string(kAgent));
    settings.meta.organization = world.config().id();
    settings.sofia.enabled = false;
    world.put(settings);
    world.run(1s);
    EXPECT_EQ(station(), StationState::Online) << "the page is no SIP endpoint";
    settings.sofia.enabled = true;
    settings.web_rtc.enabled = false;
    world.put(settings);
    world.run(1s);
    EXPECT_EQ(station(), StationState::Offline);
    world.run(20min);
    EXPECT_EQ(station(), StationState::Offline) << "its refresh is refused";
    EXPECT_FALSE(page.registered());
}

TEST_F(Phones, LostConnectionTakesTheStationOfflineAfterTheGrace) {
    FarEnd::Options options;
    options.transport = sip::TransportKind::Ws;
    FarEnd& phone = world.phone("alice", "10.0.1.1:5060", options);
    EXPECT_EQ(world.stations.find(telephony::StationId("station-alice"))->transport, "ws");
    sip::Target target{sip::TransportKind::Ws, kServerEndpoint, {}};
    world.network.cut(phone.node().open_flow(target));
    world.run(2s);
    EXPECT_EQ(station(), StationState::Online) << "a page reload must not flap it";
    phone.node().reachable = false;
    world.run(5s);
    EXPECT_EQ(station(), StationState::Offline);
}

TEST_F(Phones, WrongPasswordNeverRegistersAndFallsSilent) {
    FarEnd::Options options;
    options.user = "alice";
    FarEnd& thief = world.carrier("10.0.6.6:5060", options);
    thief.register_at(std::string(kDomain), kServerEndpoint, "guess");
    world.run(2s);
    EXPECT_FALSE(thief.registered());
    EXPECT_EQ(station(), StationState::Offline);
}

TEST_F(Phones, GuessesAreAnsweredAtOnceThenLateThenNotAtAllAndTheRightPasswordWorksFromElsewhere) {
    std::vector<Duration> waits;
    std::map<Endpoint, TimePoint> asked;
    world.network.filter = [&](const auto& from, const sip::Flow& flow, std::string_view message) {
        if (message.starts_with("REGISTER") && message.find("\r\nAuthorization:") != std::string_view::npos)
            asked.try_emplace(from.address(), world.network.clock().now());
        if (from.address() == kServerEndpoint && asked.contains(flow.remote))
            waits.push_back(world.network.clock().now() - asked[flow.remote]);
        return true;
    };
    for (int i = 0; i < 12; ++i) {
        FarEnd::Options options;
        options.user = "alice";
        FarEnd& thief = world.carrier("10.0.6.6:" + std::to_string(6000 + i), options);
        thief.register_at(std::string(kDomain), kServerEndpoint, "guess" + std::to_string(i));
        world.run(4500ms);
    }
    world.network.filter = {};
    ASSERT_EQ(waits.size(), 10U) << "the eleventh is not answered";
    for (std::size_t i = 0; i < waits.size(); ++i) {
        EXPECT_GE(waits[i], i < 4 ? 0s : 1s) << i;
        EXPECT_LE(waits[i], i < 4 ? 100ms : 4100ms) << i;
    }
    world.phone("alice", "10.0.1.1:5060");
    EXPECT_EQ(station(), StationState::Online);
}

TEST_F(Phones, UnknownUserIsChallengedLikeAKnownOne) {
    FarEnd::Options options;
    options.user = "nobody";
    FarEnd& stranger = world.carrier("10.0.6.6:5060", options);
    std::vector<std::string> answers;
    world.network.filter = [&](const auto& from, const sip::Flow&, std::string_view message) {
        if (from.address() == kServerEndpoint) answers.emplace_back(message.substr(0, message.find("\r\n")));
        return true;
    };
    stranger.register_at(std::string(kDomain), kServerEndpoint, "guess");
    world.run(2s);
    ASSERT_EQ(answers.size(), 2U);
    EXPECT_EQ(answers[0], "SIP/2.0 401 Unauthorized");
    EXPECT_EQ(answers[1], "SIP/2.0 401 Unauthorized");
}

TEST_F(Phones, DisabledPhoneLosesItsRegistration) {
    world.phone("alice", "10.0.1.1:5060");
    telephony::Phone phone = *world.config().phone(telephony::PhoneId("phone-alice"));
    phone.enabled = false;
    world.put(phone);
    world.run(100ms);
    EXPECT_EQ(world.stations.find(telephony::StationId("station-alice"))->registrations, 0U);
}

TEST_F(Phones, PreferredContactRingsAlone) {
    world.add_trunk({});
    FarEnd::Options options;
    options.user = "alice";
    FarEnd& stand_in = world.carrier("10.0.1.7:5060", options);
    stand_in.register_at(std::string(kDomain), kServerEndpoint, "secret-alice", 100);
    world.run(1s);
    FarEnd& carrier = world.carrier("10.0.9.1:5060");
    world.place_call();
    world.run(4s);
    EXPECT_EQ(stand_in.legs.size(), 1U) << "nobody else is there";
    carrier.hang_up(carrier.last());
    world.run(1s);
    FarEnd& phone = world.phone("alice", "10.0.1.1:5060");
    world.place_call();
    world.run(4s);
    EXPECT_EQ(phone.legs.size(), 1U);
    EXPECT_EQ(stand_in.legs.size(), 1U);
    carrier.hang_up(carrier.last());
    world.expect_clean();
}

class TrunkStates : public testing::Test {
protected:
    telephony::TrunkStatus status(const std::string& id = "trunk-a") {
        const auto live = world.trunks.find(telephony::TrunkId(id));
        return live ? *live : telephony::TrunkStatus{};
    }
    SimWorld world;
};

TEST_F(TrunkStates, NewTrunkRegistersAtOnceWithLatencyAndEvents) {
    FarEnd& carrier = world.carrier("10.0.9.1:5060");
    world.add_trunk({.id = "trunk-a", .host = "10.0.9.1", .registers = true});
    world.run(1s);
    EXPECT_EQ(status().registration, Registration::Registered);
    EXPECT_EQ(status().registration_latency, 10ms);
    EXPECT_EQ(carrier.registrations_received, 1);
    EXPECT_EQ(world.sink.count(telephony::event_type::kTrunkRegistrationSuccess), 1U);
    EXPECT_GE(world.sink.count(telephony::event_type::kTrunkStatusChanged), 1U);
}

TEST_F(TrunkStates, RefusedRegistrationIsFailedWithAnEventAndNoCallUsesIt) {
    FarEnd::Options options;
    options.accept_registrations = false;
    world.carrier("10.0.9.1:5060", options);
    world.add_trunk({.id = "trunk-a", .host = "10.0.9.1", .registers = true});
    world.add_phone(std::string(kAgent), "alice");
    world.run(1s);
    world.phone("alice", "10.0.1.1:5060");
    EXPECT_EQ(status().registration, Registration::Failed);
    EXPECT_EQ(status().last_sip_status, 403);
    EXPECT_EQ(world.sink.count(telephony::event_type::kTrunkRegistrationFailure), 1U);
    const auto id = world.place_call();
    world.run(1s);
    EXPECT_EQ(world.reason(id), "no_trunk_available");
}

TEST_F(TrunkStates, RegistrarsNameIsResolvedAndFollowed) {
    world.resolver.hosts["sip.carrier.example.com"] = "10.0.9.1";
    FarEnd& carrier = world.carrier("10.0.9.1:5060");
    world.add_trunk({.id = "trunk-a", .host = "sip.carrier.example.com", .registers = true});
    world.run(1s);
    EXPECT_EQ(status().registration, Registration::Registered);
    FarEnd& moved = world.carrier("10.0.9.2:5060");
    world.resolver.hosts["sip.carrier.example.com"] = "10.0.9.2";
    world.run(62s);
    EXPECT_GE(moved.registrations_received, 1);
    EXPECT_GE(carrier.registrations_received, 1);
    EXPECT_EQ(status().registration, Registration::Registered);
}

TEST_F(TrunkStates, ProbesTakeADeadCarrierOutOfRoutingAndBackIn) {
    FarEnd& carrier = world.carrier("10.0.9.1:5060");
    world.add_trunk({.id = "trunk-a", .host = "10.0.9.1", .probes = true});
    world.run(70s);
    EXPECT_EQ(status().health, TrunkHealth::Up);
    carrier.answers_probes = false;
    carrier.node().reachable = false;
    world.run(3min);
    EXPECT_EQ(status().health, TrunkHealth::Down);
    carrier.answers_probes = true;
    carrier.node().reachable = true;
    world.run(4min);
    EXPECT_EQ(status().health, TrunkHealth::Up);
}

TEST_F(TrunkStates, ACarrierThatIsBackIsRegisteredAtAgainRatherThanAtTheNextRefresh) {
    FarEnd& carrier = world.carrier("10.0.9.1:5060");
    world.add_trunk({.id = "trunk-a", .host = "10.0.9.1", .registers = true, .probes = true});
    world.run(70s);
    ASSERT_EQ(status().health, TrunkHealth::Up);
    const int before = carrier.registrations_received;
    carrier.node().reachable = false;
    for (int i = 0; i < 300 && status().health != TrunkHealth::Down; ++i) world.run(1s);
    ASSERT_EQ(status().health, TrunkHealth::Down);
    ASSERT_EQ(carrier.registrations_received, before);
    carrier.node().reachable = true;
    for (int i = 0; i < 300 && status().health != TrunkHealth::Up; ++i) world.run(1s);
    world.run(10s);
    EXPECT_EQ(carrier.registrations_received, before + 1);
    EXPECT_EQ(status().registration, Registration::Registered);
}

TEST_F(TrunkStates, MeasuresOutliveAnEdit) {
    world.carrier("10.0.9.1:5060");
    world.add_trunk({.id = "trunk-a", .host = "10.0.9.1", .registers = true, .probes = true});
    world.run(70s);
    const auto before = status();
    EXPECT_EQ(before.measures->registrations.total(), 1U);
    EXPECT_EQ(before.measures->registrations.percentile(0.5), 10ms);
    EXPECT_EQ(before.measures->results.front().sip_status, 200);
    EXPECT_GE(before.measures->probes.total(), 1U);
    world.add_trunk({.id = "trunk-a", .host = "10.0.9.1", .registers = true, .max_sessions = 7, .probes = true});
    world.run(1s);
    EXPECT_EQ(status().measures->registrations.total(), 2U);
    EXPECT_EQ(status().measures->results.size(), 2U);
}

class TrunkChecks : public TrunkStates {
protected:
    using Report = Result<telephony::TrunkCheckReport>;
    void check(std::optional<Report>& into) {
        world.shard->check_trunk(world.config().trunk(telephony::TrunkId("trunk-a")), world.api,
                                 [&](Report report) { into.emplace(std::move(report)); });
    }
    static std::vector<std::string> verdicts(const Report& report) {
        std::vector<std::string> out;
        for (const auto& step : report->steps) out.emplace_back(to_string(step.verdict));
        return out;
    }
};

TEST_F(TrunkChecks, TouchNoRegistrationAndComeOneAtATime) {
    FarEnd& carrier = world.carrier("10.0.9.1:5060");
    world.add_trunk({.id = "trunk-a", .host = "10.0.9.1", .registers = true});
    world.run(1s);
    std::vector<std::string> contacts;
    world.network.filter = [&](const auto&, const sip::Flow&, std::string_view message) {
        if (message.starts_with("REGISTER") && message.find("\r\nContact:") != std::string_view::npos)
            contacts.emplace_back(message);
        return true;
    };
    std::optional<Report> first, second;
    check(first);
    check(second);
    world.run(2s);
    ASSERT_TRUE(first && *first);
    EXPECT_THAT(verdicts(*first), testing::ElementsAre("passed", "skipped", "skipped", "passed", "passed", "skipped"));
    ASSERT_TRUE(second && !*second);
    EXPECT_EQ(second->error().code, ErrorCode::Conflict);
    EXPECT_TRUE(contacts.empty());
    EXPECT_EQ(status().measures->registrations.total(), 1U);
    EXPECT_GE(carrier.registrations_received, 2);
    std::optional<Report> third;
    check(third);
    world.run(2s);
    EXPECT_TRUE(third && *third) << "the first is over";
    world.network.filter = {};
}

TEST_F(TrunkChecks, ASilentCarrierFailsWithinTheirLimits) {
    world.add_trunk({.id = "trunk-a", .host = "10.0.9.1", .registers = true});
    std::optional<Report> report;
    check(report);
    world.run(30s);
    ASSERT_TRUE(report && *report);
    EXPECT_THAT(verdicts(*report), testing::ElementsAre("passed", "skipped", "skipped", "failed", "failed", "skipped"));
    EXPECT_EQ((*report)->verdict(), telephony::CheckVerdict::Failed);
    EXPECT_LE((*report)->took, 11s);
}

TEST_F(TrunkStates, RemovedTrunkUnregistersAndDisappears) {
    FarEnd& carrier = world.carrier("10.0.9.1:5060");
    world.add_trunk({.id = "trunk-a", .host = "10.0.9.1", .registers = true});
    world.run(1s);
    world.remove(telephony::EntityType::Trunk, "trunk-a");
    world.run(1s);
    EXPECT_EQ(carrier.registrations_received, 2);
    EXPECT_EQ(world.trunks.find(telephony::TrunkId("trunk-a")), nullptr);
}

TEST_F(TrunkStates, EditedTrunkKeepsCountingTheSessionsOfRunningCalls) {
    world.add_phone(std::string(kAgent), "alice");
    world.add_trunk({});
    FarEnd& phone = world.phone("alice", "10.0.1.1:5060");
    world.carrier("10.0.9.1:5060");
    world.place_call();
    world.run(5s);
    EXPECT_EQ(status().sessions, 1);
    world.add_trunk({.id = "trunk-a", .host = "10.0.9.1", .max_sessions = 7});
    world.run(1s);
    EXPECT_EQ(status().sessions, 1);
    phone.hang_up(phone.last());
    world.expect_clean();
}

// Our own carrier brings the call back to us: what was sent out comes in again, and no storm follows.
TEST_F(TrunkStates, TwoTrunksInALoopEndWithFewMessages) {
    world.add_phone(std::string(kAgent), "alice");
    world.add_trunk({.id = "trunk-a", .host = "10.0.0.1"});
    world.add_trunk({.id = "trunk-b", .host = "10.0.0.1"});
    FarEnd& phone = world.phone("alice", "10.0.1.1:5060");
    int messages = 0;
    world.network.filter = [&](const auto& from, const sip::Flow&, std::string_view) {
        messages += from.address() == kServerEndpoint ? 1 : 0;
        return true;
    };
    const auto id = world.place_call();
    world.run(30s);
    EXPECT_EQ(world.status(id), "failed");
    EXPECT_LT(messages, 200);
    EXPECT_EQ(phone.live_legs(), 0U);
    world.expect_clean();
}

}  // namespace
}  // namespace dp::sim

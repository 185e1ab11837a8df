#include "telephony/phones/media_path.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "telephony/phones/bound_settings.hpp"
#include "telephony/testing/example.hpp"

namespace dp::telephony {
namespace {

using ::testing::ElementsAre;
using testing::Example;
using testing::example_time;
using testing::FixedSecrets;
using ::testing::IsEmpty;
using testing::kAgent48291;

class MediaPaths : public ::testing::Test {
protected:
    void SetUp() override {
        region("us-east-1", {"stun:east.test"});
        region("eu-west-1", {"stun:west.test"});
        site([](Site& s) { s.media_regions = {MediaRegionId("eu-west-1"), MediaRegionId("us-east-1")}; });
    }
    void region(const std::string& id, std::vector<std::string> servers, const std::string& secret = {}) {
        example.change<MediaRegion>(MediaRegionId(id), [&](MediaRegion& r) {
            r.servers = std::move(servers);
            r.turn_secret = secret.empty() ? Sealed{} : secrets.seal(secret, turn_secret_context(r.id));
        });
    }
    void site(const std::function<void(Site&)>& change) { example.change<Site>(site_id(), change); }
    SiteId site_id() const { return example.config().organization().default_site; }
    void answers_in(const std::string& uri, int microseconds) {
        round_trips.servers.put(
            uri, std::make_shared<RoundTrip>(RoundTrip{std::chrono::microseconds(microseconds), example_time()}));
    }
    void phone_reports(std::vector<PhoneRoundTrips::Entry> entries, WallTime when) {
        round_trips.phones.put(kAgent48291,
                               std::make_shared<PhoneRoundTrips>(PhoneRoundTrips{std::move(entries), when}));
    }
    MediaPath path() const {
        return media_path_of(example.config(), site_id(), kAgent48291, round_trips, example_time());
    }
    std::vector<std::string> given() const {
        std::vector<std::string> out;
        for (const auto& server : browser_ice_servers(path(), secrets, kAgent48291, example_time()))
            out.push_back(server.uri);
        return out;
    }
    Example example;
    FixedSecrets secrets;
    LiveRoundTrips round_trips;
};

TEST_F(MediaPaths, TheSitesRegionsAndNoOthersInItsOrder) {
    region("us-west-1", {"stun:elsewhere.test"});
    EXPECT_THAT(given(), ElementsAre("stun:west.test:3478", "stun:east.test:3478"));
}

TEST_F(MediaPaths, GeoLookupTakesTheShortestRoundTripOfAllRegions) {
    region("us-west-1", {"stun:far.test", "stun:near.test"});
    site([](Site& s) { s.relay = RelayBehavior::LowestLatency; });
    EXPECT_THAT(given(), ElementsAre("stun:west.test:3478", "stun:east.test:3478")) << "none has answered yet";
    answers_in("stun:east.test", 900);
    answers_in("stun:near.test", 300);
    EXPECT_THAT(given(), ElementsAre("stun:far.test:3478", "stun:near.test:3478"));
    EXPECT_EQ(round_trip_of(*example.config().media_region(MediaRegionId("us-west-1")), round_trips),
              std::chrono::microseconds(300));
}

TEST_F(MediaPaths, WhatThePhoneMeasuredItselfCountsMoreForAnHour) {
    site([](Site& s) { s.relay = RelayBehavior::LowestLatency; });
    answers_in("stun:east.test", 300);
    answers_in("stun:west.test", 900);
    phone_reports({{"stun:west.test", std::chrono::milliseconds(5)}}, example_time());
    EXPECT_THAT(given(), ElementsAre("stun:west.test:3478"));
    phone_reports({{"stun:west.test", std::chrono::milliseconds(5)}}, example_time() - kReportCounts);
    EXPECT_THAT(given(), ElementsAre("stun:east.test:3478"));
}

TEST_F(MediaPaths, TurnNeedsTheRegionsSecret) {
    site([](Site& s) { s.media_regions = {MediaRegionId("us-east-1")}; });
    region("us-east-1", {"turn:east.test", "stun:east.test"});
    EXPECT_THAT(given(), ElementsAre("stun:east.test:3478"));
    EXPECT_FALSE(path().has_relay());
    region("us-east-1", {"turn:east.test", "stun:east.test"}, "north-wind");
    EXPECT_THAT(given(), ElementsAre("turn:east.test:3478?transport=udp", "stun:east.test:3478"));
    EXPECT_TRUE(path().has_relay());
}

TEST_F(MediaPaths, SiteAndOrganizationCanForceRelays) {
    EXPECT_EQ(path().policy, IceTransportPolicy::All);
    site([](Site& s) { s.force_turn = true; });
    EXPECT_EQ(path().policy, IceTransportPolicy::Relay);
    site([](Site& s) { s.force_turn = false; });
    example.change<Organization>(example.config().id(), [](Organization& o) { o.web_rtc_force_turn = true; });
    EXPECT_EQ(path().policy, IceTransportPolicy::Relay);
}

TEST_F(MediaPaths, RegionsWithoutServersLeaveTheUsersOwn) {
    region("us-east-1", {});
    region("eu-west-1", {});
    EXPECT_THAT(path().regions, IsEmpty());
    EXPECT_EQ(given().size(), path().user.servers.size());
}

TEST(BoundSettings, SayWhatANewLogInWouldChange) {
    PhoneBaseSettings settings;
    const auto bound = bind_settings(settings, example_time());
    settings.name = "renamed";
    settings.meta.version = 7;
    EXPECT_THAT(changes_due(*bound, settings), IsEmpty());
    settings.transport_dscp = 10;
    settings.persistent_connection = {true, std::chrono::seconds(60)};
    EXPECT_THAT(changes_due(*bound, settings),
                ElementsAre("persistentConnection.enabled", "persistentConnection.timeoutSeconds", "transportDscp"));
}

}  // namespace
}  // namespace dp::telephony

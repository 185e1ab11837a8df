/// Trunks whose legs share a media port: what the media engine is asked for, and what happens when it has moved a leg.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/sim_world.hpp"

namespace dp::sim {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

class SharedMediaPort : public testing::Test {
protected:
    SharedMediaPort() {
        world.add_phone(std::string(kAgent), "alice");
        world.add_trunk({.port = telephony::MediaPort::Shared});
        phone = &world.phone("alice", "10.0.1.1:5060");
        carrier = &world.carrier("10.0.9.1:5060");
    }
    /// The legs of the trunk.
    std::pair<call::LegId, call::MediaLegSpec> trunk_leg() {
        for (const auto& [id, leg] : world.media.legs)
            if (leg.spec.port == call::PortUse::Shared) return {id, leg.spec};
        ADD_FAILURE() << "no leg shares a port";
        return {};
    }
    void move(std::uint16_t port) {
        sdp::LocalMedia local;
        local.rtp = {*IpAddress::parse("10.0.0.1"), port};
        world.media.events().on_media_moved(trunk_leg().first, local);
    }
    SimWorld world;
    FarEnd* phone = nullptr;
    FarEnd* carrier = nullptr;
};

TEST_F(SharedMediaPort, OnlyTheTrunksLegsAskForItAndBelieveNobodyElse) {
    const auto id = world.place_call();
    world.run(5s);
    ASSERT_EQ(world.status(id), "connected");
    EXPECT_EQ(world.media.legs.size(), 2U);
    EXPECT_EQ(std::ranges::count_if(world.media.legs,
                                    [](const auto& leg) { return leg.second.spec.port == call::PortUse::Shared; }),
              1);
    const auto spec = trunk_leg().second;
    EXPECT_EQ(spec.policy, call::SourcePolicy::Strict);
    EXPECT_EQ(spec.carrier, "trunk-a");
    EXPECT_FALSE(spec.announced) << "its offer was ours";
    carrier->hang_up(carrier->last());
    world.expect_clean();
}

TEST_F(SharedMediaPort, WhereTheCarrierOffersItsAddressIsKnownBeforeOurs) {
    auto& leg = carrier->dial(std::string(kCallerId), "10.0.0.1", *Endpoint::parse(kServer));
    world.run(5s);
    ASSERT_TRUE(leg.answered);
    const auto spec = trunk_leg().second;
    ASSERT_TRUE(spec.announced);
    EXPECT_EQ(spec.announced->address.str(), "10.0.9.1");
    carrier->hang_up(leg);
    world.expect_clean();
}

TEST_F(SharedMediaPort, ACarrierIsToldWhereAMovedLegIs) {
    const auto id = world.place_call();
    world.run(5s);
    move(31000);
    world.run(1s);
    EXPECT_EQ(carrier->last().offers, 1);
    EXPECT_THAT(carrier->last().last_sdp, HasSubstr("m=audio 31000 "));
    EXPECT_EQ(phone->last().offers, 0);
    EXPECT_EQ(world.media.legs.at(trunk_leg().first).configured, 2) << "with the answer";
    EXPECT_EQ(world.status(id), "connected");
    carrier->hang_up(carrier->last());
    world.expect_clean();
}

TEST_F(SharedMediaPort, ALegThatMovesWhileItRingsIsAnnouncedOnceItHasAnswered) {
    carrier->scripts[""].early_media = 100ms;
    carrier->scripts[""].answer = 3s;
    const auto id = world.place_call();
    world.run(2s);
    move(31000);
    world.run(500ms);
    EXPECT_EQ(carrier->last().offers, 0);
    world.run(5s);
    EXPECT_EQ(carrier->last().offers, 1);
    EXPECT_THAT(carrier->last().last_sdp, HasSubstr("m=audio 31000 "));
    EXPECT_EQ(world.status(id), "connected");
    carrier->hang_up(carrier->last());
    world.expect_clean();
}

TEST_F(SharedMediaPort, ACarrierThatDoesNotFollowLosesTheCall) {
    const auto id = world.place_call();
    world.run(5s);
    carrier->refuses_offers = true;
    move(31000);
    world.run(5s);
    EXPECT_EQ(world.reason(id), "incompatible_media");
    EXPECT_TRUE(carrier->last().ended);
    world.expect_clean();
}

}  // namespace
}  // namespace dp::sim

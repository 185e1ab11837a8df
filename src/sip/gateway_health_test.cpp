#include "sip/gateway_health.hpp"

#include <gtest/gtest.h>

namespace dp::sip {
namespace {

using namespace std::chrono_literals;

class GatewayHealthTest : public testing::Test {
protected:
    GatewayHealth gateway;
    TimePoint now{1h};
    void bring_down() {
        for (int i = 0; i < 3; ++i) (void)gateway.probe_failed(now);
        ASSERT_EQ(gateway.health(), Health::Down);
    }
};

TEST_F(GatewayHealthTest, TheFirstGoodProbeBringsItUp) {
    EXPECT_TRUE(gateway.good(now));
    EXPECT_EQ(gateway.health(), Health::Up);
    EXPECT_FALSE(gateway.good(now));
}

TEST_F(GatewayHealthTest, ThreeFailuresInARowBringItDown) {
    (void)gateway.good(now);
    EXPECT_FALSE(gateway.probe_failed(now));
    EXPECT_FALSE(gateway.probe_failed(now));
    (void)gateway.good(now);
    EXPECT_FALSE(gateway.probe_failed(now)) << "not in a row";
    EXPECT_FALSE(gateway.probe_failed(now));
    EXPECT_TRUE(gateway.probe_failed(now));
    EXPECT_EQ(gateway.health(), Health::Down);
}

TEST_F(GatewayHealthTest, OneFailedProbeAndOneTimedOutCallAreEnough) {
    (void)gateway.good(now);
    EXPECT_FALSE(gateway.call_timed_out(now));
    EXPECT_TRUE(gateway.probe_failed(now));
}

TEST_F(GatewayHealthTest, CallsAloneCountWithoutProbes) {
    EXPECT_FALSE(gateway.call_timed_out(now));
    EXPECT_FALSE(gateway.call_timed_out(now));
    EXPECT_TRUE(gateway.call_timed_out(now));
}

TEST_F(GatewayHealthTest, UpAgainAfterTwoGoodOnesAndTheHold) {
    (void)gateway.good(now);
    bring_down();
    now += 5s;
    EXPECT_FALSE(gateway.good(now));
    EXPECT_FALSE(gateway.good(now)) << "held 10 s";
    now += 5s;
    EXPECT_TRUE(gateway.good(now));
}

TEST_F(GatewayHealthTest, OneGoodProbeIsNotEnough) {
    (void)gateway.good(now);
    bring_down();
    now += 60s;
    EXPECT_FALSE(gateway.good(now));
    (void)gateway.probe_failed(now);
    EXPECT_FALSE(gateway.good(now));
    EXPECT_TRUE(gateway.good(now));
}

TEST_F(GatewayHealthTest, EachRelapseDoublesTheHoldUpTo300s) {
    (void)gateway.good(now);
    for (auto hold : {10s, 20s, 40s, 80s, 160s, 300s, 300s}) {
        bring_down();
        EXPECT_EQ(gateway.held_until(), now + hold);
        now += hold;
        (void)gateway.good(now);
        ASSERT_TRUE(gateway.good(now));
    }
}

TEST_F(GatewayHealthTest, ThirtyCalmMinutesForgetTheRelapses) {
    (void)gateway.good(now);
    bring_down();
    now += 10s;
    (void)gateway.good(now);
    (void)gateway.good(now);
    now += 31min;
    bring_down();
    EXPECT_EQ(gateway.held_until(), now + 10s);
}

TEST_F(GatewayHealthTest, RetryAfterHoldsItDownAtOnce) {
    (void)gateway.good(now);
    EXPECT_TRUE(gateway.hold_down(120s, now));
    now += 60s;
    (void)gateway.good(now);
    EXPECT_FALSE(gateway.good(now));
    now += 60s;
    EXPECT_TRUE(gateway.good(now));
}

TEST_F(GatewayHealthTest, WithoutProbesTheHoldEndsInUnknown) {
    (void)gateway.hold_down(30s, now);
    EXPECT_FALSE(gateway.forgive(now + 29s));
    EXPECT_TRUE(gateway.forgive(now + 30s));
    EXPECT_EQ(gateway.health(), Health::Unknown);
}

}  // namespace
}  // namespace dp::sip

#include "media/port_pool.hpp"

#include <gtest/gtest.h>

#include <set>

namespace dp::media {
namespace {

using std::chrono::seconds;

class PortPoolTest : public testing::Test {
protected:
    PortPool make(std::uint16_t first, std::uint16_t last) {
        return PortPool({IpAddress::v4(0x7F000001), first, last, seconds(60), seconds(2)}, random_);
    }
    SeededRandom random_{3};
    TimePoint now_{std::chrono::hours(1)};
};

TEST_F(PortPoolTest, LendsEvenPortsWithTheNextOneForRtcp) {
    PortPool pool = make(29001, 29020);
    EXPECT_EQ(pool.capacity(), 9U);
    std::set<std::uint16_t> seen;
    std::vector<PortPair> lent;
    while (auto pair = pool.take(now_)) {
        EXPECT_EQ(pair->port % 2, 0);
        EXPECT_EQ(pair->rtp.local().port, pair->port);
        EXPECT_EQ(pair->rtcp.local().port, pair->port + 1);
        EXPECT_TRUE(seen.insert(pair->port).second);
        lent.push_back(std::move(*pair));
    }
    EXPECT_GE(lent.size(), 7U);  // another process of this machine may hold some
    EXPECT_EQ(pool.take(now_).error().code, ErrorCode::Unavailable);
}

TEST_F(PortPoolTest, AReturnedPortRestsAsLongAsOthersAreFree) {
    PortPool pool = make(29100, 29119);
    auto first = pool.take(now_);
    ASSERT_TRUE(first);
    const std::uint16_t port = first->port;
    first->rtp.close();
    first->rtcp.close();
    pool.give_back(port, now_);
    std::vector<PortPair> lent;
    for (int i = 0; i < 5; ++i) {
        auto pair = pool.take(now_ + seconds(30));
        ASSERT_TRUE(pair);
        EXPECT_NE(pair->port, port);
        lent.push_back(std::move(*pair));
    }
}

TEST_F(PortPoolTest, TheLongestRestedComesBackEarlyWhenNothingElseIsLeft) {
    PortPool pool = make(29200, 29203);
    std::vector<std::uint16_t> ports;
    {
        std::vector<PortPair> lent;
        while (auto pair = pool.take(now_)) {
            ports.push_back(pair->port);
            lent.push_back(std::move(*pair));
        }
    }
    ASSERT_EQ(ports.size(), 2U);
    pool.give_back(ports[0], now_);
    pool.give_back(ports[1], now_ + seconds(1));
    EXPECT_FALSE(pool.take(now_ + std::chrono::milliseconds(1900)));
    const auto again = pool.take(now_ + std::chrono::milliseconds(2500));
    ASSERT_TRUE(again);
    EXPECT_EQ(again->port, ports[0]);
}

TEST_F(PortPoolTest, APortSomebodyElseHoldsIsPassedOver) {
    const auto foreign = UdpSocket::bind({IpAddress::v4(0x7F000001), 29303});
    PortPool pool = make(29300, 29309);
    std::set<std::uint16_t> seen;
    std::vector<PortPair> lent;
    while (auto pair = pool.take(now_)) {
        seen.insert(pair->port);
        lent.push_back(std::move(*pair));
    }
    EXPECT_FALSE(seen.contains(29302));
    EXPECT_FALSE(seen.empty());
}

TEST_F(PortPoolTest, ABlockOfAnotherProgramsPortsIsLeftBehind) {
    constexpr int kPairs = 640, kHeld = 600;  // more than the pool tries for one port
    std::vector<UdpSocket> held;
    for (int i = 0; i < kHeld; ++i) {
        auto socket = UdpSocket::bind({IpAddress::v4(0x7F000001), static_cast<std::uint16_t>(30000 + 2 * i)});
        if (socket) held.push_back(std::move(*socket));
    }
    PortPool pool = make(30000, 30000 + 2 * kPairs - 1);
    EXPECT_TRUE(pool.take(now_));
}

TEST_F(PortPoolTest, BindsAheadUpToTheStockAskedFor) {
    PortPool pool = make(29400, 29499);
    pool.stock_up(10, now_);
    EXPECT_EQ(pool.in_stock(), 10U);
    EXPECT_EQ(pool.in_use(), 0U);
    const auto pair = pool.take(now_);
    ASSERT_TRUE(pair);
    EXPECT_EQ(pool.in_stock(), 9U);
    EXPECT_EQ(pool.in_use(), 1U);
}

}  // namespace
}  // namespace dp::media

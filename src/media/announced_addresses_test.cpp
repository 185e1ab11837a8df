#include "media/announced_addresses.hpp"

#include <gtest/gtest.h>

namespace dp::media {
namespace {

using call::LegId;
using std::chrono::seconds;

class AnnouncedAddressesTest : public testing::Test {
protected:
    static Endpoint at(std::uint16_t port) { return {IpAddress::v4(0x0A000001), port}; }
    TimePoint now_{seconds(100)};
    AnnouncedAddresses addresses_{seconds(2)};
};

TEST_F(AnnouncedAddressesTest, AnAddressHasOneLeg) {
    EXPECT_TRUE(addresses_.is_free(at(4000), now_));
    EXPECT_TRUE(addresses_.claim(LegId(1), at(4000), now_).granted);
    EXPECT_FALSE(addresses_.is_free(at(4000), now_));
    EXPECT_TRUE(addresses_.claim(LegId(1), at(4000), now_).granted) << "its own, told again";
    EXPECT_TRUE(addresses_.claim(LegId(2), at(4002), now_).granted);
}

TEST_F(AnnouncedAddressesTest, AnnouncedTwiceItIsNobodysForAnHour) {
    addresses_.claim(LegId(1), at(4000), now_);
    const auto second = addresses_.claim(LegId(2), at(4000), now_);
    EXPECT_FALSE(second.granted);
    EXPECT_EQ(second.holder, LegId(1));
    const auto third = addresses_.claim(LegId(3), at(4000), now_ + seconds(60));
    EXPECT_FALSE(third.granted);
    EXPECT_FALSE(third.holder.valid());
    addresses_.release(LegId(1), now_ + seconds(60));
    EXPECT_FALSE(addresses_.is_free(at(4000), now_ + seconds(100)));
    EXPECT_TRUE(addresses_.claim(LegId(4), at(4000), now_ + AnnouncedAddresses::kContested).granted);
}

TEST_F(AnnouncedAddressesTest, TheAddressOfAnEndedCallRestsUnlessItIsAnnouncedAnew) {
    addresses_.claim(LegId(1), at(4000), now_);
    addresses_.release(LegId(1), now_);
    EXPECT_FALSE(addresses_.is_free(at(4000), now_ + seconds(1)));
    EXPECT_TRUE(addresses_.is_free(at(4000), now_ + seconds(2)));
    EXPECT_TRUE(addresses_.claim(LegId(2), at(4000), now_ + seconds(1)).granted);
    addresses_.release(LegId(3), now_ + seconds(5));
    EXPECT_FALSE(addresses_.is_free(at(4000), now_ + seconds(5))) << "the end of the rest is not the second call's";
}

TEST_F(AnnouncedAddressesTest, ALegThatMovesLeavesItsAddressToRest) {
    addresses_.claim(LegId(1), at(4000), now_);
    EXPECT_TRUE(addresses_.claim(LegId(1), at(4002), now_).granted);
    EXPECT_FALSE(addresses_.is_free(at(4000), now_));
    EXPECT_TRUE(addresses_.claim(LegId(2), at(4000), now_).granted);
}

}  // namespace
}  // namespace dp::media

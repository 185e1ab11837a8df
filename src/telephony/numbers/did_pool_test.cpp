#include "telephony/numbers/did_pool.hpp"

#include <gtest/gtest.h>

namespace dp::telephony {
namespace {

DidPool pool(std::string start, std::string end) {
    DidPool out;
    out.start = std::move(start);
    out.end = std::move(end);
    return out;
}

TEST(DidPool, IsABoundedRangeOfEqualLength) {
    EXPECT_TRUE(validate(pool("+14155550200", "+14155550299")));
    EXPECT_TRUE(validate(pool("+14155550000", "+14155559999")));
    EXPECT_EQ(validate(pool("+14155550000", "+14155560000")).error().field, "endPhoneNumber");
    EXPECT_EQ(validate(pool("+14155550200", "+14155550199")).error().field, "endPhoneNumber");
    EXPECT_EQ(validate(pool("+14155550200", "+1415555020")).error().field, "endPhoneNumber");
    EXPECT_EQ(validate(pool("4155550200", "+14155550299")).error().field, "startPhoneNumber");
}

TEST(DidPool, CountsNamesAndCoversItsNumbers) {
    const auto range = pool("+14155550200", "+14155550299");
    EXPECT_EQ(size_of(range), 100U);
    EXPECT_EQ(number_at(range, 99), "+14155550299");
    EXPECT_TRUE(covers(range, "+14155550250"));
    EXPECT_FALSE(covers(range, "+14155550300"));
    EXPECT_FALSE(covers(range, "+141555502500"));
    EXPECT_TRUE(overlap(range, pool("+14155550299", "+14155550300")));
    EXPECT_FALSE(overlap(range, pool("+14155550300", "+14155550310")));
}

TEST(ExtensionPool, HasThreeToNineDigits) {
    ExtensionPool extensions;
    extensions.start = "1000";
    extensions.end = "1999";
    EXPECT_TRUE(validate(extensions));
    extensions.start = "10";
    EXPECT_EQ(validate(extensions).error().field, "startNumber");
}

}  // namespace
}  // namespace dp::telephony

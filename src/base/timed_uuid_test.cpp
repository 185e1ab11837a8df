#include "base/timed_uuid.hpp"

#include <gtest/gtest.h>

#include <set>

#include "base/strong_id.hpp"

namespace dp {
namespace {

TEST(TimedUuid, HasTheFormOfRfc9562Version7) {
    SeededRandom random(1);
    // RFC 9562, appendix A.6: 2022-02-22T19:22:22Z
    const auto id = timed_uuid(random, from_millis(0x017F22E279B0));
    EXPECT_EQ(id.size(), 36U);
    EXPECT_TRUE(id.starts_with("017f22e2-79b0-7")) << id;
    EXPECT_NE(std::string_view("89ab").find(id[19]), std::string_view::npos) << id;
    EXPECT_TRUE(is_valid_id(id));
}

TEST(TimedUuid, StandsBehindThoseOfEarlierMillisecondsAndIsNeverTheSame) {
    SeededRandom random(1);
    std::set<std::string> seen;
    for (int n = 0; n < 1000; ++n) {
        const auto id = timed_uuid(random, from_millis(1'790'000'000'000 + n / 10));
        EXPECT_TRUE(seen.empty() || seen.rbegin()->substr(0, 13) <= id.substr(0, 13));
        EXPECT_TRUE(seen.insert(id).second);
    }
}

}  // namespace
}  // namespace dp

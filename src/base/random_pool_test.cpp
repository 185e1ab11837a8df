#include "base/random_pool.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace dp {
namespace {

std::vector<std::uint8_t> octets_of(Random& random, std::size_t count) {
    std::vector<std::uint8_t> out(count);
    random.fill(out);
    return out;
}

TEST(RandomPool, HandsOutItsSourcesOctetsInOrderAndEachOnce) {
    SeededRandom source(7), same(7);
    RandomPool pool(source);
    std::vector<std::uint8_t> pooled, direct = octets_of(same, 4096);
    const auto more = octets_of(same, 4096);
    direct.insert(direct.end(), more.begin(), more.end());
    for (const std::size_t size : {16, 1, 4079, 100, 3000, 996}) {  // over the pool's end, too
        const auto part = octets_of(pool, size);
        pooled.insert(pooled.end(), part.begin(), part.end());
    }
    EXPECT_EQ(pooled, direct);
}

TEST(RandomPool, FillsMoreThanItHolds) {
    SeededRandom source(7);
    RandomPool pool(source);
    const auto out = octets_of(pool, 10'000);
    EXPECT_NE(std::vector(out.begin(), out.begin() + 4096), std::vector(out.begin() + 4096, out.begin() + 8192));
}

TEST(Random, WritesUuidsOfVersionFourInTheirUsualForm) {
    SeededRandom random(7);
    const auto id = random.uuid();
    ASSERT_EQ(id.size(), 36U);
    for (std::size_t i = 0; i < id.size(); ++i) EXPECT_EQ(id[i] == '-', i == 8 || i == 13 || i == 18 || i == 23) << id;
    EXPECT_EQ(id[14], '4');
    EXPECT_NE(std::string("89ab").find(id[19]), std::string::npos);
    EXPECT_EQ(id.find_first_not_of("0123456789abcdef-"), std::string::npos);
    EXPECT_NE(id, random.uuid());
}

}  // namespace
}  // namespace dp

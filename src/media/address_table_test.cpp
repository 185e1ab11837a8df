#include "media/address_table.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <unordered_map>

#include "base/random.hpp"

namespace dp::media {
namespace {

/// Legs are only told apart here.
Leg& leg(std::size_t i) {
    static std::array<char, 64> memory;
    return reinterpret_cast<Leg&>(memory[i]);
}

Endpoint endpoint(std::uint64_t i) {
    return {IpAddress::v4(static_cast<std::uint32_t>(0x0A000000 + i / 8)),
            static_cast<std::uint16_t>(4000 + 2 * (i % 8))};
}

TEST(AddressTableTest, FindsWhatAnOrdinaryMapFinds) {
    SeededRandom random(7);
    AddressTable table(random.next_u64());
    std::unordered_map<Endpoint, Leg*> expected;
    for (int step = 0; step < 20'000; ++step) {
        const Endpoint at = endpoint(random.between(0, 999));
        Leg& one = leg(random.between(0, 63));
        switch (random.between(0, 9)) {
            case 0:
                table.erase(one);
                std::erase_if(expected, [&](const auto& entry) { return entry.second == &one; });
                break;
            case 1:
            case 2:
            case 3:
                table.erase(at, one);
                if (const auto known = expected.find(at); known != expected.end() && known->second == &one)
                    expected.erase(known);
                break;
            default:
                table.put(at, one);
                expected[at] = &one;
        }
        ASSERT_EQ(table.size(), expected.size());
        const Endpoint asked = endpoint(random.between(0, 999));
        const auto known = expected.find(asked);
        ASSERT_EQ(table.find(asked), known == expected.end() ? nullptr : known->second) << "step " << step;
    }
    for (std::uint64_t i = 0; i < 1000; ++i) {
        const auto known = expected.find(endpoint(i));
        EXPECT_EQ(table.find(endpoint(i)), known == expected.end() ? nullptr : known->second);
    }
}

TEST(AddressTableTest, BothFamiliesAndAllPortsOfAnAddressAreApart) {
    AddressTable table(1);
    const auto v6 = *IpAddress::parse("2001:db8::1");
    for (std::uint16_t port = 1; port < 60; ++port) {
        table.put({v6, port}, leg(port));
        table.put({IpAddress::v4(0x0A000001), port}, leg(60));
    }
    for (std::uint16_t port = 1; port < 60; ++port) {
        EXPECT_EQ(table.find({v6, port}), &leg(port));
        EXPECT_EQ(table.find({IpAddress::v4(0x0A000001), port}), &leg(60));
    }
    EXPECT_EQ(table.find({v6, 60}), nullptr);
}

}  // namespace
}  // namespace dp::media

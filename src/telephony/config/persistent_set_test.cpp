#include "telephony/config/persistent_set.hpp"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "base/random.hpp"

namespace dp::telephony {
namespace {

struct Item {
    int key;
    int value;
};
struct ByKey {
    static int key(const Item& item) { return item.key; }
};
using Set = PersistentSet<Item, ByKey>;

Ptr<Item> item(int key, int value = 0) {
    return std::make_shared<const Item>(Item{key, value});
}

std::vector<int> keys_of(const Set& set) {
    std::vector<int> out;
    set.for_each([&](const Ptr<Item>& each) { out.push_back(each->key); });
    return out;
}

TEST(PersistentSet, AgreesWithAnOrderedMapOverManyRandomChanges) {
    SeededRandom random(1);
    Set set;
    std::map<int, int> model;
    for (int step = 0; step < 20'000; ++step) {
        const int key = static_cast<int>(random.between(0, 700));
        if (random.between(0, 2) == 0) {
            set = set.without(key);
            model.erase(key);
        } else {
            set = set.with(item(key, step));
            model[key] = step;
        }
        ASSERT_EQ(set.size(), model.size());
    }
    std::size_t n = 0;
    for (const auto& [key, value] : model) {
        ASSERT_EQ(set.find(key)->value, value);
        ASSERT_EQ(set.at(n)->key, key);
        ASSERT_EQ(set.rank(key), n);
        ++n;
    }
    EXPECT_EQ(set.find(701), nullptr);
    EXPECT_EQ(set.at(n), nullptr);
}

TEST(PersistentSet, AnOlderSetIsUntouchedByChangesMadeFromIt) {
    Set before;
    for (int key = 0; key < 100; ++key) before = before.with(item(key, 1));
    const Set after = before.with(item(50, 2)).without(7).with(item(200));
    EXPECT_EQ(before.size(), 100U);
    EXPECT_EQ(before.find(50)->value, 1);
    EXPECT_NE(before.find(7), nullptr);
    EXPECT_EQ(after.find(50)->value, 2);
    EXPECT_EQ(after.find(7), nullptr);
}

TEST(PersistentSet, IterationStartsAtTheFirstNotBelowAndStopsWhenTold) {
    Set set;
    for (int key = 0; key < 100; key += 10) set = set.with(item(key));
    std::vector<int> seen;
    set.for_each_from(35, [&](const Ptr<Item>& each) {
        seen.push_back(each->key);
        return seen.size() < 3;
    });
    EXPECT_EQ(seen, (std::vector{40, 50, 60}));
}

TEST(PersistentSet, BuiltFromSortedEntitiesIsTheSameSet) {
    std::vector<Ptr<Item>> items;
    for (int key = 0; key < 1000; ++key) items.push_back(item(key));
    const Set set = Set::from_sorted(items);
    EXPECT_EQ(set.size(), 1000U);
    EXPECT_EQ(keys_of(set.with(item(1000)).without(0)).front(), 1);
}

// Counts what a change copies: the entities are shared, so a copied path shows as a second owner of them.
TEST(PersistentSet, AChangeCopiesOnlyThePathToTheRoot) {
    std::vector<Ptr<Item>> items;
    for (int key = 0; key < 100'000; ++key) items.push_back(item(key));
    const Set set = Set::from_sorted(items);
    std::vector<long> owners;
    for (const auto& each : items) owners.push_back(each.use_count());
    const Set next = set.with(item(77'777, 1));
    long copied = 0;
    for (std::size_t i = 0; i < items.size(); ++i) copied += items[i].use_count() - owners[i];
    EXPECT_LE(copied, 40) << "2·log2(100,000) is 33";
    EXPECT_GE(copied, 1);
}

TEST(PersistentSet, StaysShallowWhenKeysArriveInOrder) {
    Set set;
    for (int key = 0; key < 4096; ++key) set = set.with(item(key));
    const Set next = set.with(item(4096));
    // A path as long as the set would show up as thousands of second owners.
    long shared = 0;
    set.for_each([&](const Ptr<Item>& each) { shared += each.use_count() - 1; });
    EXPECT_LE(shared, 40);
    EXPECT_EQ(next.size(), 4097U);
}

}  // namespace
}  // namespace dp::telephony

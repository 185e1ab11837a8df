#include "api/http/kept_bodies.hpp"

#include <gtest/gtest.h>

#include <array>

namespace dp::api {
namespace {

TEST(KeptBodies, GivesBackWhatWasMadeFromThisRevisionOnly) {
    KeptBodies bodies;
    const int user = 0, other = 0;
    EXPECT_EQ(bodies.find(&user, 7), nullptr);
    const auto made = bodies.keep(&user, 7, "{}");
    EXPECT_EQ(*made, "{}");
    EXPECT_EQ(bodies.find(&user, 7), made);
    EXPECT_EQ(bodies.find(&user, 8), nullptr);
    EXPECT_EQ(bodies.find(&other, 7), nullptr);
}

TEST(KeptBodies, ANewBodyTakesThePlaceOfTheOld) {
    KeptBodies bodies;
    const int user = 0;
    bodies.keep(&user, 7, "old");
    bodies.keep(&user, 8, "newer");
    EXPECT_EQ(*bodies.find(&user, 8), "newer");
    EXPECT_EQ(bodies.octets(), 5U);
}

TEST(KeptBodies, NeverHoldsMoreThanItsLimits) {
    KeptBodies bodies;
    static std::array<int, 4 * KeptBodies::kSlots> entities;
    const std::string body(KeptBodies::kMostOctets / 256, 'x');
    std::size_t found = 0;
    for (const auto& entity : entities) EXPECT_EQ(*bodies.keep(&entity, 1, body), body);
    for (const auto& entity : entities) found += bodies.find(&entity, 1) ? 1 : 0;
    EXPECT_LE(bodies.octets(), KeptBodies::kMostOctets);
    EXPECT_LE(found, 256U);
    EXPECT_GT(found, 0U);
}

TEST(KeptBodies, OldRevisionsMakeRoomForTheNewOne) {
    KeptBodies bodies;
    static std::array<int, 4 * KeptBodies::kSlots> entities;
    const std::string body(KeptBodies::kMostOctets / 256, 'x');
    for (const auto& entity : entities) bodies.keep(&entity, 1, body);
    const int fresh = 0;
    bodies.keep(&fresh, 2, body + body);  // does not fit either where it takes the place of an old one
    EXPECT_NE(bodies.find(&fresh, 2), nullptr);
    EXPECT_EQ(bodies.octets(), 2 * body.size());
}

TEST(KeptBodies, WhatDoesNotFitIsGivenOutAllTheSame) {
    KeptBodies bodies;
    const int user = 0;
    EXPECT_EQ(bodies.keep(&user, 1, std::string(KeptBodies::kMostOctets + 1, 'x'))->size(),
              KeptBodies::kMostOctets + 1);
    EXPECT_EQ(bodies.find(&user, 1), nullptr);
    EXPECT_EQ(bodies.octets(), 0U);
}

}  // namespace
}  // namespace dp::api

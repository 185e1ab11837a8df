#include "telephony/live/latency_window.hpp"

#include <gtest/gtest.h>

namespace dp::telephony {
namespace {

using namespace std::chrono_literals;

TEST(LatencyWindow, PercentilesAreSamplesOfTheWindow) {
    LatencyWindow window;
    EXPECT_FALSE(window.percentile(0.5));
    for (int i = 1; i <= 101; ++i) window.add(std::chrono::milliseconds(i));
    EXPECT_EQ(window.percentile(0), 1ms);
    EXPECT_EQ(window.percentile(0.5), 51ms);
    EXPECT_EQ(window.percentile(0.95), 96ms);
    EXPECT_EQ(window.percentile(0.99), 100ms);
    EXPECT_EQ(window.percentile(1), 101ms);
}

TEST(LatencyWindow, WhatIsOldCountsInTheTotalOnly) {
    LatencyWindow window;
    window.add(1h);
    for (std::size_t i = 0; i < LatencyWindow::kSamples; ++i) window.add(5ms);
    EXPECT_EQ(window.percentile(1), 5ms);
    EXPECT_EQ(window.total(), LatencyWindow::kSamples + 1);
}

}  // namespace
}  // namespace dp::telephony

#include "rtp/quality.hpp"

#include <gtest/gtest.h>

namespace dp::rtp {
namespace {

using namespace std::chrono_literals;

struct Row {
    QualityCodec codec;
    double loss;
    int one_way_ms;
    double r;
    double mos;
};

// R and MOS worked out by hand from G.107 (R = 93.2 − Id − Ie,eff) for random loss.
constexpr Row kRows[] = {
    {QualityCodec::G711WithPlc, 0.00, 0, 93.20, 4.41},   {QualityCodec::G711WithPlc, 0.00, 100, 90.80, 4.35},
    {QualityCodec::G711WithPlc, 0.00, 200, 85.90, 4.23}, {QualityCodec::G711WithPlc, 0.00, 400, 59.10, 3.05},
    {QualityCodec::G711WithPlc, 0.01, 0, 89.56, 4.32},   {QualityCodec::G711WithPlc, 0.05, 0, 77.42, 3.93},
    {QualityCodec::G711WithPlc, 0.20, 0, 51.07, 2.64},   {QualityCodec::G711, 0.00, 0, 93.20, 4.41},
    {QualityCodec::G711, 0.01, 0, 75.28, 3.84},          {QualityCodec::G711, 0.05, 0, 42.12, 2.17},
    {QualityCodec::G711, 0.50, 0, 5.72, 1.01},           {QualityCodec::G729A, 0.00, 0, 82.20, 4.09},
    {QualityCodec::G729A, 0.01, 0, 78.00, 3.95},         {QualityCodec::G729A, 0.05, 0, 64.70, 3.34},
    {QualityCodec::G729A, 0.05, 200, 57.40, 2.96},       {QualityCodec::Opus, 0.00, 0, 93.20, 4.41},
    {QualityCodec::Opus, 0.05, 0, 74.20, 3.79},          {QualityCodec::G722, 0.00, 0, 93.20, 4.41},
    {QualityCodec::G722, 0.02, 0, 79.63, 4.01},          {QualityCodec::G711, 1.00, 900, -98.98, 1.00},
};

TEST(Quality, FollowsTheTable) {
    for (const Row& row : kRows) {
        const Quality quality = estimate_quality(
            {.codec = row.codec, .round_trip = std::chrono::milliseconds(2 * row.one_way_ms), .loss = row.loss});
        EXPECT_NEAR(quality.r, row.r, 0.1) << int(row.codec) << " " << row.loss << " " << row.one_way_ms;
        EXPECT_NEAR(quality.mos, row.mos, 0.02) << int(row.codec) << " " << row.loss << " " << row.one_way_ms;
    }
}

TEST(Quality, IsNeverZeroAndFlagsWhatItDoesNotKnow) {
    const Quality worst = estimate_quality({.codec = QualityCodec::G711, .round_trip = Duration(10s), .loss = 1});
    EXPECT_GE(worst.mos, 1.0);
    EXPECT_TRUE(estimate_quality({}).delay_unknown);
    EXPECT_DOUBLE_EQ(estimate_quality({}).r, 93.2);
    EXPECT_TRUE(estimate_quality({.codec = QualityCodec::Opus}).estimated_codec);
    EXPECT_FALSE(estimate_quality({.codec = QualityCodec::G711}).estimated_codec);
}

TEST(Quality, BurstsHurtMoreThanRandomLoss) {
    const double random = estimate_quality({.loss = 0.05}).mos;
    EXPECT_LT(estimate_quality({.loss = 0.05, .mean_burst = 4}).mos, random);
}

TEST(Quality, IntervalsNeedFiveSecondsAndAHundredPackets) {
    EXPECT_TRUE(interval_is_long_enough(5s, 100));
    EXPECT_FALSE(interval_is_long_enough(4s, 200));
    EXPECT_FALSE(interval_is_long_enough(10s, 99));
}

TEST(CallQuality, WeighsByPacketsAndRemembersTheWorst) {
    CallQuality call;
    EXPECT_FALSE(call.mean_mos());
    call.add({.mos = 4.0}, 300);
    call.add({.mos = 2.0}, 100);
    EXPECT_DOUBLE_EQ(*call.mean_mos(), 3.5);
    EXPECT_DOUBLE_EQ(*call.worst_mos(), 2.0);
}

}  // namespace
}  // namespace dp::rtp

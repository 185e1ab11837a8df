#include "base/histogram.hpp"

#include <gtest/gtest.h>

#include "base/metrics.hpp"

namespace dp::metrics {
namespace {

TEST(Histogram, CountsEachObservationInItsBucketAndTheSum) {
    Histogram histogram;
    histogram.observe(std::chrono::microseconds(100));  // a bound belongs to its bucket
    histogram.observe(std::chrono::microseconds(101));
    histogram.observe(std::chrono::minutes(1));
    EXPECT_EQ(histogram.count_in(0), 1U);
    EXPECT_EQ(histogram.count_in(1), 1U);
    EXPECT_EQ(histogram.count_in(Histogram::kBounds.size()), 1U);
    EXPECT_NEAR(histogram.sum_seconds(), 60.000201, 1e-9);
}

TEST(Histogram, IsRenderedWithGrowingBuckets) {
    histogram("dialplane_test_seconds", "route=\"/x\"", "A test.").observe(std::chrono::milliseconds(3));
    const auto text = render();
    EXPECT_NE(text.find("# TYPE dialplane_test_seconds histogram\n"), std::string::npos);
    EXPECT_NE(text.find("dialplane_test_seconds_bucket{route=\"/x\",le=\"0.0025\"} 0\n"), std::string::npos);
    EXPECT_NE(text.find("dialplane_test_seconds_bucket{route=\"/x\",le=\"0.005\"} 1\n"), std::string::npos);
    EXPECT_NE(text.find("dialplane_test_seconds_bucket{route=\"/x\",le=\"+Inf\"} 1\n"), std::string::npos);
    EXPECT_NE(text.find("dialplane_test_seconds_count{route=\"/x\"} 1\n"), std::string::npos);
}

}  // namespace
}  // namespace dp::metrics

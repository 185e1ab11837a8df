#pragma once
/// @file Histogram: a Prometheus histogram of times, with fixed buckets from 0.1 ms to 10 s. Registered once by name and
/// labels like the counters of metrics.hpp and rendered with them.
///
/// Threads: observe() from any, relaxed atomics; a scrape may see a sum a little ahead of its buckets.

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <string_view>

namespace dp::metrics {

class Histogram {
public:
    /// Upper bounds in seconds; above the last is +Inf.
    static constexpr std::array<double, 14> kBounds{0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01,
                                                    0.025,  0.05,    0.1,    0.25,  1,      2.5,   10};

    void observe(std::chrono::nanoseconds took) {
        const double seconds = std::chrono::duration<double>(took).count();
        std::size_t bucket = 0;
        while (bucket < kBounds.size() && seconds > kBounds[bucket]) ++bucket;
        buckets_[bucket].fetch_add(1, std::memory_order_relaxed);
        sum_ns_.fetch_add(static_cast<std::uint64_t>(took.count()), std::memory_order_relaxed);
    }
    /// Observations in this bucket alone; the last one is +Inf.
    std::uint64_t count_in(std::size_t bucket) const { return buckets_[bucket].load(std::memory_order_relaxed); }
    double sum_seconds() const { return static_cast<double>(sum_ns_.load(std::memory_order_relaxed)) / 1e9; }

private:
    std::array<std::atomic<std::uint64_t>, kBounds.size() + 1> buckets_{};
    std::atomic<std::uint64_t> sum_ns_{0};
};

/// As metrics::counter(): look it up once and keep the reference.
Histogram& histogram(std::string_view name, std::string_view labels, std::string_view help);

}  // namespace dp::metrics

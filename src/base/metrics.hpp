#pragma once
/// @file Counters and gauges that any thread may touch without a lock (relaxed atomics), registered once by name at
/// start-up and rendered in Prometheus text format. Names follow `dialplane_<module>_<what>_<unit|total>`.

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>

namespace dp::metrics {

class Counter {
public:
    void add(std::uint64_t n = 1) { value_.fetch_add(n, std::memory_order_relaxed); }
    std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

private:
    alignas(64) std::atomic<std::uint64_t> value_{0};
};

class Gauge {
public:
    void set(std::int64_t value) { value_.store(value, std::memory_order_relaxed); }
    void add(std::int64_t n) { value_.fetch_add(n, std::memory_order_relaxed); }
    std::int64_t value() const { return value_.load(std::memory_order_relaxed); }

private:
    alignas(64) std::atomic<std::int64_t> value_{0};
};

/// The instrument of this name and label set (`key="value",…` or empty), made at first use and never destroyed. Takes a
/// lock: look it up once and keep the reference.
Counter& counter(std::string_view name, std::string_view labels, std::string_view help);
Gauge& gauge(std::string_view name, std::string_view labels, std::string_view help);

std::string render();

}  // namespace dp::metrics

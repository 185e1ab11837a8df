#pragma once
/// @file LatencyWindow: the latest measurements of one thing, for exact percentiles. What is older than the window
/// counts in the total only.
///
/// Threads: a value. Bounded: 512 samples of 8 octets.

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

namespace dp::telephony {

class LatencyWindow {
public:
    using Latency = std::chrono::microseconds;
    static constexpr std::size_t kSamples = 512;

    void add(Latency latency) {
        if (samples_.size() < kSamples)
            samples_.push_back(latency);
        else
            samples_[total_ % kSamples] = latency;
        ++total_;
    }
    /// Every sample there ever was.
    std::uint64_t total() const { return total_; }
    /// Nearest rank: the smallest sample that `share` (0 to 1) of the window does not exceed. Nothing without samples.
    std::optional<Latency> percentile(double share) const {
        if (samples_.empty()) return std::nullopt;
        auto sorted = samples_;
        const auto rank = static_cast<std::size_t>(share * static_cast<double>(sorted.size() - 1) + 0.5);
        const auto at = sorted.begin() + static_cast<std::ptrdiff_t>(std::min(rank, sorted.size() - 1));
        std::ranges::nth_element(sorted, at);
        return *at;
    }

private:
    std::vector<Latency> samples_;
    std::uint64_t total_ = 0;
};

}  // namespace dp::telephony

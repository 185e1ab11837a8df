#pragma once
/// @file How late packets come: arrival relative to the earliest of late, and the delay that covers 95 % of it. Used by
/// the jitter buffer.
///
/// Threads: one owner; no allocation. Source: NetEq's delay manager (figures: 2 s history, forget factor 0.983, 95 %
/// quantile).

#include <array>
#include <cstdint>

#include "base/clock.hpp"

namespace dp::rtp {

/// Histogram of relative arrival delays with forgetting: one sample per 500 ms, its maximum.
class DelayHistogram {
public:
    static constexpr std::size_t kBuckets = 30;
    static constexpr Duration kBucket = std::chrono::milliseconds(10);

    void add(Duration delay);
    /// Upper edge of the bucket that reaches 95 %.
    Duration quantile() const;
    bool empty() const { return samples_ == 0; }

private:
    std::array<float, kBuckets> weight_{};
    std::uint32_t samples_ = 0;
};

/// Arrival time against timestamps, relative to the earliest of the last 2 s.
class ArrivalDelay {
public:
    /// Delay of this packet beyond the earliest.
    Duration on_packet(std::uint32_t timestamp, std::uint32_t clock_rate, TimePoint arrival);
    /// When a packet with this timestamp would have come without jitter.
    TimePoint earliest_arrival(std::uint32_t timestamp, std::uint32_t clock_rate) const;
    bool started() const { return started_; }

private:
    static constexpr std::size_t kSlots = 20;  ///< of 100 ms
    struct Slot {
        std::int64_t epoch = -1;
        Duration offset{};
    };

    Duration media_time(std::uint32_t timestamp, std::uint32_t clock_rate) const;
    void note(std::int64_t epoch, Duration offset);

    std::array<Slot, kSlots> slots_{};  ///< smallest offset of each 100 ms
    bool started_ = false;
    std::int64_t ticks_ = 0;  ///< of last_timestamp_ since the first, unwrapped
    std::uint32_t last_timestamp_ = 0;
    TimePoint first_arrival_{};
    Duration earliest_{};  ///< smallest offset in sight
};

}  // namespace dp::rtp

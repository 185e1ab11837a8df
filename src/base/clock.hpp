#pragma once
/// @file Time as a port. Protocol code receives TimePoint values; nothing below layer 3 reads a clock.

#include <chrono>
#include <cstdint>
#include <string>

namespace dp {

using Duration = std::chrono::nanoseconds;
using TimePoint = std::chrono::time_point<std::chrono::steady_clock, Duration>;  ///< monotonic
using WallTime = std::chrono::time_point<std::chrono::system_clock, std::chrono::milliseconds>;

inline constexpr TimePoint kNever = TimePoint::max();

/// Two real users: SystemClock in the product, ManualClock in simulation and unit tests.
class Clock {
public:
    virtual ~Clock() = default;
    virtual TimePoint now() const = 0;
    virtual WallTime wall() const = 0;
};

class SystemClock final : public Clock {
public:
    TimePoint now() const override;
    WallTime wall() const override;
};

/// Moves only when told. Starts one hour after the epoch of the monotonic clock, at 2026-01-01T00:00:00Z wall time.
class ManualClock final : public Clock {
public:
    TimePoint now() const override { return now_; }
    WallTime wall() const override { return wall_; }
    void advance(Duration by);

private:
    TimePoint now_{std::chrono::hours(1)};
    WallTime wall_{std::chrono::milliseconds(1'767'225'600'000)};
};

/// RFC 3339 with milliseconds and Z, the form of every API answer: 2026-11-21T08:23:29.123Z.
std::string to_rfc3339(WallTime time);
std::int64_t to_millis(WallTime time);
WallTime from_millis(std::int64_t millis);

}  // namespace dp

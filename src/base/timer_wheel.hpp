#pragma once
/// @file TimerWheel: timers for one owner thread. Hierarchical wheel (4 levels of 256 slots, 4 ms ticks): arming,
/// re-arming and cancelling are O(1) and do not allocate per timer beyond its node; timers fire up to one tick late,
/// never early.
///
/// A Timer is a member of the object it wakes; destroying or cancelling it unlinks it. A callback may arm, cancel or
/// destroy any timer, its own included. Time is handed in, so the same wheel runs in virtual time.

#include <array>
#include <cstdint>
#include <functional>

#include "base/clock.hpp"

namespace dp {

class TimerWheel;

class Timer {
public:
    using Callback = std::move_only_function<void()>;

    Timer() = default;
    explicit Timer(Callback callback) : callback_(std::move(callback)) {}
    ~Timer() {
        cancel();
        if (destroyed_) *destroyed_ = true;
    }
    Timer(const Timer&) = delete;
    Timer& operator=(const Timer&) = delete;

    void set_callback(Callback callback) { callback_ = std::move(callback); }
    void cancel();
    bool armed() const { return wheel_ != nullptr; }
    TimePoint deadline() const { return deadline_; }

private:
    friend class TimerWheel;
    Timer* next_ = nullptr;
    Timer** link_ = nullptr;  ///< the pointer that points at this timer
    TimerWheel* wheel_ = nullptr;
    TimePoint deadline_ = kNever;
    std::uint64_t tick_ = 0;
    bool* destroyed_ = nullptr;  ///< set while the callback runs, so that it may destroy its timer
    Callback callback_;
};

class TimerWheel {
public:
    static constexpr std::chrono::milliseconds kTick{4};

    explicit TimerWheel(TimePoint start);
    ~TimerWheel();
    TimerWheel(const TimerWheel&) = delete;
    TimerWheel& operator=(const TimerWheel&) = delete;

    /// Arms or re-arms. A deadline in the past fires at the next advance.
    void arm(Timer& timer, TimePoint deadline);
    /// Runs every timer due at `now`, in tick order. Returns how many ran.
    std::size_t advance(TimePoint now);
    /// A time not later than the earliest deadline (kNever when no timer is armed): how long the loop may sleep.
    TimePoint next_deadline() const;
    std::size_t size() const { return size_; }

private:
    friend class Timer;
    static constexpr unsigned kSlotBits = 8;
    static constexpr unsigned kSlots = 1U << kSlotBits;
    static constexpr unsigned kLevels = 4;

    void insert(Timer& timer);
    static void fire(Timer& timer);
    void cascade(unsigned level);
    std::uint64_t tick_of(TimePoint deadline) const;

    TimePoint start_;
    std::uint64_t current_ = 0;  ///< last tick that was run
    std::size_t size_ = 0;
    std::array<std::array<Timer*, kSlots>, kLevels> slots_{};
    Timer* firing_ = nullptr;
};

}  // namespace dp

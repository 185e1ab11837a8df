#pragma once
/// @file Who is due every 20 ms: legs spread over twenty 1 ms phases, so that hundreds of encoders do not run in the
/// same millisecond.
///
/// Thread: one worker; time handed in. A late turn makes up what it missed, up to 100 ms; beyond that the clock skips.

#include <array>
#include <vector>

#include "base/clock.hpp"

namespace dp::media {

class Leg;

class FrameClock {
public:
    explicit FrameClock(TimePoint start) : next_(millisecond_of(start) + 1) {}

    void add(Leg& leg);
    void remove(Leg& leg);
    /// Calls `on_frame(leg, time)` for every leg due up to `now`; it may add and remove legs.
    template <class OnFrame>
    void advance(TimePoint now, OnFrame&& on_frame) {
        const std::int64_t until = millisecond_of(now);
        if (until - next_ > kMostBehind) next_ = until - kMostBehind;
        for (; next_ <= until; ++next_) {
            due_ = phases_[static_cast<std::size_t>(next_ % kPhases)];
            for (Leg* leg : due_)
                if (leg) on_frame(*leg, TimePoint(std::chrono::milliseconds(next_)));
        }
        due_.clear();
    }
    TimePoint next_deadline() const;
    bool empty() const { return count_ == 0; }

private:
    static constexpr std::int64_t kPhases = 20;
    static constexpr std::int64_t kMostBehind = 100;
    static std::int64_t millisecond_of(TimePoint time) {
        return std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
    }

    std::array<std::vector<Leg*>, kPhases> phases_;
    std::vector<Leg*> due_;  ///< the phase being run; entries of legs removed meanwhile are null
    std::int64_t next_;
    std::size_t count_ = 0;
};

}  // namespace dp::media

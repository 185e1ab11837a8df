#pragma once
/// @file LoopLag: how far a loop lags behind its timers and its mailbox: every 20 ms a timer and a posted task measure
/// themselves; the standing delay is the smallest of the last ten, so that one late wake-up of a busy machine is none.
///
/// Threads: made, read and destroyed on the loop's thread.

#include <array>
#include <memory>

#include "base/timer_wheel.hpp"
#include "net/event_loop.hpp"
#include "signaling/load_gauge.hpp"

namespace dp::app {

class LoopLag final : public signaling::LoadGauge {
public:
    explicit LoopLag(net::EventLoop& loop);
    ~LoopLag() override;

    Duration lag() const override;

private:
    void tick();
    void sample(Duration late);

    static constexpr std::size_t kSamples = 10;

    net::EventLoop& loop_;
    SystemClock clock_;
    Timer timer_;
    TimePoint due_{};
    std::array<Duration, kSamples> samples_{};
    std::size_t next_ = 0;
    std::shared_ptr<LoopLag*> self_;  ///< cleared on destruction: a task under way finds nobody
};

}  // namespace dp::app

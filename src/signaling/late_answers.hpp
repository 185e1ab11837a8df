#pragma once
/// @file LateAnswers: answers to those who guess passwords, held back 1 to 4 s so that guessing is slow. Bounded: what
/// finds no room is answered with silence. Threads: control shard. Lifetime: `agent` outlives it. Source: sip-stack 5.1.

#include <deque>

#include "base/random.hpp"
#include "base/timer_wheel.hpp"
#include "sip/user_agent.hpp"

namespace dp::signaling {

class LateAnswers {
public:
    static constexpr std::size_t kHeld = 1'000;

    LateAnswers(sip::UserAgent& agent, TimerWheel& timers, const Clock& clock, Random& random);

    void hold(sip::ServerRequestId request, sip::Response answer);

private:
    struct Held {
        TimePoint due;
        sip::ServerRequestId request;
        sip::Response answer;
    };
    void send_due();

    sip::UserAgent& agent_;
    TimerWheel& timers_;
    const Clock& clock_;
    Random& random_;
    std::deque<Held> held_;  ///< by time
    Timer timer_;
};

}  // namespace dp::signaling

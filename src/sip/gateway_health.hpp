#pragma once
/// @file GatewayHealth: turns single observations of a gateway into up and down, damped.
///
/// | Health  | probe or call good                      | probe bad                     | call timed out                   | 503 + Retry-After |
/// |---------|-----------------------------------------|-------------------------------|----------------------------------|-------------------|
/// | Unknown | → Up                                    | 3rd, or 1st with a call: Down | 3rd, or 1st with a probe: → Down | → Down            |
/// | Up      | -                                       | as above                      | as above                         | → Down            |
/// | Down    | 2nd in a row and the hold is over: → Up | good ones start again         | good ones start again            | longer hold       |
///
/// The hold is 10 s, doubling with each relapse to 300 s, and 10 s again after 30 minutes without one. A value; time is
/// handed in.

#include <algorithm>
#include <cstdint>

#include "base/clock.hpp"

namespace dp::sip {

enum class Health : std::uint8_t { Unknown, Up, Down };

class GatewayHealth {
public:
    Health health() const { return health_; }
    unsigned failures_in_a_row() const { return bad_probes_; }
    TimePoint held_until() const { return held_until_; }

    // Each returns true when health() changed.
    bool good(TimePoint now);
    bool probe_failed(TimePoint now);
    bool call_timed_out(TimePoint now);
    bool hold_down(Duration time, TimePoint now);
    /// Without probes nobody would ever see a good one: when the hold is over, it is worth a try.
    bool forgive(TimePoint now);

private:
    bool judge(TimePoint now);
    bool go_down(TimePoint now);

    Health health_ = Health::Unknown;
    unsigned bad_probes_ = 0;
    unsigned bad_calls_ = 0;
    unsigned good_ = 0;
    unsigned relapses_ = 0;
    TimePoint went_down_{};
    TimePoint held_until_{};
};

}  // namespace dp::sip

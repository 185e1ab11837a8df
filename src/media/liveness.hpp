#pragma once
/// @file Is anybody there: media timeout and one-way audio of one leg, as a pure state machine asked once a second.
///
/// Thread: the leg's worker; time handed in. A leg that should send is given 30 s without RTP or RTCP (RTCP counts:
/// carriers with silence suppression send nothing else); a held one 10 minutes. Audio in one direction alone is told
/// within 5 s: when none has come yet, and when it has stopped, once a minute at most.

#include <cstdint>
#include <optional>

#include "base/clock.hpp"

namespace dp::media {

struct LivenessLimits {
    Duration timeout = std::chrono::seconds(30);
    Duration held_timeout = std::chrono::minutes(10);
    Duration one_way = std::chrono::seconds(4);  ///< asked once a second: told within five
    Duration one_way_again = std::chrono::minutes(1);
};

class Liveness {
public:
    enum class Expectation : std::uint8_t { Sends, Held };

    explicit Liveness(const LivenessLimits& limits) : limits_(limits) {}

    /// Signalling said again what is to be expected: every count starts anew.
    void expect(Expectation expectation, TimePoint now);
    void heard(TimePoint now) {
        last_heard_ = now;
        timed_out_ = false;
    }
    void heard_rtp(TimePoint now) { last_rtp_ = now; }
    Duration silent_for(TimePoint now) const { return now - last_heard_; }
    /// We sent audio; the one-way clock begins with the first.
    void sent(TimePoint now) {
        if (!sending_since_) sending_since_ = now;
        last_sent_ = now;
    }

    struct Verdict {
        bool timed_out = false;
        bool one_way = false;
    };
    /// What is newly true.
    Verdict check(TimePoint now);

private:
    bool one_way(TimePoint now) const;

    TimePoint last_heard_{};
    TimePoint last_rtp_{};
    TimePoint last_sent_{};
    std::optional<TimePoint> sending_since_;
    std::optional<TimePoint> one_way_told_;
    bool timed_out_ = false;
    bool active_ = false;
    Expectation expectation_ = Expectation::Held;
    LivenessLimits limits_;
};

}  // namespace dp::media

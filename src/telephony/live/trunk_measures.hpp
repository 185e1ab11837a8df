#pragma once
/// @file TrunkMeasures: what was measured at one trunk since the process started: registrations, probes, calls. Kept
/// over edits of the trunk. Shared and immutable once published.

#include <chrono>
#include <cstdint>
#include <deque>
#include <string>

#include "base/clock.hpp"
#include "telephony/live/latency_window.hpp"

namespace dp::telephony {

/// One registration attempt that ended.
struct RegistrationResult {
    WallTime at{};
    bool good = false;
    int sip_status = 0;  ///< 0: nothing came
    std::chrono::milliseconds latency{};
    std::string reason;
};

struct TrunkMeasures {
    static constexpr std::size_t kResults = 20;

    LatencyWindow registrations;  ///< successful ones: first REGISTER to its 200, challenges included
    std::uint64_t registrations_failed = 0;
    std::deque<RegistrationResult> results;  ///< newest first
    LatencyWindow probes;                    ///< answered ones
    std::uint64_t probes_failed = 0;
};

/// Seizures are sessions taken, whatever became of them; answered ones reached a 200.
struct CallCounts {
    std::uint64_t seizures = 0;
    std::uint64_t answered = 0;
};

}  // namespace dp::telephony

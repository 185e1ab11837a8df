#pragma once
/// @file TrunkCheck: what an operator's test of a trunk found, step by step (issue: `POST …/edges/{id}/test`).

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"

namespace dp::telephony {

enum class CheckStep : std::uint8_t { Dns, Connect, Tls, Options, Register, CodecOffer };
enum class CheckVerdict : std::uint8_t {
    Passed,
    Failed,
    Skipped,  ///< not needed by this trunk, or a step before it failed; the detail says which
};

struct CheckResult {
    CheckStep step = CheckStep::Dns;
    CheckVerdict verdict = CheckVerdict::Skipped;
    std::chrono::microseconds took{};
    int sip_status = 0;  ///< 0: no answer, or a step without one
    std::string detail;
};

/// Every step once, in order.
struct TrunkCheckReport {
    WallTime started{};
    std::chrono::microseconds took{};
    std::vector<CheckResult> steps;

    CheckVerdict verdict() const {
        for (const auto& step : steps)
            if (step.verdict == CheckVerdict::Failed) return CheckVerdict::Failed;
        return CheckVerdict::Passed;
    }
};

constexpr std::string_view to_string(CheckStep step) {
    constexpr std::string_view kNames[] = {"dns", "connect", "tls", "options", "register", "codecOffer"};
    return kNames[static_cast<std::size_t>(step)];
}
constexpr std::string_view to_string(CheckVerdict verdict) {
    constexpr std::string_view kNames[] = {"passed", "failed", "skipped"};
    return kNames[static_cast<std::size_t>(verdict)];
}

}  // namespace dp::telephony

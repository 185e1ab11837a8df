#pragma once
/// @file How long a client waits before it tries again: RFC 5626 §4.5 with its jitter, and the spreads that keep many
/// clients from coming at once. Pure functions of a Random.

#include <algorithm>
#include <chrono>

#include "base/clock.hpp"
#include "base/random.hpp"

namespace dp::sip {

/// Uniform in [low, high].
inline Duration random_between(Random& random, Duration low, Duration high) {
    return low +
           Duration(static_cast<std::int64_t>(random.between(0, static_cast<std::uint64_t>((high - low).count()))));
}

/// `upper = min(1800 s, base · 2^failures)`, then uniform in 50-100 % of it (RFC 5626 §4.5).
inline Duration back_off(Random& random, std::chrono::seconds base, unsigned failures) {
    constexpr std::chrono::seconds kMax{1800};
    const Duration upper = std::min<Duration>(kMax, base * (std::int64_t{1} << std::min(failures, 10U)));
    return random_between(random, upper / 2, upper);
}

}  // namespace dp::sip

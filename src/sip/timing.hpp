#pragma once
/// @file The timer values of RFC 3261 §17 (table 4), RFC 3262 and RFC 6026, and Deadlines: several deadlines that share
/// one wheel timer, so that a transaction or a session costs one timer node.

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>

#include "base/clock.hpp"

namespace dp::sip {

struct TimerValues {
    Duration t1 = std::chrono::milliseconds(500);  ///< round-trip estimate
    Duration t2 = std::chrono::seconds(4);         ///< retransmission cap of non-INVITE requests and INVITE answers
    Duration t4 = std::chrono::seconds(5);         ///< how long a message may live in the network
    Duration d = std::chrono::seconds(32);         ///< wait in Completed, INVITE client, unreliable transport

    /// Timers B, F, H, J, L, M.
    Duration timeout() const { return 64 * t1; }
};

/// Whether the transport repeats lost packets itself (TCP, TLS, WebSocket): then we never do (§17.1.1.2).
enum class Reliability : std::uint8_t { Unreliable, Reliable };

/// One deadline per enumerator of `Kind` (values 0…N-1). kNever = not set.
template <class Kind, std::size_t N>
class Deadlines {
public:
    Deadlines() { at_.fill(kNever); }

    void set(Kind kind, TimePoint when) { at_[index(kind)] = when; }
    void clear(Kind kind) { at_[index(kind)] = kNever; }
    void clear() { at_.fill(kNever); }
    bool is_set(Kind kind) const { return at_[index(kind)] != kNever; }
    TimePoint at(Kind kind) const { return at_[index(kind)]; }
    TimePoint earliest() const { return *std::min_element(at_.begin(), at_.end()); }

    /// Clears and returns the earliest deadline that is due.
    std::optional<Kind> take_due(TimePoint now) {
        const auto first = std::min_element(at_.begin(), at_.end());
        if (*first > now || *first == kNever) return std::nullopt;
        *first = kNever;
        return static_cast<Kind>(first - at_.begin());
    }

private:
    static constexpr std::size_t index(Kind kind) { return static_cast<std::size_t>(kind); }
    std::array<TimePoint, N> at_;
};

}  // namespace dp::sip

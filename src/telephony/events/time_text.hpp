#pragma once
/// @file Points in time and intervals as the API writes them: RFC 3339 with a zone, and ISO 8601 `from/until`. Pure.

#include <optional>
#include <string_view>

#include "base/clock.hpp"

namespace dp::telephony {

/// `2026-11-21T08:23:29Z`, with up to nine digits of fraction (cut to milliseconds) and `Z` or `+hh:mm`.
std::optional<WallTime> parse_rfc3339(std::string_view text);

/// Half open: `from` belongs to it, `until` does not.
struct Interval {
    WallTime from{};
    WallTime until{};
};

/// `from/until`, both RFC 3339, in this order.
std::optional<Interval> parse_interval(std::string_view text);

}  // namespace dp::telephony

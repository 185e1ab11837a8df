#pragma once
/// @file Recurrence: the part of RFC 5545 section 3.3.10 that opening hours and holidays are written with: FREQ
/// (DAILY, WEEKLY, MONTHLY, YEARLY), INTERVAL, BYDAY (with ordinals in a month), BYMONTHDAY, BYMONTH, COUNT, UNTIL and
/// WKST=MO. Anything else is refused by name rather than read wrongly.
///
/// Pure. Dates are of the local calendar.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace dp::telephony {

using LocalSeconds = std::chrono::local_seconds;

class Recurrence {
public:
    /// InvalidValue that names the part.
    static Result<Recurrence> parse(std::string_view rule);

    /// Is there an occurrence on `date`, of a series whose first is at `first`?
    bool on(std::chrono::local_days date, LocalSeconds first) const;

private:
    enum class Frequency : std::uint8_t { Daily, Weekly, Monthly, Yearly };
    struct Day {
        std::chrono::weekday day;
        int ordinal = 0;  ///< 0: every; -1: the last of its month
    };

    Result<void> take(std::string_view name, std::string_view value);
    Result<void> take_days(std::string_view value);
    bool matches(std::chrono::local_days date, std::chrono::local_days first) const;
    bool fits_day(const std::chrono::year_month_day& date, const std::chrono::year_month_day& first) const;
    bool fits_interval(std::chrono::local_days date, std::chrono::local_days first) const;

    std::optional<Frequency> frequency_;
    std::int64_t interval_ = 1;
    std::int64_t count_ = 0;  ///< 0: without end
    std::optional<LocalSeconds> until_;
    std::vector<Day> days_;
    std::vector<std::int64_t> month_days_;
    std::vector<std::int64_t> months_;
};

/// `2026-01-05T09:00:00.000`; the fraction may be absent.
std::optional<LocalSeconds> parse_local_time(std::string_view text);

}  // namespace dp::telephony

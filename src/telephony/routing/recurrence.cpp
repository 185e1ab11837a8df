#include "telephony/routing/recurrence.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "base/ascii.hpp"

namespace dp::telephony {
namespace {

using std::chrono::days;
using std::chrono::local_days;
using std::chrono::weekday;
using std::chrono::year_month_day;

/// A count is found by going through the days from the first; longer series than this have no COUNT.
constexpr std::int64_t kMostCount = 3'660;

std::unexpected<Error> refuse(std::string_view part, std::string_view rule) {
    return std::unexpected(Error{ErrorCode::InvalidValue, fmt::format("rrule: {} {}.", part, rule), "rrule"});
}

std::optional<std::int64_t> integer(std::string_view text) {
    std::int64_t value = 0;
    if (text.starts_with('+')) text.remove_prefix(1);
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (problem != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
}

std::optional<weekday> weekday_from(std::string_view text) {
    static constexpr std::array<std::string_view, 7> kNames{"SU", "MO", "TU", "WE", "TH", "FR", "SA"};
    const auto found = std::ranges::find(kNames, text);
    if (found == kNames.end()) return std::nullopt;
    return weekday(static_cast<unsigned>(found - kNames.begin()));
}

Result<std::vector<std::int64_t>> integers(std::string_view name, std::string_view text, std::int64_t low,
                                           std::int64_t high) {
    std::vector<std::int64_t> out;
    for (std::string_view part : ascii::split(text, ',')) {
        const auto value = integer(part);
        if (!value || *value < low || *value > high || *value == 0)
            return refuse(name, fmt::format("has values of {} to {}, not 0", low, high));
        out.push_back(*value);
    }
    return out;
}

std::int64_t month_index(const year_month_day& date) {
    return std::int64_t{static_cast<int>(date.year())} * 12 + static_cast<unsigned>(date.month());
}

std::int64_t last_day(const year_month_day& date) {
    return static_cast<unsigned>(year_month_day(date.year() / date.month() / std::chrono::last).day());
}

bool has_month_day(const std::vector<std::int64_t>& wanted, const year_month_day& date) {
    const auto day = static_cast<std::int64_t>(static_cast<unsigned>(date.day()));
    const std::int64_t from_end = day - last_day(date) - 1;
    return std::ranges::any_of(wanted, [&](std::int64_t d) { return d == day || d == from_end; });
}

/// `20261231T235959Z`, `20261231T235959`, `20261231`: RFC 5545 section 3.3.10. The zone is the group's.
std::optional<LocalSeconds> parse_until(std::string_view text) {
    if (text.ends_with('Z')) text.remove_suffix(1);
    if (text.size() == 8) {
        const auto day =
            parse_local_time(fmt::format("{}-{}-{}T23:59:59", text.substr(0, 4), text.substr(4, 2), text.substr(6, 2)));
        return day;
    }
    if (text.size() != 15 || text[8] != 'T') return std::nullopt;
    return parse_local_time(fmt::format("{}-{}-{}T{}:{}:{}", text.substr(0, 4), text.substr(4, 2), text.substr(6, 2),
                                        text.substr(9, 2), text.substr(11, 2), text.substr(13, 2)));
}

}  // namespace

std::optional<LocalSeconds> parse_local_time(std::string_view text) {
    constexpr std::string_view kShape = "dddd-dd-ddTdd:dd:dd";
    if (text.size() < kShape.size()) return std::nullopt;
    for (std::size_t i = 0; i < kShape.size(); ++i)
        if (kShape[i] == 'd' ? !ascii::is_digit(text[i]) : text[i] != kShape[i]) return std::nullopt;
    const std::string_view fraction = text.substr(kShape.size());
    const bool whole = fraction.empty() || (fraction[0] == '.' && fraction.size() <= 10 &&
                                            std::ranges::all_of(fraction.substr(1), ascii::is_digit));
    const auto part = [&](std::size_t at, std::size_t size) { return *integer(text.substr(at, size)); };
    const year_month_day date(std::chrono::year(static_cast<int>(part(0, 4))),
                              std::chrono::month(static_cast<unsigned>(part(5, 2))),
                              std::chrono::day(static_cast<unsigned>(part(8, 2))));
    if (!whole || !date.ok() || part(11, 2) > 23 || part(14, 2) > 59 || part(17, 2) > 59) return std::nullopt;
    return LocalSeconds(local_days(date)) + std::chrono::hours(part(11, 2)) + std::chrono::minutes(part(14, 2)) +
           std::chrono::seconds(part(17, 2));
}

Result<Recurrence> Recurrence::parse(std::string_view rule) {
    if (ascii::iequals(rule.substr(0, 6), "RRULE:")) rule.remove_prefix(6);
    Recurrence out;
    for (std::string_view part : ascii::split(rule, ';')) {
        if (part.empty()) continue;
        const std::size_t equals = part.find('=');
        if (equals == std::string_view::npos) return refuse(part, "has no value");
        DP_CHECK(out.take(part.substr(0, equals), part.substr(equals + 1)));
    }
    if (!out.frequency_) return refuse("FREQ", "is required");
    if (out.count_ != 0 && out.until_) return refuse("COUNT", "and UNTIL exclude each other");
    return out;
}

Result<void> Recurrence::take(std::string_view name, std::string_view value) {
    static constexpr std::array<std::string_view, 4> kFrequencies{"DAILY", "WEEKLY", "MONTHLY", "YEARLY"};
    if (name == "FREQ") {
        const auto found = std::ranges::find(kFrequencies, value);
        if (found == kFrequencies.end()) return refuse(name, "must be DAILY, WEEKLY, MONTHLY or YEARLY");
        frequency_ = static_cast<Frequency>(found - kFrequencies.begin());
    } else if (name == "INTERVAL") {
        const auto number = integer(value);
        if (!number || *number < 1 || *number > 1000) return refuse(name, "must be 1 to 1000");
        interval_ = *number;
    } else if (name == "COUNT") {
        const auto number = integer(value);
        if (!number || *number < 1 || *number > kMostCount)
            return refuse(name, fmt::format("must be 1 to {}", kMostCount));
        count_ = *number;
    } else if (name == "UNTIL") {
        until_ = parse_until(value);
        if (!until_) return refuse(name, "must be a date or a date with time");
    } else if (name == "BYDAY") {
        return take_days(value);
    } else if (name == "BYMONTHDAY") {
        DP_TRY(found, integers(name, value, -31, 31));
        month_days_ = std::move(found);
    } else if (name == "BYMONTH") {
        DP_TRY(found, integers(name, value, 1, 12));
        months_ = std::move(found);
    } else if (name == "WKST") {
        if (value != "MO") return refuse(name, "must be MO");
    } else {
        return refuse(name, "is not understood");
    }
    return {};
}

Result<void> Recurrence::take_days(std::string_view value) {
    for (std::string_view part : ascii::split(value, ',')) {
        const auto day = part.size() < 2 ? std::nullopt : weekday_from(part.substr(part.size() - 2));
        const std::string_view ordinal = part.size() < 2 ? "" : part.substr(0, part.size() - 2);
        const auto number = ordinal.empty() ? std::optional<std::int64_t>(0) : integer(ordinal);
        if (!day || !number || (!ordinal.empty() && (*number == 0 || *number < -5 || *number > 5)))
            return refuse("BYDAY", "has days MO to SU, with an ordinal of 1 to 5 or -1 to -5");
        days_.push_back({*day, static_cast<int>(*number)});
    }
    return {};
}

bool Recurrence::fits_interval(local_days date, local_days first) const {
    const year_month_day at(date), from(first);
    switch (*frequency_) {
        case Frequency::Daily:
            return (date - first).count() % interval_ == 0;
        case Frequency::Weekly: {
            const auto monday = [](local_days day) { return day - (weekday(day) - std::chrono::Monday); };
            return (monday(date) - monday(first)).count() / 7 % interval_ == 0;
        }
        case Frequency::Monthly:
            return (month_index(at) - month_index(from)) % interval_ == 0;
        case Frequency::Yearly:
            return (static_cast<int>(at.year()) - static_cast<int>(from.year())) % interval_ == 0;
    }
    return false;
}

bool Recurrence::fits_day(const year_month_day& date, const year_month_day& first) const {
    const bool by_month = *frequency_ == Frequency::Monthly || *frequency_ == Frequency::Yearly;
    if (!months_.empty()) {
        const auto month = static_cast<std::int64_t>(static_cast<unsigned>(date.month()));
        if (std::ranges::find(months_, month) == months_.end()) return false;
    } else if (*frequency_ == Frequency::Yearly && date.month() != first.month()) {
        return false;
    }
    if (!month_days_.empty() && !has_month_day(month_days_, date)) return false;
    if (!days_.empty()) {
        const weekday day{local_days(date)};
        const auto from_start = static_cast<int>((static_cast<unsigned>(date.day()) - 1) / 7) + 1;
        const auto from_end = -static_cast<int>((last_day(date) - static_cast<unsigned>(date.day())) / 7) - 1;
        return std::ranges::any_of(days_, [&](const Day& wanted) {
            return wanted.day == day &&
                   (wanted.ordinal == 0 || wanted.ordinal == from_start || wanted.ordinal == from_end);
        });
    }
    if (!month_days_.empty()) return true;
    if (by_month) return date.day() == first.day();
    return *frequency_ == Frequency::Daily || weekday(local_days(date)) == weekday(local_days(first));
}

bool Recurrence::matches(local_days date, local_days first) const {
    return date >= first && fits_interval(date, first) && fits_day(year_month_day(date), year_month_day(first));
}

bool Recurrence::on(local_days date, LocalSeconds first) const {
    const auto first_day = std::chrono::floor<days>(first);
    if (!matches(date, first_day)) return false;
    if (until_ && LocalSeconds(date) + (first - first_day) > *until_) return false;
    if (count_ == 0) return true;
    std::int64_t seen = 0;
    for (local_days day = first_day; day < date && seen < count_; day += days(1))
        seen += matches(day, first_day) ? 1 : 0;
    return seen < count_;
}

}  // namespace dp::telephony

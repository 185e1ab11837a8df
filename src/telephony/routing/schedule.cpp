#include "telephony/routing/schedule.hpp"

#include <date/tz.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "telephony/config/snapshot.hpp"
#include "telephony/routing/recurrence.hpp"

namespace dp::telephony {
namespace {

using std::chrono::days;

constexpr days kLongestOccurrence{7};

struct Times {
    LocalSeconds start;
    LocalSeconds end;
};

Result<Times> times_of(const Schedule& schedule) {
    const auto read = [](const std::string& text, std::string_view field) -> Result<LocalSeconds> {
        if (text.empty())
            return fail(ErrorCode::MissingField, fmt::format("{} is required.", field), std::string(field));
        if (const auto time = parse_local_time(text)) return *time;
        return fail(ErrorCode::InvalidValue,
                    fmt::format("{} must be a local time such as 2026-01-05T09:00:00.000.", field), std::string(field));
    };
    DP_TRY(start, read(schedule.start, "start"));
    DP_TRY(end, read(schedule.end, "end"));
    return Times{start, end};
}

bool covers(const Schedule& schedule, LocalSeconds now) {
    const auto times = times_of(schedule);
    if (!times || now < times->start) return false;
    if (schedule.rrule.empty()) return now < times->end;
    const auto rule = Recurrence::parse(schedule.rrule);
    if (!rule) return false;
    const auto length = times->end - times->start;
    const auto time_of_day = times->start - std::chrono::floor<days>(times->start);
    const auto today = std::chrono::floor<days>(now);
    for (auto day = today - kLongestOccurrence; day <= today; day += days(1)) {
        const LocalSeconds begin = LocalSeconds(day) + time_of_day;
        if (begin <= now && now < begin + length && rule->on(day, times->start)) return true;
    }
    return false;
}

/// Null for a name that this machine's database does not have; the library throws then.
const date::time_zone* zone_of(std::string_view name) {
    try {
        return date::locate_zone(std::string(name));
    } catch (const std::exception&) {
        return nullptr;
    }
}

LocalSeconds local_time(std::string_view zone, WallTime time) {
    const auto utc = std::chrono::floor<std::chrono::seconds>(time);
    const date::time_zone* found = zone_of(zone);
    const auto offset = found != nullptr ? found->get_info(utc).offset : std::chrono::seconds(0);
    return LocalSeconds((utc + offset).time_since_epoch());
}

}  // namespace

std::string_view to_string(ScheduleState state) {
    static constexpr std::array<std::string_view, 3> kNames{"open", "closed", "holiday"};
    return kNames[static_cast<std::size_t>(state)];
}

Result<void> validate(const Schedule& schedule) {
    DP_TRY(times, times_of(schedule));
    if (times.end <= times.start) return fail(ErrorCode::InvalidValue, "end must be after start.", "end");
    if (schedule.rrule.empty()) return {};
    if (times.end - times.start > kLongestOccurrence)
        return fail(ErrorCode::InvalidValue, "end must be at most 7 days after start where there is an rrule.", "end");
    DP_CHECK(Recurrence::parse(schedule.rrule));
    return {};
}

bool is_time_zone(std::string_view name) {
    return zone_of(name) != nullptr;
}

ScheduleState state_at(const OrganizationConfig& config, const ScheduleGroup& group, WallTime time) {
    const LocalSeconds now = local_time(group.time_zone, time);
    const auto any = [&](const std::vector<ScheduleId>& ids) {
        return std::ranges::any_of(ids, [&](const ScheduleId& id) {
            const auto& schedule = config.find<Schedule>(id);
            return schedule && covers(*schedule, now);
        });
    };
    if (any(group.holidays)) return ScheduleState::Holiday;
    if (any(group.closed)) return ScheduleState::Closed;
    return any(group.open) ? ScheduleState::Open : ScheduleState::Closed;
}

}  // namespace dp::telephony

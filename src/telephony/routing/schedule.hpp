#pragma once
/// @file Schedule: times that recur (an RFC 5545 rule in local time), and ScheduleGroup: which of them mean open,
/// closed and holiday in one time zone.
///
/// Threads: values. Source: genesys-api "schedules" (`start`, `end` local ISO, `rrule`; groups carry the zone); RFC 5545
/// section 3.3.10. Weekly hours are `FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR`, a holiday is a schedule without a rule.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "telephony/ids.hpp"

namespace dp::telephony {

struct Schedule {
    ScheduleId id;
    EntityMeta meta;
    std::string name;
    std::string description;
    std::string start;  ///< `2026-01-05T09:00:00.000`, in the group's zone; of the first occurrence
    std::string end;    ///< of the first occurrence; at most 7 days after `start`, unless there is no rule
    std::string rrule;  ///< empty: once
};

struct ScheduleGroup {
    ScheduleGroupId id;
    EntityMeta meta;
    std::string name;
    std::string description;
    std::string time_zone = "UTC";  ///< IANA name
    std::vector<ScheduleId> open;
    std::vector<ScheduleId> closed;
    std::vector<ScheduleId> holidays;
};

enum class ScheduleState : std::uint8_t { Open, Closed, Holiday };
std::string_view to_string(ScheduleState state);

/// The schedule's own values: times, order, and a rule of the kinds that are understood.
Result<void> validate(const Schedule& schedule);
/// True for a time zone of the IANA database that this machine has.
bool is_time_zone(std::string_view name);

class OrganizationConfig;
/// Holiday before closed before open; closed when nothing matches.
ScheduleState state_at(const OrganizationConfig& config, const ScheduleGroup& group, WallTime time);

}  // namespace dp::telephony

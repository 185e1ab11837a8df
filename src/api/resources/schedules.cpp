/// @file /api/v2/architect/schedules and /api/v2/architect/schedulegroups (genesys-api "schedules").
#include "api/resources/entity_routes.hpp"
#include "api/resources/resources.hpp"

namespace dp::api {

namespace json = boost::json;
using telephony::OrganizationConfig;
using telephony::Schedule;
using telephony::ScheduleGroup;
using telephony::ScheduleId;

namespace {

constexpr std::string_view kSchedules = "/api/v2/architect/schedules";
constexpr std::string_view kGroups = "/api/v2/architect/schedulegroups";
const Scopes kRead{"architect:readonly", "architect"};
const Scopes kWrite{"architect"};

json::object schedule_json(const Schedule& schedule, const OrganizationConfig&) {
    auto out = envelope(schedule.id.str(), schedule.name, schedule.meta, kSchedules);
    out["description"] = schedule.description;
    out["start"] = schedule.start;
    out["end"] = schedule.end;
    out["rrule"] = schedule.rrule;
    return out;
}

void fill_schedule(JsonReader& body, Schedule& schedule) {
    schedule.name = body.required_text("name");
    schedule.description = body.text("description", 1000).value_or("");
    schedule.start = body.required_text("start", 32);
    schedule.end = body.required_text("end", 32);
    schedule.rrule = body.text("rrule", 512).value_or("");
}

json::array schedules_json(const std::vector<ScheduleId>& ids, const OrganizationConfig& config) {
    json::array out;
    for (const ScheduleId& id : ids) {
        const auto& schedule = config.find<Schedule>(id);
        out.push_back(reference(id.str(), schedule ? schedule->name : "", kSchedules));
    }
    return out;
}

json::object group_json(const ScheduleGroup& group, const OrganizationConfig& config) {
    auto out = envelope(group.id.str(), group.name, group.meta, kGroups);
    out["description"] = group.description;
    out["timeZone"] = group.time_zone;
    out["openSchedules"] = schedules_json(group.open, config);
    out["closedSchedules"] = schedules_json(group.closed, config);
    out["holidaySchedules"] = schedules_json(group.holidays, config);
    return out;
}

std::vector<ScheduleId> read_schedules(JsonReader& body, std::string_view name) {
    std::vector<ScheduleId> out;
    for (JsonReader* schedule : body.objects(name, 200)) {
        out.emplace_back(schedule->required_text("id", 64));
        schedule->ignore({"name", "selfUri"});
    }
    return out;
}

void fill_group(JsonReader& body, ScheduleGroup& group) {
    group.name = body.required_text("name");
    group.description = body.text("description", 1000).value_or("");
    if (const auto zone = body.text("timeZone", 64)) group.time_zone = *zone;
    group.open = read_schedules(body, "openSchedules");
    group.closed = read_schedules(body, "closedSchedules");
    group.holidays = read_schedules(body, "holidaySchedules");
}

}  // namespace

void add_schedules(Router& router, ApiContext& context) {
    const Shape<Schedule> schedules{
        kSchedules, "/api/v2/architect/schedules/{scheduleId}", "scheduleId", "schedule", kRead, kWrite, schedule_json};
    add_reads(router, schedules, JsonFrom::ConfigurationAlone);
    add_writes<Schedule>(router, context, schedules, fill_schedule);
    add_remove(router, context, schedules, telephony::EntityType::Schedule);
    const Shape<ScheduleGroup> groups{kGroups,
                                      "/api/v2/architect/schedulegroups/{scheduleGroupId}",
                                      "scheduleGroupId",
                                      "schedule group",
                                      kRead,
                                      kWrite,
                                      group_json};
    add_reads(router, groups, JsonFrom::ConfigurationAlone);
    add_writes<ScheduleGroup>(router, context, groups, fill_group);
    add_remove(router, context, groups, telephony::EntityType::ScheduleGroup);
}

}  // namespace dp::api

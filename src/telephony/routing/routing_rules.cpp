#include "telephony/routing/routing_rules.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace dp::telephony {
namespace {

struct Exit {
    RouteTarget target;
    std::string field;
};

std::vector<Exit> exits_of(const Queue& queue) {
    std::vector<Exit> out;
    if (queue.overflow) out.push_back({*queue.overflow, "overflow.id"});
    return out;
}

std::vector<Exit> exits_of(const CallFlow& flow) {
    std::vector<Exit> out;
    for (std::size_t i = 0; i < flow.steps.size(); ++i)
        if (flow.steps[i].target) out.push_back({*flow.steps[i].target, fmt::format("steps[{}].target.id", i)});
    if (flow.fallback) out.push_back({*flow.fallback, "fallback.id"});
    return out;
}

std::vector<Exit> exits_of(const OrganizationConfig& config, const RouteTarget& target) {
    if (target.kind == RoutingKind::Queue)
        if (const auto& queue = config.find<Queue>(QueueId(target.id))) return exits_of(*queue);
    if (target.kind == RoutingKind::CallFlow)
        if (const auto& flow = config.find<CallFlow>(CallFlowId(target.id))) return exits_of(*flow);
    return {};
}

/// How many queues and flows follow each other from a target on. A target is looked at once.
class Depths {
public:
    Depths(const OrganizationConfig& config, RouteTarget home) : config_(config), home_(std::move(home)) {}

    int of(const RouteTarget& target) {
        if (target == home_) returns_ = true;
        const auto [known, fresh] = known_.try_emplace({target.kind, target.id}, 0);
        if (!fresh || returns_) return known->second;
        int deepest = 0;
        for (const Exit& exit : exits_of(config_, target)) deepest = std::max(deepest, of(exit.target));
        return known_[{target.kind, target.id}] = deepest + 1;
    }
    bool returns() const { return returns_; }

private:
    const OrganizationConfig& config_;
    RouteTarget home_;
    std::map<std::pair<RoutingKind, std::string>, int> known_;
    bool returns_ = false;
};

Result<void> check_exits(const OrganizationConfig& config, const RouteTarget& home, const std::vector<Exit>& exits) {
    for (const Exit& exit : exits) {
        if (exit.target != home && !exists(config, exit.target))
            return fail(
                ErrorCode::InvalidValue,
                fmt::format("{}: the {} '{}' does not exist.", exit.field, to_string(exit.target.kind), exit.target.id),
                exit.field);
        Depths depths(config, home);
        const bool too_deep = depths.of(exit.target) >= kDeepestRoute;
        if (depths.returns() || too_deep)
            return fail(ErrorCode::InvalidValue,
                        depths.returns() ? fmt::format("{}: the {} '{}' leads back here: a call would go in a circle.",
                                                       exit.field, to_string(exit.target.kind), exit.target.id)
                                         : fmt::format("{}: more than {} queues and flows would follow each other.",
                                                       exit.field, kDeepestRoute),
                        exit.field);
    }
    return {};
}

}  // namespace

bool exists(const OrganizationConfig& config, const RouteTarget& target) {
    switch (target.kind) {
        case RoutingKind::User: {
            const auto& user = config.user(UserId(target.id));
            return user && user->state == UserState::Active;
        }
        case RoutingKind::Queue:
            return config.find<Queue>(QueueId(target.id)) != nullptr;
        case RoutingKind::CallFlow:
            return config.find<CallFlow>(CallFlowId(target.id)) != nullptr;
    }
    return false;
}

Result<void> check_queue(const OrganizationConfig& config, const Queue& queue) {
    DP_CHECK(validate(queue));
    return check_exits(config, {RoutingKind::Queue, queue.id.str()}, exits_of(queue));
}

Result<void> check_flow(const OrganizationConfig& config, const CallFlow& flow) {
    DP_CHECK(validate(flow));
    for (std::size_t i = 0; i < flow.steps.size(); ++i) {
        const ScheduleGroupId& group = flow.steps[i].schedule_group;
        if (!group.empty() && !config.find<ScheduleGroup>(group)) {
            const std::string field = fmt::format("steps[{}].scheduleGroupId", i);
            return fail(ErrorCode::InvalidValue,
                        fmt::format("{}: the schedule group '{}' does not exist.", field, group.str()), field);
        }
    }
    return check_exits(config, {RoutingKind::CallFlow, flow.id.str()}, exits_of(flow));
}

Result<void> check_schedule_group(const OrganizationConfig& config, const ScheduleGroup& group) {
    constexpr std::size_t kMost = 200;
    if (!is_time_zone(group.time_zone))
        return fail(ErrorCode::InvalidValue,
                    fmt::format("timeZone: '{}' is no time zone of the IANA database.", group.time_zone), "timeZone");
    const std::pair<const std::vector<ScheduleId>*, std::string_view> lists[] = {
        {&group.open, "openSchedules"}, {&group.closed, "closedSchedules"}, {&group.holidays, "holidaySchedules"}};
    for (const auto& [ids, name] : lists) {
        if (ids->size() > kMost)
            return fail(ErrorCode::InvalidValue, fmt::format("{} may have at most {} entries.", name, kMost),
                        std::string(name));
        for (std::size_t i = 0; i < ids->size(); ++i) {
            if (config.find<Schedule>((*ids)[i])) continue;
            const std::string field = fmt::format("{}[{}].id", name, i);
            return fail(ErrorCode::InvalidValue,
                        fmt::format("{}: the schedule '{}' does not exist.", field, (*ids)[i].str()), field);
        }
    }
    return {};
}

std::string led_to_by(const OrganizationConfig& config, const RouteTarget& target) {
    std::string found;
    const auto look = [&](std::string_view kind, const auto& entity) {
        if (std::ranges::any_of(exits_of(*entity), [&](const Exit& exit) { return exit.target == target; }))
            found = fmt::format("{} '{}'", kind, entity->id.str());
        return found.empty();
    };
    config.all<Queue>().for_each([&](const Ptr<Queue>& queue) { return look("queue", queue); });
    if (found.empty())
        config.all<CallFlow>().for_each([&](const Ptr<CallFlow>& flow) { return look("callflow", flow); });
    return found;
}

}  // namespace dp::telephony

#include "telephony/dialing/router.hpp"

#include <algorithm>
#include <array>

#include "base/ascii.hpp"

namespace dp::telephony {
namespace {

struct Candidate {
    TrunkId id;
    std::string route;
};

bool serves(const OutboundRoute& route, DestinationClass destination) {
    if (!route.enabled) return false;
    if (route.classes.empty()) return destination != DestinationClass::Emergency;
    return std::ranges::find(route.classes, destination) != route.classes.end();
}

std::vector<TrunkId> every_trunk(const OrganizationConfig& config) {
    std::vector<TrunkId> out;
    config.trunks_by_name().for_each([&](const Ptr<Trunk>& trunk) { out.push_back(trunk->id); });
    return out;
}

void add_route(const OrganizationConfig& config, const OutboundRoute& route, std::uint64_t random_order,
               std::vector<Candidate>& out) {
    const std::vector<TrunkId> trunks = route.trunks.empty() ? every_trunk(config) : route.trunks;
    const std::size_t count = trunks.size();
    const std::size_t first = route.distribution == RouteDistribution::Random && count > 0 ? random_order % count : 0;
    for (std::size_t i = 0; i < count; ++i) {
        const TrunkId& trunk = trunks[(first + i) % count];
        if (std::ranges::find(out, trunk, &Candidate::id) == out.end()) out.push_back({trunk, route.name});
    }
}

std::vector<Candidate> candidates_of(const OrganizationConfig& config, const OutboundCall& call,
                                     std::uint64_t random_order) {
    std::vector<Candidate> out;
    if (call.site && !call.site->outbound_routes.empty()) {
        for (const OutboundRoute& route : call.site->outbound_routes)
            if (serves(route, call.destination_class)) add_route(config, route, random_order, out);
        return out;
    }
    add_route(config, OutboundRoute{}, random_order, out);
    return out;
}

TrunkVerdict judge(const Trunk* trunk, const TrunkConditions& conditions) {
    if (!trunk) return TrunkVerdict::Missing;
    if (!trunk->enabled) return TrunkVerdict::Disabled;
    if (std::ranges::find(trunk->number_types, NumberType::Pstn) == trunk->number_types.end())
        return TrunkVerdict::WrongNumberType;
    const TrunkCondition now = conditions.of(trunk->id);
    if (trunk->registration.type == RegistrationType::Register && now.registration != RegistrationState::Registered)
        return TrunkVerdict::NotRegistered;
    if (now.health == TrunkHealth::Down) return TrunkVerdict::Down;
    return now.sessions >= trunk->max_concurrent_sessions ? TrunkVerdict::AtSessionLimit : TrunkVerdict::Usable;
}

void add_gateways(const OrganizationConfig& config, const Ptr<Trunk>& trunk, RoutePlan& plan) {
    const auto& profile = config.sip_profile(trunk->sip_profile);
    const CodecList codecs = profile ? codecs_of(*trunk, *profile) : trunk->codecs;
    for (TrunkGateway& gateway : gateways_of(*trunk)) plan.gateways.push_back({trunk, std::move(gateway), codecs});
}

constexpr std::array<std::string_view, 7> kVerdicts{"usable",           "disabled",          "not_registered", "down",
                                                    "at_session_limit", "wrong_number_type", "missing"};
constexpr std::array<std::string_view, 5> kUnrouted{"unknown_number", "not_active", "no_routing", "target_missing",
                                                    "queue_empty"};

InboundRoute route_to_user(const OrganizationConfig& config, const Ptr<Number>& number) {
    const auto& user = config.user(UserId(number->routing->id));
    if (!user || user->state != UserState::Active) return Unrouted{number, UnroutedReason::TargetMissing};
    ToUser route{number, user, config.site_of(*user), {}};
    for (const auto& phone : config.phones_of(user->id))
        if (phone->enabled) route.phones.push_back(phone);
    return route;
}

InboundRoute route_to_queue(const OrganizationConfig& config, const Ptr<Number>& number) {
    const auto& queue = config.find<Queue>(QueueId(number->routing->id));
    if (!queue) return Unrouted{number, UnroutedReason::TargetMissing};
    if (queue->members.empty() && !queue->overflow) return Unrouted{number, UnroutedReason::QueueEmpty};
    return ToJourney{number, {{}, RouteTarget{RoutingKind::Queue, queue->id.str()}}};
}

/// seed 0: a kept callflowId runs first, the routing target is what follows. A flow that is switched off is passed by.
InboundRoute route_through_flow(const OrganizationConfig& config, const Ptr<Number>& number) {
    const NumberRouting& routing = *number->routing;
    const bool is_target = routing.kind == RoutingKind::CallFlow;
    const auto& flow = config.find<CallFlow>(routing.callflow.empty() ? CallFlowId(routing.id) : routing.callflow);
    if (!flow || (is_target && !flow->enabled)) return Unrouted{number, UnroutedReason::TargetMissing};
    JourneyPlan plan{flow->id, std::nullopt};
    const RouteTarget target{routing.kind, routing.id};
    if (!is_target || flow->id.str() != routing.id) plan.target = target;
    return ToJourney{number, std::move(plan)};
}

InboundRoute route_number(const OrganizationConfig& config, const Ptr<Number>& number) {
    if (number->state != NumberState::Active) return Unrouted{number, UnroutedReason::NotActive};
    if (!number->routing) return Unrouted{number, UnroutedReason::NoRouting};
    const auto& first = config.find<CallFlow>(number->routing->callflow);
    if (first && first->enabled) return route_through_flow(config, number);
    switch (number->routing->kind) {
        case RoutingKind::User:
            return route_to_user(config, number);
        case RoutingKind::Queue:
            return route_to_queue(config, number);
        case RoutingKind::CallFlow:
            return route_through_flow(config, number);
    }
    return Unrouted{number, UnroutedReason::NoRouting};
}

}  // namespace

std::string_view to_string(TrunkVerdict verdict) {
    return kVerdicts[static_cast<std::size_t>(verdict)];
}
std::string_view to_string(UnroutedReason reason) {
    return kUnrouted[static_cast<std::size_t>(reason)];
}

RoutePlan plan_route(const OrganizationConfig& config, const OutboundCall& call, const TrunkConditions& conditions,
                     std::uint64_t random_order) {
    RoutePlan plan;
    for (Candidate& candidate : candidates_of(config, call, random_order)) {
        const auto& trunk = config.trunk(candidate.id);
        const TrunkVerdict verdict = judge(trunk.get(), conditions);
        if (verdict == TrunkVerdict::Usable) add_gateways(config, trunk, plan);
        plan.considered.push_back({candidate.id, verdict, std::move(candidate.route)});
    }
    return plan;
}

InboundRoute route_inbound(const OrganizationConfig& config, const std::string& called) {
    // Carriers send the number with or without '+'.
    const bool bare = !called.empty() && ascii::is_digit(called[0]);
    const auto number = config.number_by_e164(bare ? "+" + called : called);
    if (!number) return Unrouted{nullptr, UnroutedReason::UnknownNumber};
    return route_number(config, number);
}

}  // namespace dp::telephony

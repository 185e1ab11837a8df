#include "telephony/config/rules.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/ascii.hpp"
#include "telephony/config/usage.hpp"
#include "telephony/dialing/dial_rules.hpp"
#include "telephony/e164.hpp"
#include "telephony/routing/routing_rules.hpp"
#include "telephony/trunks/trunk_account.hpp"

namespace dp::telephony {
namespace {

Result<void> missing(std::string_view field) {
    return fail(ErrorCode::MissingField, fmt::format("{} is required.", field), std::string(field));
}

Result<void> invalid(std::string_view field, std::string_view rule) {
    return fail(ErrorCode::InvalidValue, fmt::format("{} {}.", field, rule), std::string(field));
}

Result<void> named(const std::string& name) {
    if (name.empty()) return missing("name");
    if (name.size() > 256) return invalid("name", "may have at most 256 characters");
    return {};
}

/// A reference must lead to an entity of the same organization.
template <class T, class Id>
Result<void> refers(const OrganizationConfig& config, const Id& id, std::string_view field) {
    if (id.empty() || config.find<T>(id)) return {};
    return fail(ErrorCode::InvalidValue, fmt::format("{} '{}' does not exist.", field, id.str()), std::string(field));
}

Result<void> optional_e164(const std::string& number, std::string_view field) {
    if (number.empty() || is_e164(number)) return {};
    return invalid(field, "must be an E.164 number: '+' and 8 to 15 digits");
}

Result<void> check(const OrganizationConfig& config, const Organization& organization) {
    if (organization.sip_domain != config.organization().sip_domain)
        return invalid("sipDomain", "is fixed when the organization is created");
    DP_CHECK(refers<Site>(config, organization.default_site, "defaultSiteId"));
    return named(organization.name);
}

Result<void> check(const OrganizationConfig&, const Role& role) {
    for (const PermissionPolicy& policy : role.policies)
        if (policy.domain.empty() || policy.entity.empty() || policy.actions.empty())
            return invalid("permissionPolicies", "need domain, entityName and actionSet each");
    return named(role.name);
}

Result<void> check(const OrganizationConfig& config, const OAuthClient& client) {
    if (client.requests_per_minute < kUnlimited) return invalid("requestsPerMinute", "must not be negative");
    if (client.calls_per_minute < kUnlimited) return invalid("callsPerMinute", "must not be negative");
    for (const RoleId& role : client.roles) DP_CHECK(refers<Role>(config, role, "roleIds"));
    return named(client.name);
}

Result<void> check(const OrganizationConfig& config, const ApiKey& key) {
    for (const RoleId& role : key.roles) DP_CHECK(refers<Role>(config, role, "roleIds"));
    return named(key.name);
}
Result<void> check(const OrganizationConfig&, const EdgeGroup& group) {
    return named(group.name);
}

Result<void> check(const OrganizationConfig&, const Location& location) {
    DP_CHECK(named(location.name));
    return optional_e164(location.emergency_callback, "emergencyNumber");
}

Result<void> check(const OrganizationConfig&, const NetworkConfiguration& network) {
    DP_CHECK(named(network.name));
    if (network.stun_servers.size() > kMaxIceServers)
        return invalid("stunServers", fmt::format("may hold at most {} servers", kMaxIceServers));
    for (std::size_t i = 0; i < network.stun_servers.size(); ++i)
        if (!is_ice_server_uri(network.stun_servers[i]))
            return invalid(fmt::format("stunServers[{}]", i), "must be a stun:, stuns:, turn: or turns: URI");
    return {};
}

Result<void> check(const OrganizationConfig&, const MediaRegion& region) {
    DP_CHECK(named(region.name));
    return validate(region);
}

Result<void> check(const OrganizationConfig& config, const Site& site) {
    DP_CHECK(named(site.name));
    DP_CHECK(refers<Location>(config, site.location, "location.id"));
    DP_CHECK(optional_e164(site.caller_id, "callerId"));
    for (auto region = site.media_regions.begin(); region != site.media_regions.end(); ++region) {
        const auto field = fmt::format("mediaRegions[{}]", region - site.media_regions.begin());
        DP_CHECK(refers<MediaRegion>(config, *region, field));
        if (std::find(site.media_regions.begin(), region, *region) != region) return invalid(field, "is named twice");
    }
    for (const NumberPlan& plan : site.number_plans) {
        DP_CHECK(check_pattern(plan.pattern, "numberPlans[].match"));
        DP_CHECK(check_format(plan.pattern, plan.normalized, "numberPlans[].normalizedFormat"));
    }
    for (const OutboundRoute& route : site.outbound_routes)
        for (const TrunkId& trunk : route.trunks)
            DP_CHECK(refers<Trunk>(config, trunk, "outboundRoutes[].externalTrunkBases"));
    return {};
}

Result<void> check(const OrganizationConfig& config, const User& user) {
    DP_CHECK(named(user.name));
    for (const RoleId& role : user.roles) DP_CHECK(refers<Role>(config, role, "roles"));
    return refers<Site>(config, user.site, "site.id");
}

Result<void> check(const OrganizationConfig& config, const ConsoleCredential& credential) {
    if (credential.login.empty()) return missing("login");
    return refers<User>(config, credential.user, "user.id");
}

Result<void> check(const OrganizationConfig&, const PhoneBaseSettings& settings) {
    return validate(settings);
}

// seed 2: a phone has a site and base settings; product: 400 without base settings.
Result<void> check(const OrganizationConfig& config, const Phone& phone) {
    DP_CHECK(named(phone.name));
    if (phone.base_settings.empty()) return missing("phoneBaseSettings.id");
    if (phone.site.empty()) return missing("site.id");
    DP_CHECK(refers<PhoneBaseSettings>(config, phone.base_settings, "phoneBaseSettings.id"));
    DP_CHECK(refers<Site>(config, phone.site, "site.id"));
    return refers<User>(config, phone.user, "webRtcUser.id");
}

Result<void> check(const OrganizationConfig& config, const UserTelephonySettings& settings) {
    DP_CHECK(validate(settings));
    DP_CHECK(refers<NetworkConfiguration>(config, settings.web_rtc.network_config, "webRtc.networkConfigId"));
    return refers<NetworkConfiguration>(config, settings.sofia.network_config, "sofia.networkConfigId");
}

Result<void> check(const OrganizationConfig& config, const SipProfile& profile) {
    if (profile.codecs.empty()) return missing("codecs");
    Result<void> kept;
    config.all<Trunk>().for_each([&](const Ptr<Trunk>& trunk) {
        if (trunk->sip_profile != profile.id) return true;
        for (const Codec codec : trunk->codecs) {
            const std::string_view spelled = name_of(codec, CodecSpelling::Trunk);
            if (spelled.empty() || std::ranges::find(profile.codecs, codec) != profile.codecs.end()) continue;
            kept =
                fail(ErrorCode::Conflict,
                     fmt::format("codecs: {} cannot go, the edge '{}' uses it.", spelled, trunk->id.str()), "codecs");
        }
        return kept.has_value();
    });
    DP_CHECK(std::move(kept));
    return named(profile.name);
}

Result<void> check(const OrganizationConfig& config, const Trunk& trunk) {
    DP_CHECK(validate(trunk));
    DP_CHECK(refers<EdgeGroup>(config, trunk.edge_group, "edgeGroupId"));
    DP_CHECK(refers<SipProfile>(config, trunk.sip_profile, "sipProfileId"));
    const auto& profile = config.sip_profile(trunk.sip_profile);
    for (const Codec codec : trunk.codecs) {
        const std::string_view spelled = name_of(codec, CodecSpelling::Trunk);
        // A profile speaks of seed 1's five; others exist in the Genesys shape alone and have no profile to be in.
        if (spelled.empty() || std::ranges::find(profile->codecs, codec) != profile->codecs.end()) continue;
        return fail(ErrorCode::InvalidValue,
                    fmt::format("codecs: the SIP profile '{}' does not support {}.", trunk.sip_profile.str(), spelled),
                    "codecs");
    }
    DP_CHECK(refers<Site>(config, trunk.base_settings.site, "site.id"));
    DP_CHECK(refers<Site>(config, trunk.base_settings.inbound_site, "inboundSite.id"));
    if (const auto existing = duplicate_of(config, trunk))
        return fail(ErrorCode::Duplicate,
                    fmt::format("The edge '{}' of this edge group already has the registration host '{}' "
                                "and user name '{}'.",
                                existing->id.str(), trunk.registration.host, trunk.registration.username),
                    existing->id.str());
    return {};
}

Result<void> check(const OrganizationConfig& config, const Queue& queue) {
    DP_CHECK(named(queue.name));
    for (const UserId& member : queue.members) DP_CHECK(refers<User>(config, member, "members[].id"));
    return check_queue(config, queue);
}

Result<void> check(const OrganizationConfig& config, const CallFlow& flow) {
    DP_CHECK(named(flow.name));
    return check_flow(config, flow);
}

Result<void> check(const OrganizationConfig&, const Schedule& schedule) {
    DP_CHECK(named(schedule.name));
    return validate(schedule);
}

Result<void> check(const OrganizationConfig& config, const ScheduleGroup& group) {
    DP_CHECK(named(group.name));
    return check_schedule_group(config, group);
}

Result<void> check_routing(const OrganizationConfig& config, const NumberRouting& routing) {
    if (routing.id.empty()) return missing("routing.id");
    DP_CHECK(refers<CallFlow>(config, routing.callflow, "routing.callflowId"));
    switch (routing.kind) {
        case RoutingKind::User:
            return refers<User>(config, UserId(routing.id), "routing.id");
        case RoutingKind::Queue:
            return refers<Queue>(config, QueueId(routing.id), "routing.id");
        case RoutingKind::CallFlow:
            return refers<CallFlow>(config, CallFlowId(routing.id), "routing.id");
    }
    return {};
}

Result<void> check(const OrganizationConfig& config, const TelephonyConfiguration& account) {
    DP_CHECK(named(account.name));
    Result<void> free;
    config.all<TelephonyConfiguration>().for_each([&](const Ptr<TelephonyConfiguration>& other) {
        if (other->id == account.id || other->name != account.name) return true;
        free = fail(ErrorCode::Duplicate,
                    fmt::format("A telephony configuration named '{}' exists already.", account.name), other->id.str());
        return false;
    });
    return free;
}

Result<void> check_provider(const OrganizationConfig& config, const Number& number) {
    if (number.provider.empty()) return missing("providerId");
    if (config.find<TelephonyConfiguration>(TelephonyConfigurationId(number.provider))) {
        if (number.type == NumberType::Pstn) return {};
        return fail(
            ErrorCode::InvalidValue,
            fmt::format("type: the provider '{}' has no numbers of type {}.", number.provider, to_string(number.type)),
            "type");
    }
    const auto trunk = config.trunk_of_provider(number.provider);
    if (!trunk)
        return fail(ErrorCode::InvalidValue, fmt::format("providerId '{}' does not exist.", number.provider),
                    "providerId");
    if (std::ranges::find(trunk->number_types, number.type) == trunk->number_types.end())
        return fail(
            ErrorCode::InvalidValue,
            fmt::format("type: the provider '{}' has no numbers of type {}.", number.provider, to_string(number.type)),
            "type");
    return {};
}

template <class Pool>
Result<void> check_pool(const OrganizationConfig& config, const Pool& pool, std::string_view start_field) {
    DP_CHECK(named(pool.name));
    DP_CHECK(validate(pool));
    Result<void> out;
    config.all<Pool>().for_each([&](const Ptr<Pool>& other) {
        if (other->id != pool.id && overlap(*other, pool))
            out = fail(ErrorCode::Conflict, fmt::format("The range overlaps the pool '{}'.", other->id.str()),
                       std::string(start_field));
        return out.has_value();
    });
    return out;
}

Result<void> check(const OrganizationConfig& config, const DidPool& pool) {
    return check_pool(config, pool, "startPhoneNumber");
}
Result<void> check(const OrganizationConfig& config, const ExtensionPool& pool) {
    return check_pool(config, pool, "startNumber");
}

Result<void> check(const OrganizationConfig& config, const Number& number) {
    if (!is_e164(number.e164))
        return invalid("number", "must be an E.164 number: '+' and 8 to 15 digits, the first not 0");
    DP_CHECK(check_provider(config, number));
    DP_CHECK(refers<Location>(config, number.location, "locationId"));
    if (number.routing) DP_CHECK(check_routing(config, *number.routing));
    if (number.caller_id)
        DP_CHECK(refers<TelephonyConfiguration>(config, number.caller_id->configuration, "configuration"));
    const auto same = config.number_by_e164(number.e164);
    if (is_live(number.state) && same && same->id != number.id)
        return fail(ErrorCode::Duplicate, fmt::format("The number {} exists already.", number.e164), same->id.str());
    return {};
}

Result<void> check(const OrganizationConfig& config, const Webhook& webhook) {
    if (!config.find<Webhook>(webhook.id) && config.all<Webhook>().size() >= kMaxWebhooks)
        return fail(ErrorCode::Conflict, fmt::format("An organization has at most {} webhooks.", kMaxWebhooks));
    return validate(webhook);
}

}  // namespace

Result<void> check_rules(const OrganizationConfig& config, const Entity& entity) {
    if (!is_valid_id(id_of(entity))) return invalid("id", "must be 1 to 64 of the characters A-Z a-z 0-9 . _ -");
    return std::visit([&](const auto& e) { return check(config, e); }, entity);
}

Ptr<Trunk> duplicate_of(const OrganizationConfig& config, const Trunk& trunk) {
    Ptr<Trunk> found;
    config.all<Trunk>().for_each([&](const Ptr<Trunk>& other) {
        const bool same = other->id != trunk.id && other->edge_group == trunk.edge_group &&
                          same_account(other->registration, trunk.registration);
        if (same) found = other;
        return !same;
    });
    return found;
}

Result<void> check_removable(const OrganizationConfig& config, EntityType type, const std::string& id) {
    const std::string user = used_by(config, type, id);
    if (user.empty()) return {};
    return fail(ErrorCode::Conflict, fmt::format("The {} '{}' is in use by {}.", to_string(type), id, user));
}

}  // namespace dp::telephony

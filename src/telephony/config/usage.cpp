#include "telephony/config/usage.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "telephony/routing/routing_rules.hpp"

namespace dp::telephony {
namespace {

/// An answer names so many users of a type; more would tell nobody more.
constexpr std::size_t kUsersNamed = 5;

/// Collects, type by type, the entities that refer to one.
class Usage {
public:
    Usage(const OrganizationConfig& config, const std::string& id) : config_(config), id_(id) {}

    bool is(const auto& reference) const { return reference.str() == id_; }
    bool is_among(const auto& references) const {
        return std::ranges::any_of(references, [this](const auto& reference) { return this->is(reference); });
    }

    /// Entities of type T for which `uses` holds.
    template <class T>
    Usage& in(EntityType type, auto uses) {
        std::size_t named = 0;
        config_.all<T>().for_each([&](const Ptr<T>& entity) {
            if (!uses(*entity)) return true;
            if (++named > kUsersNamed) return false;
            fmt::format_to(std::back_inserter(found_), "{}{} '{}'", found_.empty() ? "" : ", ", to_string(type),
                           entity->id.str());
            return true;
        });
        if (named > kUsersNamed) found_ += " and others";
        return *this;
    }

    Usage& in_numbers_routed_to(RoutingKind kind) {
        return in<Number>(EntityType::Number, [this, kind](const Number& n) {
            if (!n.routing || !is_live(n.state)) return false;
            return (n.routing->kind == kind && n.routing->id == id_) ||
                   (kind == RoutingKind::CallFlow && is(n.routing->callflow));
        });
    }

    /// Call flows and queues, only where nothing nearer was found.
    Usage& or_led_to(RoutingKind kind) {
        if (found_.empty()) found_ = led_to_by(config_, {kind, id_});
        return *this;
    }

    const OrganizationConfig& config() const { return config_; }
    std::string found() const { return found_; }

private:
    const OrganizationConfig& config_;
    const std::string& id_;
    std::string found_;
};

void of_role(Usage& usage) {
    const auto holds = [&](const auto& subject) { return usage.is_among(subject.roles); };
    usage.in<User>(EntityType::User, holds)
        .in<OAuthClient>(EntityType::OAuthClient, holds)
        .in<ApiKey>(EntityType::ApiKey, holds)
        .in<ConsoleCredential>(EntityType::ConsoleCredential, holds);
}

void of_location(Usage& usage) {
    const auto stands_there = [&](const auto& entity) { return usage.is(entity.location); };
    usage.in<Site>(EntityType::Site, stands_there).in<Number>(EntityType::Number, stands_there);
}

void of_network_configuration(Usage& usage) {
    usage.in<UserTelephonySettings>(EntityType::UserTelephonySettings, [&](const auto& settings) {
        return usage.is(settings.web_rtc.network_config) || usage.is(settings.sofia.network_config);
    });
}

void of_media_region(Usage& usage) {
    usage.in<Site>(EntityType::Site, [&](const Site& site) { return usage.is_among(site.media_regions); });
}

void of_site(Usage& usage) {
    const auto at_it = [&](const auto& entity) { return usage.is(entity.site); };
    usage
        .in<Organization>(EntityType::Organization,
                          [&](const Organization& organization) { return usage.is(organization.default_site); })
        .in<Phone>(EntityType::Phone, at_it)
        .in<User>(EntityType::User, at_it)
        .in<Trunk>(EntityType::Trunk, [&](const Trunk& trunk) {
            return usage.is(trunk.base_settings.site) || usage.is(trunk.base_settings.inbound_site);
        });
}

void of_user(Usage& usage) {
    usage.in<Phone>(EntityType::Phone, [&](const Phone& phone) { return usage.is(phone.user); })
        .in_numbers_routed_to(RoutingKind::User)
        .in<Queue>(EntityType::Queue, [&](const Queue& queue) { return usage.is_among(queue.members); })
        .or_led_to(RoutingKind::User);
}

void of_base_settings(Usage& usage) {
    usage.in<Phone>(EntityType::Phone, [&](const Phone& phone) { return usage.is(phone.base_settings); });
}

void of_edge_group(Usage& usage) {
    usage.in<Trunk>(EntityType::Trunk, [&](const Trunk& trunk) { return usage.is(trunk.edge_group); });
}

void of_sip_profile(Usage& usage) {
    usage.in<Trunk>(EntityType::Trunk, [&](const Trunk& trunk) { return usage.is(trunk.sip_profile); });
}

void of_trunk(Usage& usage) {
    const auto provides = [&](const Number& number) {
        const auto trunk = is_live(number.state) ? usage.config().trunk_of_provider(number.provider) : nullptr;
        return trunk && usage.is(trunk->id);
    };
    const auto carries = [&](const OutboundRoute& route) { return usage.is_among(route.trunks); };
    usage.in<Number>(EntityType::Number, provides).in<Site>(EntityType::Site, [&](const Site& site) {
        return std::ranges::any_of(site.outbound_routes, carries);
    });
}

void of_schedule(Usage& usage) {
    usage.in<ScheduleGroup>(EntityType::ScheduleGroup, [&](const ScheduleGroup& group) {
        return usage.is_among(group.open) || usage.is_among(group.closed) || usage.is_among(group.holidays);
    });
}

void of_schedule_group(Usage& usage) {
    const auto asks = [&](const FlowStep& step) { return usage.is(step.schedule_group); };
    usage.in<CallFlow>(EntityType::CallFlow,
                       [&](const CallFlow& flow) { return std::ranges::any_of(flow.steps, asks); });
}

}  // namespace

std::string used_by(const OrganizationConfig& config, EntityType type, const std::string& id) {
    Usage usage(config, id);
    switch (type) {
        case EntityType::Role:
            of_role(usage);
            break;
        case EntityType::Location:
            of_location(usage);
            break;
        case EntityType::NetworkConfiguration:
            of_network_configuration(usage);
            break;
        case EntityType::MediaRegion:
            of_media_region(usage);
            break;
        case EntityType::Site:
            of_site(usage);
            break;
        case EntityType::User:
            of_user(usage);
            break;
        case EntityType::PhoneBaseSettings:
            of_base_settings(usage);
            break;
        case EntityType::EdgeGroup:
            of_edge_group(usage);
            break;
        case EntityType::SipProfile:
            of_sip_profile(usage);
            break;
        case EntityType::Trunk:
            of_trunk(usage);
            break;
        case EntityType::Queue:
            usage.in_numbers_routed_to(RoutingKind::Queue).or_led_to(RoutingKind::Queue);
            break;
        case EntityType::Schedule:
            of_schedule(usage);
            break;
        case EntityType::ScheduleGroup:
            of_schedule_group(usage);
            break;
        case EntityType::CallFlow:
            usage.in_numbers_routed_to(RoutingKind::CallFlow).or_led_to(RoutingKind::CallFlow);
            break;
        default:
            break;
    }
    return usage.found();
}

}  // namespace dp::telephony

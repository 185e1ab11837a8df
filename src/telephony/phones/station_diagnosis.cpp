#include "telephony/phones/station_diagnosis.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "telephony/phones/ice_profile.hpp"

namespace dp::telephony {
namespace {

using Evidence = std::vector<std::string>;

struct Row {
    std::string_view code, issue, cause, resolution;
    Evidence (*look)(const StationFacts&);
};

bool is_online(const StationFacts& facts) {
    return facts.station && facts.station->state != StationState::Offline;
}

bool relogin_due(const StationFacts& facts, const PhoneBaseSettings& settings) {
    return is_online(facts) && facts.station->base_settings_version < settings.meta.version;
}

Evidence look_at_persistence(const StationFacts& facts) {
    const auto& settings = facts.config.base_settings(facts.phone.base_settings);
    if (!settings || settings->model != PhoneModel::WebRtc) return {};
    if (!settings->persistent_connection.enabled)
        return {fmt::format("The base settings '{}' have the persistent connection disabled.", settings->name)};
    if (relogin_due(facts, *settings))
        return {fmt::format("The base settings '{}' have changed since this session logged in.", settings->name)};
    return {};
}

Evidence look_at_assignment(const StationFacts& facts) {
    const Phone& phone = facts.phone;
    if (phone.user.empty()) return {"The phone is not assigned to a user."};
    const auto& user = facts.config.user(phone.user);
    if (!user) return {fmt::format("The phone's user '{}' does not exist.", phone.user.str())};
    if (user->state != UserState::Active) return {fmt::format("{} is not active.", user->name)};
    if (!phone.enabled) return {"The phone is disabled."};
    const auto& settings = facts.config.settings_of(phone.user);
    if (settings && !settings->web_rtc.enabled)
        return {fmt::format("WebRTC is disabled in the telephony settings of {}.", user->name)};
    if (!is_online(facts)) return {"The phone is not registered."};
    return {};
}

Evidence refusals_of(const RoutePlan& plan) {
    Evidence out;
    for (const TrunkExplanation& trunk : plan.considered)
        out.push_back(fmt::format("The trunk '{}' cannot be used: {}.", trunk.trunk.str(), to_string(trunk.verdict)));
    if (out.empty()) out.emplace_back("No outbound route of the site leads to a trunk.");
    return out;
}

Evidence look_at_routing(const StationFacts& facts) {
    const auto& site = facts.config.site(facts.phone.site);
    if (!site) return {"The phone has no site."};
    if (site->number_plans.empty()) return {fmt::format("The site '{}' has no number plan.", site->name)};
    Evidence out;
    for (const NumberPlan& plan : site->number_plans) {
        // Extensions stay inside, and emergency calls may have a route of their own or none.
        if (plan.destination_class == DestinationClass::Extension ||
            plan.destination_class == DestinationClass::Emergency)
            continue;
        OutboundCall call;
        call.site = site;
        call.destination_class = plan.destination_class;
        const RoutePlan routes = plan_route(facts.config, call, facts.trunks, 0);
        if (!routes.gateways.empty()) continue;
        for (std::string& reason : refusals_of(routes))
            if (std::ranges::find(out, reason) == out.end()) out.push_back(std::move(reason));
    }
    return out;
}

Evidence look_at_session(const StationFacts& facts) {
    const auto& settings = facts.config.base_settings(facts.phone.base_settings);
    if (!settings || !relogin_due(facts, *settings)) return {};
    return {fmt::format("The session logged in with version {} of the base settings '{}'; they are at version {}.",
                        facts.station->base_settings_version, settings->name, settings->meta.version)};
}

Evidence look_at_media_path(const StationFacts& facts) {
    const auto& site = facts.config.site(facts.phone.site);
    if (!site) return {};
    Evidence out;
    if (site->media_regions.empty()) out.push_back(fmt::format("The site '{}' has no media region.", site->name));
    if (site->force_turn && !ice_profile_of(facts.config, facts.phone.user).has_relay())
        out.push_back(fmt::format("TURN is forced at the site '{}' and the phone has no TURN server.", site->name));
    return out;
}

// In the order of the seed's table, in its words.
constexpr std::array<Row, kTroubles> kRows{{
    {"persistentConnection.notApplied", "User cannot answer calls reliably",
     "Persistent connection disabled or not applied", "Enable it; have user log out and back in", look_at_persistence},
    {"phone.notAssigned", "WebRTC phone not visible to user", "Phone not created or not assigned to correct user",
     "Recheck phone assignment", look_at_assignment},
    {"routing.unavailable", "Calls do not route", "Site/routing configuration issue",
     "Validate site, number plans, and trunks", look_at_routing},
    {"settings.notApplied", "Settings change not applied", "User session retained old settings", "Log out and back in",
     look_at_session},
    {"mediaPath.misconfigured", "Unexpected TURN/media path", "Site Media Regions or Relay/TURN Behavior misconfigured",
     "Review assigned Site's General tab", look_at_media_path},
}};

}  // namespace

std::vector<Finding> diagnose(const StationFacts& facts) {
    std::vector<Finding> out;
    for (const Row& row : kRows) out.push_back({row.code, row.issue, row.cause, row.resolution, row.look(facts)});
    return out;
}

}  // namespace dp::telephony

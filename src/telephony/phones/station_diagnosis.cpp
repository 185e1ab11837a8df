#include "telephony/phones/station_diagnosis.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "telephony/phones/media_path.hpp"

namespace dp::telephony {
namespace {

using Evidence = std::vector<std::string>;

struct Row {
    std::string_view code, issue, cause, resolution;
    Evidence (*look)(const StationFacts&);
};

bool is_online(const StationFacts& facts) {
    return facts.station && facts.station->online();
}

const BoundSettings* bound(const StationFacts& facts) {
    return is_online(facts) ? facts.station->bound.get() : nullptr;
}

Evidence look_at_persistence(const StationFacts& facts) {
    const auto& settings = facts.config.base_settings(facts.phone.base_settings);
    if (!settings || settings->model != PhoneModel::WebRtc) return {};
    if (!settings->persistent_connection.enabled)
        return {fmt::format("The base settings '{}' have the persistent connection disabled.", settings->name)};
    if (const auto* session = bound(facts); session != nullptr && !session->persistent_connection.enabled)
        return {"The persistent connection was enabled after this session logged in."};
    return {};
}

Evidence look_at_audio(const StationFacts& facts) {
    Evidence out;
    if (!facts.station) return out;
    for (const CallQuality& call : facts.station->recent_calls) {
        const auto& id = call.conversation.str();
        if (call.one_way)
            out.push_back(fmt::format("Nothing was received from the phone in the conversation {}.", id));
        else if (call.packets_sampled >= kSilentLooks && call.packets_silent == call.packets_sampled)
            out.push_back(fmt::format("The phone sent nothing but silence in the conversation {}.", id));
    }
    return out;
}

void add_poor(Evidence& out, const CallQuality& call, std::string_view what, double value, double limit,
              std::string_view unit) {
    if (value <= limit) return;
    out.push_back(fmt::format("{} {:.1f} {} in the conversation {} (at most {:.0f}).", what, value, unit,
                              call.conversation.str(), limit));
}

Evidence look_at_quality(const StationFacts& facts) {
    Evidence out;
    if (!facts.station) return out;
    for (const CallQuality& call : facts.station->recent_calls) {
        add_poor(out, call, "Packets lost from the phone:", call.loss_percent(), kPoorLossPercent, "%");
        add_poor(out, call, "Packets lost towards the phone:", call.remote_loss_percent.value_or(0), kPoorLossPercent,
                 "%");
        add_poor(out, call, "Jitter:", call.jitter_ms, kPoorJitterMs, "ms");
        add_poor(out, call, "Round trip:", call.round_trip_ms.value_or(0), kPoorRoundTripMs, "ms");
    }
    return out;
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
    const auto* session = bound(facts);
    const auto due =
        settings && session != nullptr ? changes_due(*session, *settings) : std::vector<std::string_view>();
    if (due.empty()) return {};
    return {fmt::format(
        "The session logged in with version {} of the base settings '{}'; '{}' at version {} differs in {}.",
        session->version, session->name, settings->name, settings->meta.version, fmt::join(due, ", "))};
}

void add_silent_servers(Evidence& out, const MediaPath& path, const LiveRoundTrips& round_trips) {
    for (const auto& region : path.regions)
        for (const std::string& server : region->servers)
            if (const auto known = round_trips.servers.find(server); known && !known->time)
                out.push_back(fmt::format("{} of the media region '{}' does not answer.", server, region->name));
}

Evidence look_at_media_path(const StationFacts& facts) {
    const auto& site = facts.config.site(facts.phone.site);
    if (!site) return {};
    Evidence out;
    if (site->media_regions.empty()) out.push_back(fmt::format("The site '{}' has no media region.", site->name));
    const MediaPath path =
        media_path_of(facts.config, facts.phone.site, facts.phone.user, facts.round_trips, facts.now);
    if (path.policy == IceTransportPolicy::Relay && !path.has_relay())
        out.push_back(fmt::format("TURN is forced{} and the phone is given no TURN server.",
                                  site->force_turn ? fmt::format(" at the site '{}'", site->name) : ""));
    add_silent_servers(out, path, facts.round_trips);
    const auto answers = [&](const auto& region) { return round_trip_of(*region, facts.round_trips).has_value(); };
    if (site->relay == RelayBehavior::LowestLatency && !path.regions.empty() &&
        std::ranges::none_of(path.regions, answers))
        out.emplace_back("Lowest latency is asked for and no region's servers have answered.");
    return out;
}

// In the order of the seed's table, in its words.
constexpr std::array<Row, kTroubles> kRows{{
    {"persistentConnection.notApplied", "User cannot answer calls reliably",
     "Persistent connection disabled or not applied", "Enable it; have user log out and back in", look_at_persistence},
    {"audio.none", "No audio", "Wrong microphone/speaker selected",
     "Verify audio devices in WebRTC phone client settings", look_at_audio},
    {"audio.poor", "Poor call quality", "DSCP/network/headset issue", "Check QoS policy, headset, and local network",
     look_at_quality},
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

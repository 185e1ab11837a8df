/// @file GET /api/v2/telephony/topology: which phones stand at which site, and which edges (trunks) carry their calls (seed
/// 2, "See Also": phone-to-edge assignments and site relationships).
#include "api/resources/entity_routes.hpp"
#include "api/resources/phone_views.hpp"
#include "telephony/names.hpp"
#include "telephony/phones/media_path.hpp"

namespace dp::api {

namespace json = boost::json;
using telephony::OrganizationConfig;
using telephony::OutboundRoute;
using telephony::Phone;
using telephony::Ptr;
using telephony::Site;
using telephony::Trunk;
using telephony::TrunkId;

namespace {

constexpr std::string_view kEdges = "/api/v2/telephony/providers/edges";
constexpr std::string_view kSites = "/api/v2/telephony/providers/edges/sites";
constexpr std::string_view kPhones = "/api/v2/telephony/providers/edges/phones";

json::object edge_json(const Trunk& trunk, const telephony::LiveTrunks& live) {
    auto out = reference(trunk.id.str(), trunk.name, kEdges);
    const auto status = live.find(trunk.id);
    out["enabled"] = trunk.enabled;
    out["registrationState"] =
        telephony::to_string(status ? status->registration : telephony::RegistrationState::Unregistered);
    out["health"] = telephony::to_string(status ? status->health : telephony::TrunkHealth::Unknown);
    return out;
}

/// In the order in which calls try them; a route without trunks means every one, by name.
std::vector<Ptr<Trunk>> trunks_of(const OrganizationConfig& config, const std::vector<TrunkId>& named) {
    std::vector<Ptr<Trunk>> out;
    for (const auto& id : named)
        if (const auto& trunk = config.trunk(id)) out.push_back(trunk);
    if (named.empty()) config.trunks_by_name().for_each([&](const Ptr<Trunk>& trunk) { out.push_back(trunk); });
    return out;
}

json::object route_json(const OrganizationConfig& config, const OutboundRoute& route,
                        const telephony::LiveTrunks& live) {
    json::array classes, edges;
    for (const auto destination : route.classes) classes.emplace_back(telephony::name_of(destination));
    for (const auto& trunk : trunks_of(config, route.trunks)) edges.push_back(edge_json(*trunk, live));
    return {{"id", route.id},
            {"name", route.name},
            {"enabled", route.enabled},
            {"classificationTypes", std::move(classes)},
            {"edges", std::move(edges)}};
}

json::object phone_json(const OrganizationConfig& config, const Phone& phone, const telephony::LiveStations& live) {
    auto out = reference(phone.id.str(), phone.name, kPhones);
    const auto& user = config.user(phone.user);
    const auto& settings = config.base_settings(phone.base_settings);
    const auto station = live.find(phone.station);
    if (user) out["webRtcUser"] = reference(user->id.str(), user->name, "/api/v2/users");
    if (settings)
        out["phoneBaseSettings"] =
            reference(settings->id.str(), settings->name, std::string(kEdges) + "/phonebasesettings");
    out["station"] = reference(phone.station.str(), phone.name, "/api/v2/stations");
    out["registrationState"] = telephony::to_string(station ? station->state : telephony::StationState::Offline);
    if (station && station->state != telephony::StationState::Offline) out["transport"] = station->transport;
    return out;
}

/// The regions whose servers the site's phones may be given, and how far they are.
json::array regions_json(const OrganizationConfig& config, const Site& site,
                         const telephony::LiveRoundTrips& round_trips) {
    json::array out;
    for (const auto& id : site.media_regions) {
        const auto& region = config.media_region(id);
        if (!region) continue;
        auto shown = reference(region->id.str(), region->name, "/api/v2/telephony/mediaregions");
        shown["tier"] = telephony::name_of(region->tier);
        shown["servers"] = region->servers.size();
        if (const auto time = round_trip_of(*region, round_trips))
            shown["roundTripMs"] = static_cast<double>(time->count()) / 1000.0;
        out.push_back(std::move(shown));
    }
    return out;
}

json::object site_json(const OrganizationConfig& config, const Site& site, const ApiContext& context) {
    auto out = reference(site.id.str(), site.name, kSites);
    json::array regions, routes, phones;
    for (const auto& region : site.media_regions) regions.emplace_back(region.str());
    const auto outbound =
        site.outbound_routes.empty() ? std::vector<OutboundRoute>{OutboundRoute{}} : site.outbound_routes;
    for (const auto& route : outbound) routes.push_back(route_json(config, route, context.live_trunks));
    config.all<Phone>().for_each([&](const Ptr<Phone>& phone) {
        if (phone->site == site.id) phones.push_back(phone_json(config, *phone, context.live_stations));
    });
    out["mediaRegions"] = std::move(regions);
    out["regions"] = regions_json(config, site, context.round_trips);
    out["mediaRegionsUseLatencyBased"] = site.relay == telephony::RelayBehavior::LowestLatency;
    out["cloudProxyForceTurn"] = site.force_turn;
    out["outboundRoutes"] = std::move(routes);
    out["phones"] = std::move(phones);
    return out;
}

void answer_topology(const ApiContext& context, const ApiRequest& request, Reply reply) {
    const auto page = page_of(request.http);
    if (!page) return std::move(reply).error(page.error());
    const auto& config = request.config();
    const auto wanted = request.http.query_value("site.id");
    std::vector<Ptr<Site>> sites;
    config.all<Site>().for_each([&](const Ptr<Site>& site) {
        if (!wanted || site->id.str() == *wanted) sites.push_back(site);
    });
    std::move(reply).json(200, list_envelope(request.http, *page, sites.size(),
                                             [&](std::size_t i) { return site_json(config, *sites[i], context); }));
}

}  // namespace

void add_topology(Router& router, ApiContext& context) {
    router.add({"GET",
                "/api/v2/telephony/topology",
                {"telephony:readonly", "telephony:user-settings:edit"},
                [&context](ApiRequest request, Reply reply) { answer_topology(context, request, std::move(reply)); }});
}

}  // namespace dp::api

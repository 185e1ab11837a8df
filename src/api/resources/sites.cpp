/// @file /api/v2/telephony/providers/edges/sites and /api/v2/locations (seed 2, "Site-Level WebRTC Media Settings").
#include "api/resources/entity_routes.hpp"
#include "api/resources/resources.hpp"

namespace dp::api {

namespace json = boost::json;
using telephony::Location;
using telephony::OrganizationConfig;
using telephony::RelayBehavior;
using telephony::Site;

namespace {

json::object site_json(const Site& site, const OrganizationConfig& config) {
    auto out = envelope(site.id.str(), site.name, site.meta, "/api/v2/telephony/providers/edges/sites");
    json::array regions;
    for (const auto& region : site.media_regions) regions.emplace_back(region.str());
    if (!site.location.empty()) {  // what is read can be sent back
        const auto& location = config.find<Location>(site.location);
        out["location"] = reference(site.location.str(), location ? location->name : "", "/api/v2/locations");
    }
    out["mediaModel"] = "Cloud";
    out["mediaRegions"] = std::move(regions);
    out["mediaRegionsUseLatencyBased"] = site.relay == RelayBehavior::LowestLatency;
    out["cloudProxyForceTurn"] = site.force_turn;
    out["callerId"] = site.caller_id;
    out["callerName"] = site.caller_name;
    return out;
}

void fill_site(JsonReader& body, Site& site) {
    body.ignore({"mediaModel", "primarySites", "secondarySites", "edgeAutoUpdateConfig"});
    site.name = body.required_text("name");
    if (auto* location = body.object("location")) {
        site.location = telephony::LocationId(location->required_text("id", 64));
        location->ignore({"name", "selfUri"});
    }
    if (auto regions = body.texts("mediaRegions", 64, 64)) {
        site.media_regions.clear();
        for (auto& region : *regions) site.media_regions.emplace_back(std::move(region));
    }
    if (auto latency = body.boolean("mediaRegionsUseLatencyBased"))
        site.relay = *latency ? RelayBehavior::LowestLatency : RelayBehavior::AnySiteRegion;
    if (auto force = body.boolean("cloudProxyForceTurn")) site.force_turn = *force;
    if (auto caller_id = body.text("callerId", 32)) site.caller_id = *caller_id;
    if (auto caller_name = body.text("callerName", 128)) site.caller_name = *caller_name;
}

json::object location_json(const Location& location, const OrganizationConfig&) {
    auto out = envelope(location.id.str(), location.name, location.meta, "/api/v2/locations");
    out["region"] = location.region;
    out["address"] = json::object{{"street1", location.address}, {"country", location.country}};
    out["emergencyNumber"] = json::object{
        {"e164", location.emergency_callback}, {"number", location.emergency_callback}, {"type", "default"}};
    return out;
}

}  // namespace

void add_sites(Router& router, ApiContext& context) {
    const Shape<Site> sites{"/api/v2/telephony/providers/edges/sites",
                            "/api/v2/telephony/providers/edges/sites/{siteId}",
                            "siteId",
                            "site",
                            {"telephony:readonly", "telephony:user-settings:edit"},
                            {"telephony"},
                            site_json};
    add_reads(router, sites, JsonFrom::ConfigurationAlone);
    add_writes<Site>(router, context, sites, fill_site);
    add_remove(router, context, sites, telephony::EntityType::Site);
    add_reads<Location>(router, {"/api/v2/locations",
                                 "/api/v2/locations/{locationId}",
                                 "locationId",
                                 "location",
                                 {"locations:readonly", "telephony:readonly", "telephony:phone-number:view"},
                                 {"locations"},
                                 location_json});
}

}  // namespace dp::api

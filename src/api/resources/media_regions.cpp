/// @file /api/v2/telephony/mediaregions: the named sets of STUN and TURN servers that sites hand out (seed 2,
/// "Site-Level WebRTC Media Settings"). The TURN secret is write-only.
///
/// The list is at once the real API's answer (awsHomeRegion, awsCoreRegions, awsSatelliteRegions: ids by tier) and ours.
#include "api/resources/entity_routes.hpp"
#include "api/resources/phone_views.hpp"
#include "telephony/names.hpp"
#include "telephony/phones/media_path.hpp"

namespace dp::api {

namespace json = boost::json;
using telephony::LiveRoundTrips;
using telephony::MediaRegion;
using telephony::OrganizationConfig;
using telephony::RegionTier;

namespace {

constexpr std::string_view kMediaRegions = "/api/v2/telephony/mediaregions";
constexpr std::size_t kMaxTurnSecret = 256;
constexpr std::chrono::seconds kShortestLogin{60}, kLongestLogin{7 * 24 * 3600};

double milliseconds(std::chrono::microseconds time) {
    return static_cast<double>(time.count()) / 1000.0;
}

json::object server_json(const std::string& uri, const LiveRoundTrips& round_trips) {
    json::object out{{"uri", uri}};
    const auto known = round_trips.servers.find(uri);
    if (!known) return out;
    out["answers"] = known->time.has_value();
    if (known->time) out["roundTripMs"] = milliseconds(*known->time);
    out["measured"] = to_rfc3339(known->measured);
    return out;
}

json::object region_json(const MediaRegion& region, const LiveRoundTrips& round_trips) {
    auto out = envelope(region.id.str(), region.name, region.meta, kMediaRegions);
    out["tier"] = telephony::name_of(region.tier);
    json::array servers, states;
    for (const auto& server : region.servers) {
        servers.emplace_back(server);
        states.push_back(server_json(server, round_trips));
    }
    out["servers"] = std::move(servers);
    out["serverStates"] = std::move(states);
    if (!region.turn_secret.empty()) out["turnSecret"] = telephony::kMaskedSecret;
    out["turnCredentialLifetimeSeconds"] = region.turn_credential_lifetime.count();
    if (const auto time = round_trip_of(region, round_trips)) out["roundTripMs"] = milliseconds(*time);
    return out;
}

/// Absent and masked keep the stored one; null and empty take it away.
void fill_secret(JsonReader& body, MediaRegion& region, const telephony::Secrets& secrets) {
    const bool cleared = body.is_null("turnSecret");
    const auto secret = body.text("turnSecret", kMaxTurnSecret);
    if (cleared || (secret && secret->empty()))
        region.turn_secret = {};
    else if (secret && *secret != telephony::kMaskedSecret)
        region.turn_secret = secrets.seal(*secret, turn_secret_context(region.id));
}

void fill_tier(JsonReader& body, MediaRegion& region) {
    const auto tier = body.text("tier", 16);
    if (!tier) return;
    const auto known = telephony::from_name<RegionTier>(*tier);
    if (known)
        region.tier = *known;
    else
        body.refuse("tier", "must be Home, Core or Satellite");
}

void fill_region(JsonReader& body, MediaRegion& region, const telephony::Secrets& secrets) {
    body.ignore({"serverStates", "roundTripMs"});
    region.name = body.required_text("name");
    fill_tier(body, region);
    if (auto servers = body.texts("servers", telephony::kMaxIceServers)) region.servers = std::move(*servers);
    if (const auto lifetime =
            body.integer("turnCredentialLifetimeSeconds", kShortestLogin.count(), kLongestLogin.count()))
        region.turn_credential_lifetime = std::chrono::seconds(*lifetime);
    fill_secret(body, region, secrets);
}

/// The ids of one tier, for clients of the real API.
json::array ids_of(const OrganizationConfig& config, RegionTier tier) {
    json::array out;
    config.by_name<MediaRegion>().for_each([&](const telephony::Ptr<MediaRegion>& region) {
        if (region->tier == tier) out.emplace_back(region->id.str());
        return true;
    });
    return out;
}

void list_regions(const ApiRequest& request, Reply reply, const Shape<MediaRegion>& shape) {
    const auto page = page_of(request.http);
    if (!page) return std::move(reply).error(page.error());
    auto out = entity_page(shape, request, *page);
    if (const auto home = ids_of(request.config(), RegionTier::Home); !home.empty())
        out["awsHomeRegion"] = home.front();
    out["awsCoreRegions"] = ids_of(request.config(), RegionTier::Core);
    out["awsSatelliteRegions"] = ids_of(request.config(), RegionTier::Satellite);
    std::move(reply).json(200, out);
}

/// Replaces what the caller's phone reported before.
void take_report(ApiContext& context, const ApiRequest& request, Reply reply) {
    if (request.caller->user.empty())
        return std::move(reply).error(
            400, "not.a.user", {ErrorCode::InvalidValue, "Only a user's phone measures: this caller is none.", ""});
    auto body = body_of(request);
    if (!body) return std::move(reply).error(body.error());
    telephony::PhoneRoundTrips report;
    for (JsonReader* entry : (*body)->objects("roundTrips", telephony::kMaxIceServers)) {
        auto uri = entry->required_text("uri", 512);
        const auto time = entry->integer("roundTripMicroseconds", 0, 60'000'000);
        if (!time) entry->refuse("roundTripMicroseconds", "is required");
        report.entries.push_back({std::move(uri), std::chrono::microseconds(time.value_or(0))});
    }
    if (auto ok = finish(*body, request, reply); !ok) return std::move(reply).error(ok.error());
    report.reported = context.clock.wall();
    context.round_trips.phones.put(request.caller->user,
                                   std::make_shared<const telephony::PhoneRoundTrips>(std::move(report)));
    std::move(reply).empty(204);
}

}  // namespace

void add_media_regions(Router& router, ApiContext& context) {
    const Shape<MediaRegion> regions{kMediaRegions,
                                     "/api/v2/telephony/mediaregions/{regionId}",
                                     "regionId",
                                     "media region",
                                     {"telephony:readonly", "telephony:user-settings:edit"},
                                     {"telephony"},
                                     [&context](const MediaRegion& region, const OrganizationConfig&) {
                                         return region_json(region, context.round_trips);
                                     }};
    router.add({"GET", regions.collection, regions.read,
                [regions](ApiRequest request, Reply reply) { list_regions(request, std::move(reply), regions); }});
    router.add({"GET", regions.item, regions.read, [regions](ApiRequest request, Reply reply) {
                    const auto& id = request.parameter("regionId");
                    const auto& region = request.config().media_region(telephony::MediaRegionId(id));
                    if (!region) return std::move(reply).error(not_found(regions.noun, id));
                    reply_entity(std::move(reply), 200, regions, *region, request.config());
                }});
    add_writes<MediaRegion>(router, context, regions, [&context](JsonReader& body, MediaRegion& region) {
        fill_region(body, region, context.secrets);
    });
    add_remove(router, context, regions, telephony::EntityType::MediaRegion);
    router.add({"POST",
                "/api/v2/telephony/phones/me/roundtrips",
                {"telephony", "user:read:me", "user-basic-info"},
                [&context](ApiRequest request, Reply reply) { take_report(context, request, std::move(reply)); }});
}

}  // namespace dp::api

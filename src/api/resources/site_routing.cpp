/// @file Outbound routes of a site (genesys-api 1.2): parts of the Site entity with routes of their own. Every write is a
/// write of the site, made against the version that was read: of two at once, one is told to come again.
#include "api/resources/site_routing.hpp"

#include "api/resources/entity_routes.hpp"
#include "telephony/names.hpp"

namespace dp::api {

namespace json = boost::json;
using telephony::DestinationClass;
using telephony::OrganizationConfig;
using telephony::OutboundRoute;
using telephony::RouteDistribution;
using telephony::Site;
using telephony::TrunkId;

namespace {

constexpr std::string_view kSites = "/api/v2/telephony/providers/edges/sites";
constexpr std::string_view kBases = "/api/v2/telephony/providers/edges/trunkbasesettings";
constexpr std::string_view kRoutes = "/api/v2/telephony/providers/edges/sites/{siteId}/outboundroutes";
constexpr std::string_view kRoute = "/api/v2/telephony/providers/edges/sites/{siteId}/outboundroutes/{outboundRouteId}";
constexpr std::string_view kAllRoutes = "/api/v2/telephony/providers/edges/outboundroutes";
constexpr std::size_t kMaxRoutes = 100;

const Scopes kRead{"telephony:readonly"};
const Scopes kWrite{"telephony"};

std::string below(const Site& site, std::string_view what) {
    return std::string(kSites) + "/" + site.id.str() + "/" + std::string(what);
}

json::object route_json(const OutboundRoute& route, const Site& site, const OrganizationConfig& config) {
    auto out = envelope(route.id, route.name, site.meta, below(site, "outboundroutes"));
    json::array classes, trunks;
    for (const auto each : route.classes) classes.emplace_back(telephony::name_of(each));
    for (const auto& id : route.trunks) {
        const auto& trunk = config.trunk(id);
        trunks.push_back(reference(id.str(), trunk ? trunk->name : "", kBases));
    }
    out["classificationTypes"] = std::move(classes);
    out["enabled"] = route.enabled;
    out["distribution"] = telephony::name_of(route.distribution);
    out["externalTrunkBases"] = std::move(trunks);
    return out;
}

void fill_route(JsonReader& body, OutboundRoute& route) {
    body.ignore(kEnvelopeFields);
    body.ignore({"site", "managed"});
    route.name = body.required_text("name");
    route.classes.clear();
    for (const auto& name : body.texts("classificationTypes", 16, 64).value_or(std::vector<std::string>())) {
        const auto known = telephony::from_name<DestinationClass>(name);
        known ? route.classes.push_back(*known)
              : body.refuse("classificationTypes",
                            "may hold Emergency, Network, National, International and Extension only");
    }
    route.enabled = body.boolean("enabled").value_or(true);
    const auto distribution = body.text("distribution", 16).value_or("SEQUENTIAL");
    if (const auto known = telephony::from_name<RouteDistribution>(distribution))
        route.distribution = *known;
    else
        body.refuse("distribution", "must be SEQUENTIAL or RANDOM");
    route.trunks.clear();
    for (auto* trunk : body.objects("externalTrunkBases", 64)) {
        route.trunks.emplace_back(trunk->required_text("id", 64));
        trunk->ignore({"name", "selfUri"});
    }
}

class SiteRouting {
public:
    explicit SiteRouting(ApiContext& context) : context_(context) {}

    using Found = telephony::Ptr<Site>;
    static Found site_of(const ApiRequest& request, Reply& reply) {
        const auto& id = request.parameter("siteId");
        const auto site = request.config().find<Site>(telephony::SiteId(id));
        if (!site) std::move(reply).error(not_found("site", id));
        return site;
    }
    static auto route_at(auto& site, const ApiRequest& request) {
        return std::ranges::find(site.outbound_routes, request.parameter("outboundRouteId"), &OutboundRoute::id);
    }

    void list(ApiRequest request, Reply reply) const {
        const auto site = site_of(request, reply);
        if (site) list_routes(request, std::move(reply), {site});
    }
    void list_all(ApiRequest request, Reply reply) const {
        std::vector<Found> sites;
        const auto wanted = request.http.query_value("site.id");
        request.config().all<Site>().for_each([&](const Found& site) {
            if (!wanted || site->id.str() == *wanted) sites.push_back(site);
        });
        list_routes(request, std::move(reply), sites);
    }
    void read(ApiRequest request, Reply reply) const {
        const auto site = site_of(request, reply);
        if (!site) return;
        const auto route = route_at(*site, request);
        if (route == site->outbound_routes.end()) return no_route(request, std::move(reply));
        std::move(reply).json(200, route_json(*route, *site, request.config()));
    }
    void write(ApiRequest request, Reply reply) const;
    void remove(ApiRequest request, Reply reply) const;

private:
    using Answer = std::move_only_function<void(Reply, const Site&, const OrganizationConfig&)>;

    static void no_route(const ApiRequest& request, Reply reply) {
        std::move(reply).error(not_found("outbound route", request.parameter("outboundRouteId")));
    }
    static void list_routes(const ApiRequest& request, Reply reply, const std::vector<Found>& sites);
    void store(const ApiRequest& request, Reply reply, Site site, Answer answer) const;

    ApiContext& context_;
};

void SiteRouting::list_routes(const ApiRequest& request, Reply reply, const std::vector<Found>& sites) {
    const auto page = page_of(request.http);
    if (!page) return std::move(reply).error(page.error());
    const auto name = request.http.query_value("name");
    std::vector<std::pair<Found, const OutboundRoute*>> found;
    for (const auto& site : sites)
        for (const auto& route : site->outbound_routes)
            if (!name || matches_wildcard(*name, route.name)) found.emplace_back(site, &route);
    std::move(reply).json(200, list_envelope(request.http, *page, found.size(), [&](std::size_t i) {
                              auto out = route_json(*found[i].second, *found[i].first, request.config());
                              out["site"] = reference(found[i].first->id.str(), found[i].first->name, kSites);
                              return out;
                          }));
}

void SiteRouting::store(const ApiRequest& request, Reply reply, Site site, Answer answer) const {
    const auto version = site.meta.version;
    context_.configuration.replace(
        write_context(request, context_.clock), std::move(site), version, context_.executor,
        [reply = std::move(reply), answer = std::move(answer)](Result<telephony::Committed> done) mutable {
            if (!done) return std::move(reply).error(done.error());
            const auto& stored = *std::get<telephony::Ptr<Site>>(done->entities.front());
            answer(std::move(reply), stored, *done->snapshot->organization(stored.meta.organization));
        });
}

/// POST (a new one) and PUT.
void SiteRouting::write(ApiRequest request, Reply reply) const {
    const auto present = site_of(request, reply);
    if (!present) return;
    Site site = *present;
    const bool creates = request.http.method == "POST";
    auto route = creates ? site.outbound_routes.end() : route_at(site, request);
    if (!creates && route == site.outbound_routes.end()) return no_route(request, std::move(reply));
    if (creates && site.outbound_routes.size() >= kMaxRoutes)
        return std::move(reply).error({ErrorCode::InvalidValue, "A site may have at most 100 outbound routes.", ""});
    auto body = body_of(request);
    if (!body) return std::move(reply).error(body.error());
    if (creates) {
        route = site.outbound_routes.emplace(site.outbound_routes.end());
        route->id = context_.random.uuid();
    }
    fill_route(**body, *route);
    if (auto ok = finish(*body, request, reply); !ok) return std::move(reply).error(ok.error());
    store(request, std::move(reply), site,
          [id = route->id](Reply done, const Site& stored, const OrganizationConfig& config) {
              const auto found = std::ranges::find(stored.outbound_routes, id, &OutboundRoute::id);
              std::move(done).json(200, route_json(*found, stored, config));
          });
}

void SiteRouting::remove(ApiRequest request, Reply reply) const {
    const auto present = site_of(request, reply);
    if (!present) return;
    Site site = *present;
    const auto route = route_at(site, request);
    if (route == site.outbound_routes.end()) return no_route(request, std::move(reply));
    site.outbound_routes.erase(route);
    store(request, std::move(reply), std::move(site),
          [](Reply done, const Site&, const OrganizationConfig&) { std::move(done).empty(204); });
}

}  // namespace

void add_site_routing(Router& router, ApiContext& context) {
    const auto routing = std::make_shared<SiteRouting>(context);
    const auto to = [routing](void (SiteRouting::*method)(ApiRequest, Reply) const) {
        return [routing, method](ApiRequest request, Reply reply) {
            (routing.get()->*method)(std::move(request), std::move(reply));
        };
    };
    router.add({"GET", kRoutes, kRead, to(&SiteRouting::list)});
    router.add({"POST", kRoutes, kWrite, to(&SiteRouting::write)});
    router.add({"GET", kRoute, kRead, to(&SiteRouting::read)});
    router.add({"PUT", kRoute, kWrite, to(&SiteRouting::write)});
    router.add({"DELETE", kRoute, kWrite, to(&SiteRouting::remove)});
    router.add({"GET", kAllRoutes, kRead, to(&SiteRouting::list_all)});
}

}  // namespace dp::api

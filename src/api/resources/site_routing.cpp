/// @file Outbound routes and number plans of a site (genesys-api 1.2): parts of the Site entity with routes of their own.
/// Every write is a write of the site, made against the version that was read: of two at once, one is told to come again.
///
/// A plan's matchType, as client code writes it: `regex` (match), `digitLength` (digitLength{start,end}), `numberList`
/// (numbers[]{start,end}; ranges of equal length).
#include "api/resources/site_routing.hpp"

#include "api/resources/entity_routes.hpp"
#include "telephony/names.hpp"

namespace dp::api {

namespace json = boost::json;
using telephony::DestinationClass;
using telephony::NumberPlan;
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
constexpr std::string_view kPlans = "/api/v2/telephony/providers/edges/sites/{siteId}/numberplans";
constexpr std::string_view kPlan = "/api/v2/telephony/providers/edges/sites/{siteId}/numberplans/{numberPlanId}";
constexpr std::string_view kClasses = "/api/v2/telephony/providers/edges/sites/{siteId}/numberplans/classifications";
constexpr std::size_t kMaxRoutes = 100, kMaxPlans = 200;

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
    out["site"] = reference(site.id.str(), site.name, kSites);
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

/// Digits from `start` to `end`, both of one length, as an expression: the prefix they share, then what lies between.
std::string range_pattern(const std::string& start, const std::string& end) {
    std::size_t same = 0;
    while (same < start.size() && start[same] == end[same]) ++same;
    const std::string prefix = start.substr(0, same);
    const std::string low = start.substr(same), high = end.substr(same);
    if (low.empty()) return prefix;
    const auto digits = [](std::size_t count) { return "\\d{" + std::to_string(count) + "}"; };
    const std::size_t rest = low.size() - 1;
    const bool whole =
        low.find_first_not_of('0', 1) == std::string::npos && high.find_first_not_of('9', 1) == std::string::npos;
    if (whole) return prefix + "[" + low[0] + "-" + high[0] + "]" + digits(rest);
    std::string out = low[0] + range_pattern(low.substr(1), std::string(rest, '9'));
    if (high[0] - low[0] > 1)
        out += std::string("|[") + static_cast<char>(low[0] + 1) + "-" + static_cast<char>(high[0] - 1) + "]" +
               digits(rest);
    out += "|" + (high[0] + range_pattern(std::string(rest, '0'), high.substr(1)));
    return prefix + "(?:" + out + ")";
}

bool is_digits(std::string_view text) {
    return !text.empty() && text.size() <= 20 && text.find_first_not_of("0123456789") == std::string_view::npos;
}

std::string number_list_pattern(JsonReader& plan) {
    std::string out;
    for (auto* range : plan.objects("numbers", 50)) {
        const auto start = range->required_text("start", 20);
        const auto end = range->text("end", 20).value_or(start);
        if (!is_digits(start) || !is_digits(end) || start.size() != end.size() || end < start)
            range->refuse("end", "must be digits, as many as start has, and not below it");
        else
            out += (out.empty() ? "" : "|") + range_pattern(start, end);
    }
    if (out.empty()) plan.refuse("numbers", "must hold at least one number");
    return "^(?:" + out + ")$";
}

std::string digit_length_pattern(JsonReader& plan) {
    auto* length = plan.required_object("digitLength");
    if (!length) return {};
    const auto start = length->required_text("start", 2), end = length->text("end", 2).value_or(start);
    if (!is_digits(start) || !is_digits(end) || std::stoi(end) < std::stoi(start))
        length->refuse("end", "must be a number that is not below start");
    return "^\\d{" + start + "," + end + "}$";
}

std::string pattern_of(JsonReader& plan) {
    const auto type = plan.text("matchType", 32).value_or("regex");
    if (type == "regex") return plan.required_text("match", 512);
    if (type == "digitLength") return digit_length_pattern(plan);
    if (type == "numberList") return number_list_pattern(plan);
    plan.refuse("matchType", "must be regex, digitLength or numberList");
    return {};
}

NumberPlan read_plan(JsonReader& body, const json::object& definition, Random& random) {
    NumberPlan plan;
    plan.id = body.text("id", 64).value_or("");
    if (plan.id.empty()) plan.id = random.uuid();
    plan.name = body.required_text("name");
    const auto classification = body.text("classification", 64).value_or(plan.name);
    if (const auto known = telephony::from_name<DestinationClass>(classification))
        plan.destination_class = *known;
    else
        body.refuse("classification", "must be Emergency, Network, National, International or Extension");
    plan.pattern = pattern_of(body);
    plan.normalized = body.text("normalizedFormat", 64).value_or("");
    body.ignore(kEnvelopeFields);
    body.ignore({"priority", "match", "numbers", "digitLength"});
    json::object kept;
    for (const auto* field : {"matchType", "match", "numbers", "digitLength", "priority"})
        if (const auto* value = definition.if_contains(field)) kept[field] = *value;
    plan.definition = json::serialize(kept);
    return plan;
}

json::object plan_json(const NumberPlan& plan, const Site& site) {
    auto out = envelope(plan.id, plan.name, site.meta, below(site, "numberplans"));
    boost::system::error_code damaged;
    const auto kept = json::parse(plan.definition.empty() ? "{}" : plan.definition, damaged);
    if (!damaged && kept.is_object())
        for (const auto& [name, value] : kept.get_object()) out[name] = value;
    if (!out.contains("matchType")) out["matchType"] = "regex";
    if (out["matchType"] == "regex") out["match"] = plan.pattern;
    if (!plan.normalized.empty()) out["normalizedFormat"] = plan.normalized;
    out["classification"] = telephony::name_of(plan.destination_class);
    return out;
}

json::array plans_json(const Site& site) {
    json::array out;
    for (const auto& plan : site.number_plans) out.push_back(plan_json(plan, site));
    return out;
}

Result<std::vector<NumberPlan>> plans_of(const ApiRequest& request, Random& random) {
    // The body is an array; the reader reads objects.
    const auto parsed = parse_json_object(R"({"numberPlans":)" + request.http.body + "}");
    const auto* list = parsed ? (*parsed)->get_object().if_contains("numberPlans") : nullptr;
    if (!list || !list->is_array() || (*parsed)->get_object().size() != 1)
        return fail(ErrorCode::MalformedInput, "The body must be an array of number plans.");
    JsonReader body((*parsed)->get_object());
    std::vector<NumberPlan> plans;
    const auto& items = list->get_array();
    for (auto* item : body.objects("numberPlans", kMaxPlans))
        plans.push_back(read_plan(*item, items[plans.size()].get_object(), random));
    DP_CHECK(body.finish());
    return plans;
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
    void replace_plans(ApiRequest request, Reply reply) const;

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
                              return route_json(*found[i].second, *found[i].first, request.config());
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

void SiteRouting::replace_plans(ApiRequest request, Reply reply) const {
    const auto present = site_of(request, reply);
    if (!present) return;
    auto plans = plans_of(request, context_.random);
    if (!plans) return std::move(reply).error(plans.error());
    Site site = *present;
    site.number_plans = std::move(*plans);
    store(request, std::move(reply), std::move(site), [](Reply done, const Site& stored, const OrganizationConfig&) {
        std::move(done).json(200, plans_json(stored));
    });
}

void add_plan_reads(Router& router) {
    router.add({"GET", kPlans, kRead, [](ApiRequest request, Reply reply) {
                    if (const auto site = SiteRouting::site_of(request, reply))
                        std::move(reply).json(200, plans_json(*site));
                }});
    router.add({"GET", kPlan, kRead, [](ApiRequest request, Reply reply) {
                    const auto site = SiteRouting::site_of(request, reply);
                    if (!site) return;
                    const auto& id = request.parameter("numberPlanId");
                    const auto plan = std::ranges::find(site->number_plans, id, &NumberPlan::id);
                    if (plan == site->number_plans.end()) return std::move(reply).error(not_found("number plan", id));
                    std::move(reply).json(200, plan_json(*plan, *site));
                }});
    router.add({"GET", kClasses, kRead, [](ApiRequest request, Reply reply) {
                    if (!SiteRouting::site_of(request, reply)) return;
                    json::array out;
                    for (const auto name : telephony::Names<DestinationClass>::kAll) out.emplace_back(name);
                    std::move(reply).json(200, out);
                }});
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
    router.add({"PUT", kPlans, kWrite, to(&SiteRouting::replace_plans)});
    add_plan_reads(router);
}

}  // namespace dp::api

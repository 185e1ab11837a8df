/// @file Trunks in the shapes of the Genesys API: trunk base settings (configuration) and trunk instances (read only).
/// Both are views of the one Trunk that seed 1 calls an edge, under the same id: made through one, read and changed
/// through the other. Only EXTERNAL trunks exist: phones reach the switch without one.
#include "api/genesys/trunk_properties.hpp"
#include "api/resources/entity_routes.hpp"
#include "api/resources/resources.hpp"

namespace dp::api {

namespace json = boost::json;
using telephony::EdgeGroup;
using telephony::OrganizationConfig;
using telephony::RegistrationType;
using telephony::SipProfile;
using telephony::Trunk;
using telephony::TrunkCommand;

namespace {

constexpr std::string_view kEdges = "/api/v2/telephony/providers/edges";
constexpr std::string_view kEdgeGroups = "/api/v2/telephony/providers/edges/edgegroups";
constexpr std::string_view kSites = "/api/v2/telephony/providers/edges/sites";
constexpr std::string_view kBases = "/api/v2/telephony/providers/edges/trunkbasesettings";
constexpr std::string_view kBase = "/api/v2/telephony/providers/edges/trunkbasesettings/{trunkBaseSettingsId}";
constexpr std::string_view kMetabases = "/api/v2/telephony/providers/edges/trunkbasesettings/availablemetabases";
constexpr std::string_view kTemplate = "/api/v2/telephony/providers/edges/trunkbasesettings/template";
constexpr std::string_view kTrunks = "/api/v2/telephony/providers/edges/trunks";
constexpr std::string_view kTrunk = "/api/v2/telephony/providers/edges/trunks/{trunkId}";
constexpr std::string_view kTrunkMetrics = "/api/v2/telephony/providers/edges/trunks/{trunkId}/metrics";
constexpr std::string_view kAllMetrics = "/api/v2/telephony/providers/edges/trunks/metrics";
constexpr std::string_view kEdgeTrunks = "/api/v2/telephony/providers/edges/{edgeId}/trunks";
constexpr std::string_view kExternal = "EXTERNAL";
constexpr std::pair<std::string_view, std::string_view> kKnownMetabases[] = {
    {"external_sip.json", "External SIP"},
    {"external_sip_pcv_byoc_carrier.json", "BYOC Carrier"},
    {"external_sip_pcv_byoc_pbx.json", "BYOC PBX"}};

const Scopes kRead{"telephony:readonly", "telephony:edge:read"};
const Scopes kWrite{"telephony", "telephony:edge:write"};

const SipProfile* profile_of(const Trunk& trunk, const OrganizationConfig& config) {
    return config.sip_profile(trunk.sip_profile).get();
}

json::object metabase_reference(std::string_view id) {
    return {{"id", id}, {"name", id}};
}

json::object base_json(const Trunk& trunk, const OrganizationConfig& config) {
    auto out = envelope(trunk.id.str(), trunk.name, trunk.meta, kBases);
    const auto& base = trunk.base_settings;
    if (!base.description.empty()) out["description"] = base.description;
    out["trunkMetabase"] = metabase_reference(base.metabase);
    out["trunkType"] = kExternal;
    out["managed"] = false;
    out["properties"] = trunk_properties(trunk, profile_of(trunk, config));
    if (!base.site.empty()) out["site"] = reference(base.site.str(), "", kSites);
    if (!base.inbound_site.empty()) out["inboundSite"] = reference(base.inbound_site.str(), "", kSites);
    return out;
}

/// `{id}`, or null to take it away; absent: stays.
template <class Id>
void fill_reference(JsonReader& body, std::string_view name, Id& out) {
    if (body.is_null(name)) out = {};
    auto* object = body.object(name);
    if (!object) return;
    out = Id(object->required_text("id", 64));
    object->ignore({"name", "selfUri"});
}

TrunkCommand read_base(const Body& fields, TrunkCommand command, const OrganizationConfig& config) {
    auto& body = *fields;
    auto& trunk = command.trunk;
    body.ignore(kEnvelopeFields);
    body.ignore({"managed", "properties"});
    trunk.name = body.required_text("name");
    if (body.required_text("trunkType", 16) != kExternal) body.refuse("trunkType", "must be EXTERNAL: no other exists");
    if (auto* metabase = body.required_object("trunkMetabase")) {
        trunk.base_settings.metabase = metabase->required_text("id", 64);
        metabase->ignore({"name", "selfUri"});
        const auto known = [&](const auto& each) { return each.first == trunk.base_settings.metabase; };
        if (std::ranges::none_of(kKnownMetabases, known))
            metabase->refuse("id", "is not among the available metabases");
    }
    trunk.base_settings.description = body.text("description", 1024).value_or(trunk.base_settings.description);
    fill_reference(body, "site", trunk.base_settings.site);
    fill_reference(body, "inboundSite", trunk.base_settings.inbound_site);
    const auto* properties = fields.document->get_object().if_contains("properties");
    if (!properties || !properties->is_object()) {
        body.refuse("properties", "must be an object");
    } else if (auto read = read_trunk_properties(properties->get_object(), profile_of(trunk, config), command); !read) {
        const auto& [code, detail, field] = read.error();
        body.refuse(field, detail.substr(std::min(detail.size(), field.size() + 1), detail.size() - field.size() - 2),
                    code);
    }
    return command;
}

/// The first by name: what this shape does not ask for.
template <class T>
telephony::Ptr<T> first_of(const OrganizationConfig& config) {
    telephony::Ptr<T> first;
    config.all<T>().for_each([&](const telephony::Ptr<T>& each) {
        if (!first || each->name < first->name) first = each;
    });
    return first;
}

/// A duplicate is a 400 in the API's own shapes (genesys-api, table of section 2).
telephony::Reply<telephony::Committed> when_base_stored(Reply reply, const Shape<Trunk>& shape) {
    return [reply = std::move(reply), shape](Result<telephony::Committed> done) mutable {
        if (!done && done.error().code == ErrorCode::Duplicate)
            return std::move(reply).error(400, "duplicate.value", done.error());
        when_stored(std::move(reply), shape, 200)(std::move(done));
    };
}

class BaseRoutes {
public:
    explicit BaseRoutes(ApiContext& context)
        : context_(context),
          shape_{kBases, kBase, "trunkBaseSettingsId", "trunk base settings", kRead, kWrite, base_json} {}

    const Shape<Trunk>& shape() const { return shape_; }

    void create(ApiRequest request, Reply reply) const {
        auto body = body_of(request);
        if (!body) return std::move(reply).error(body.error());
        const auto group = first_of<EdgeGroup>(request.config());
        const auto profile = first_of<SipProfile>(request.config());
        if (!group || !profile)
            return std::move(reply).error(
                {ErrorCode::Conflict, "A trunk needs an edge group and a SIP profile: create them first.", ""});
        TrunkCommand command;
        if (const auto id = (*body)->text("id", 64)) command.trunk.id = telephony::TrunkId(*id);
        command.trunk.meta.organization = request.caller->organization;
        command.trunk.edge_group = group->id;
        command.trunk.sip_profile = profile->id;
        command.trunk.registration.type = RegistrationType::None;
        command = read_base(*body, std::move(command), request.config());
        if (auto ok = finish(*body, request, reply); !ok) return std::move(reply).error(ok.error());
        context_.trunks.create(write_context(request, context_.clock), std::move(command), context_.executor,
                               when_base_stored(std::move(reply), shape_));
    }

    void replace(ApiRequest request, Reply reply) const {
        const auto& id = request.parameter(shape_.parameter);
        const auto& present = request.config().trunk(telephony::TrunkId(id));
        if (!present) return std::move(reply).error(not_found(shape_.noun, id));
        auto body = body_of(request);
        if (!body) return std::move(reply).error(body.error());
        auto version = expected_version(request, **body);
        if (!version) return std::move(reply).error(version.error());
        TrunkCommand command;
        command.trunk = *present;
        command = read_base(*body, std::move(command), request.config());
        if (auto ok = finish(*body, request, reply); !ok) return std::move(reply).error(ok.error());
        context_.trunks.replace(write_context(request, context_.clock), std::move(command), *version, context_.executor,
                                when_base_stored(std::move(reply), shape_));
    }

private:
    ApiContext& context_;
    Shape<Trunk> shape_;
};

std::string proxy_of(const telephony::TrunkGateway& gateway) {
    return gateway.host + ":" + std::to_string(gateway.port);
}

json::object registers_status(const Trunk& trunk, const telephony::TrunkStatus& status) {
    json::object out{{"proxyAddress", trunk.registration.host + ":" + std::to_string(trunk.registration.port)},
                     {"registerState", status.registration == telephony::RegistrationState::Registered}};
    if (status.changed) out["registerStateTime"] = to_rfc3339(*status.changed);
    if (!status.last_error.empty())
        out["errorInfo"] = json::object{{"text", status.last_error}, {"code", std::to_string(status.last_sip_status)}};
    return out;
}

void add_peers(json::object& out, const Trunk& trunk, const telephony::TrunkStatus& status) {
    json::array proxies, options, registers;
    for (const auto& gateway : telephony::gateways_of(trunk)) {
        proxies.emplace_back(proxy_of(gateway));
        json::object option{{"proxyAddress", proxy_of(gateway)},
                            {"optionState", status.health == telephony::TrunkHealth::Up}};
        if (status.probed) option["optionStateTime"] = to_rfc3339(*status.probed);
        options.push_back(std::move(option));
    }
    const bool does_register = trunk.registration.type == RegistrationType::Register;
    if (does_register) registers.push_back(registers_status(trunk, status));
    out["proxyAddressList"] = std::move(proxies);
    out["optionsStatus"] = trunk.health_probe.enabled ? std::move(options) : json::array();
    out["registersStatus"] = std::move(registers);
    out["optionsEnabledStatus"] = trunk.health_probe.enabled ? "ENABLED" : "DISABLED";
    out["registersEnabledStatus"] = does_register ? "ENABLED" : "DISABLED";
}

/// Usable for calls as far as registration and health say.
bool in_service(const Trunk& trunk, const telephony::TrunkStatus& status) {
    const bool registered = status.registration == telephony::RegistrationState::Registered ||
                            status.registration == telephony::RegistrationState::NotNeeded;
    return trunk.enabled && registered && status.health != telephony::TrunkHealth::Down;
}

json::object instance_json(const Trunk& trunk, const OrganizationConfig& config, const telephony::LiveTrunks& live) {
    const auto found = live.find(trunk.id);
    const telephony::TrunkStatus status = found ? *found : telephony::TrunkStatus{};
    const auto& group = config.find<EdgeGroup>(trunk.edge_group);
    auto out = envelope(trunk.id.str(), trunk.name, trunk.meta, kTrunks);
    out["trunkType"] = kExternal;
    out["trunkBase"] = reference(trunk.id.str(), trunk.name, kBases);
    out["trunkMetabase"] = metabase_reference(trunk.base_settings.metabase);
    out["edge"] = reference(trunk.id.str(), trunk.name, kEdges);
    out["edgeGroup"] = reference(trunk.edge_group.str(), group ? group->name : "", kEdgeGroups);
    out["enabled"] = trunk.enabled;
    out["inService"] = in_service(trunk, status);
    json::object connected{{"connected", in_service(trunk, status)}};
    if (status.changed) connected["connectedStateTime"] = to_rfc3339(*status.changed);
    out["connectedStatus"] = std::move(connected);
    add_peers(out, trunk, status);
    return out;
}

json::object trunk_metrics_json(const Trunk& trunk, const telephony::LiveTrunks& live, WallTime now) {
    const auto status = live.find(trunk.id);
    const telephony::TrunkStatus counts = status ? *status : telephony::TrunkStatus{};
    return {{"eventTime", to_rfc3339(now)},
            {"trunk", reference(trunk.id.str(), trunk.name, kTrunks)},
            {"calls", json::object{{"inboundCallCount", counts.inbound.seizures},
                                   {"outboundCallCount", counts.outbound.seizures}}}};
}

Shape<Trunk> instance_shape(ApiContext& context) {
    auto& live = context.live_trunks;
    return {
        kTrunks,
        kTrunk,
        "trunkId",
        "trunk",
        kRead,
        kWrite,
        [&live](const Trunk& trunk, const OrganizationConfig& config) { return instance_json(trunk, config, live); },
        [](const Trunk& trunk, const net::HttpRequest& request) {
            const auto is = [&](std::string_view name, std::string_view value) {
                const auto wanted = request.query_value(name);
                return !wanted || *wanted == value;
            };
            return is("edge.id", trunk.id.str()) && is("trunkBase.id", trunk.id.str()) && is("trunkType", kExternal);
        }};
}

void add_metrics(Router& router, ApiContext& context) {
    router.add({"GET", kTrunkMetrics, kRead, [&context](ApiRequest request, Reply reply) {
                    const auto& id = request.parameter("trunkId");
                    const auto& trunk = request.config().trunk(telephony::TrunkId(id));
                    if (!trunk) return std::move(reply).error(not_found("trunk", id));
                    std::move(reply).json(200, trunk_metrics_json(*trunk, context.live_trunks, context.clock.wall()));
                }});
    router.add({"GET", kAllMetrics, kRead, [&context](ApiRequest request, Reply reply) {
                    const auto wanted = "," + std::string(request.http.query_value("trunkIds").value_or("")) + ",";
                    json::array out;
                    request.config().all<Trunk>().for_each([&](const telephony::Ptr<Trunk>& trunk) {
                        if (wanted.find("," + trunk->id.str() + ",") != std::string::npos)
                            out.push_back(trunk_metrics_json(*trunk, context.live_trunks, context.clock.wall()));
                    });
                    std::move(reply).json(200, out);
                }});
    router.add({"GET", kEdgeTrunks, kRead, [shape = instance_shape(context)](ApiRequest request, Reply reply) {
                    const auto page = page_of(request.http);
                    if (!page) return std::move(reply).error(page.error());
                    const auto& id = request.parameter("edgeId");
                    const auto& trunk = request.config().trunk(telephony::TrunkId(id));
                    if (!trunk) return std::move(reply).error(not_found("edge", id));
                    const bool shown = shape.matches(*trunk, request.http);
                    std::move(reply).json(200, list_envelope(request.http, *page, shown ? 1 : 0, [&](std::size_t) {
                                              return shape.to_json(*trunk, request.config());
                                          }));
                }});
}

void add_metabases(Router& router) {
    router.add({"GET", kMetabases, kRead, [](ApiRequest request, Reply reply) {
                    const auto page = page_of(request.http);
                    if (!page) return std::move(reply).error(page.error());
                    const auto type = request.http.query_value("type");
                    const std::size_t shown = !type || *type == kExternal ? std::size(kKnownMetabases) : 0;
                    std::move(reply).json(200, list_envelope(request.http, *page, shown, [](std::size_t i) {
                                              const auto& [id, name] = kKnownMetabases[i];
                                              return json::object{{"id", id}, {"name", name}, {"type", kExternal}};
                                          }));
                }});
    router.add({"GET", kTemplate, kRead, [](ApiRequest request, Reply reply) {
                    const auto id = request.http.query_value("trunkMetabaseId").value_or("");
                    const auto known = [&](const auto& each) { return each.first == id; };
                    if (std::ranges::none_of(kKnownMetabases, known))
                        return std::move(reply).error(not_found("trunk metabase", id));
                    std::move(reply).json(200, json::object{{"name", ""},
                                                            {"trunkMetabase", metabase_reference(id)},
                                                            {"trunkType", kExternal},
                                                            {"properties", trunk_properties(Trunk{}, nullptr)}});
                }});
}

}  // namespace

void add_trunk_bases(Router& router, ApiContext& context) {
    const auto bases = std::make_shared<BaseRoutes>(context);
    const auto& shape = bases->shape();
    add_reads(router, shape);
    add_remove(router, context, shape, telephony::EntityType::Trunk);
    router.add({"POST", kBases, kWrite,
                [bases](ApiRequest request, Reply reply) { bases->create(std::move(request), std::move(reply)); }});
    router.add({"PUT", kBase, kWrite,
                [bases](ApiRequest request, Reply reply) { bases->replace(std::move(request), std::move(reply)); }});
    add_reads(router, instance_shape(context));
    add_metrics(router, context);
    add_metabases(router);
}

}  // namespace dp::api

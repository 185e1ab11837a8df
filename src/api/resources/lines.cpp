/// @file /api/v2/telephony/providers/edges/lines and linebasesettings, and what can be made: availablemetabases and the
/// template of base settings, in the real API's shapes (genesys-api 1.5).
///
/// A phone has one line, whose id is its station's; base settings have one line base. Genesys keeps the persistent
/// connection on the line and the DSCP values on the phone.
#include "api/resources/entity_routes.hpp"
#include "api/resources/phone_views.hpp"

namespace dp::api {

namespace json = boost::json;
using telephony::OrganizationConfig;
using telephony::Phone;
using telephony::PhoneBaseSettings;
using telephony::PhoneModel;
using telephony::Ptr;

namespace {

constexpr std::string_view kLines = "/api/v2/telephony/providers/edges/lines";
constexpr std::string_view kLineBases = "/api/v2/telephony/providers/edges/linebasesettings";
constexpr std::string_view kLineBaseSuffix = ".line";

json::object line_properties(const telephony::PersistentConnection& persistent) {
    return {{"station_persistent_enabled", phone_property(persistent.enabled)},
            {"station_persistent_webrtc_enabled", phone_property(persistent.enabled)},
            {"station_persistent_timeout", phone_property(persistent.timeout.count())}};
}

json::object line_json(const Phone& phone, const OrganizationConfig& config, const telephony::LiveStations& live) {
    auto out = envelope(phone.station.str(), phone.name, phone.meta, kLines);
    const auto& site = config.site(phone.site);
    const auto& settings = config.base_settings(phone.base_settings);
    const auto& user = config.user(phone.user);
    const auto station = live.find(phone.station);
    if (site) out["site"] = reference(site->id.str(), site->name, "/api/v2/telephony/providers/edges/sites");
    if (settings) {
        const bool bound = station && station->bound;
        out["lineBaseSettings"] = reference(line_base_id(*settings), settings->name, kLineBases);
        out["properties"] =
            line_properties(bound ? station->bound->persistent_connection : settings->persistent_connection);
    }
    if (user) {
        const auto who = reference(user->id.str(), user->name, "/api/v2/users");
        out["defaultForUser"] = who;
        if (station && station->online()) out["loggedInUser"] = who;
    }
    return out;
}

/// The base settings behind a line base's id.
const Ptr<PhoneBaseSettings>& settings_of_line_base(const OrganizationConfig& config, std::string_view id) {
    static const Ptr<PhoneBaseSettings> kNone;
    if (!id.ends_with(kLineBaseSuffix)) return kNone;
    id.remove_suffix(kLineBaseSuffix.size());
    return config.base_settings(telephony::PhoneBaseSettingsId(std::string(id)));
}

json::object meta_base_json(PhoneModel model) {
    const auto id = meta_base_of(model);
    return {{"id", id}, {"name", telephony::model_name(model)}, {"state", "active"}};
}

std::optional<PhoneModel> model_of(std::string_view meta_base) {
    for (const PhoneModel model : {PhoneModel::WebRtc, PhoneModel::GenericSip})
        if (meta_base_of(model) == meta_base) return model;
    return std::nullopt;
}

/// A template is nobody's yet.
void forget_identity(json::object& entity) {
    for (const auto* unknown :
         {"id", "selfUri", "dateCreated", "dateModified", "version", "division", "createdBy", "modifiedBy", "state"})
        entity.erase(unknown);
}

void reply_template(const ApiRequest& request, Reply reply) {
    const auto asked = request.http.query_value("phoneMetabaseId");
    const auto model = asked ? model_of(*asked) : std::nullopt;
    if (!model)
        return std::move(reply).error(
            {ErrorCode::InvalidValue, "phoneMetabaseId must be one of availablemetabases.", "phoneMetabaseId"});
    PhoneBaseSettings settings;
    settings.model = *model;
    auto out = base_settings_json(settings, request.config());
    forget_identity(out);
    for (auto& line : out["lines"].as_array()) forget_identity(line.as_object());
    std::move(reply).json(200, out);
}

template <class T>
void list_all(const ApiRequest& request, Reply reply, const auto& to_json) {
    const auto page = page_of(request.http);
    if (!page) return std::move(reply).error(page.error());
    const auto& all = request.config().template by_name<T>();
    std::move(reply).json(
        200, list_envelope(request.http, *page, all.size(), [&](std::size_t i) { return to_json(*all.at(i)); }));
}

}  // namespace

json::object phone_property(json::value value) {
    return {{"value", json::object{{"instance", std::move(value)}}}};
}

std::string_view meta_base_of(PhoneModel model) {
    return model == PhoneModel::WebRtc ? "inin_webrtc_softphone.json" : "generic_sip.json";
}

std::string_view station_type_of(PhoneModel model) {
    return model == PhoneModel::WebRtc ? "inin_webrtc_softphone" : "inin_sip_phone";
}

std::string line_base_id(const PhoneBaseSettings& settings) {
    return settings.id.str() + std::string(kLineBaseSuffix);
}

json::object line_base_json(const PhoneBaseSettings& settings) {
    auto out = envelope(line_base_id(settings), settings.name, settings.meta, kLineBases);
    const bool web_rtc = settings.model == PhoneModel::WebRtc;
    out["lineMetaBase"] = json::object{{"id", web_rtc ? "inin_webrtc_softphone_line.json" : "generic_sip_line.json"}};
    out["properties"] = line_properties(settings.persistent_connection);
    return out;
}

void add_lines(Router& router, ApiContext& context) {
    const Scopes read{"telephony:readonly", "telephony:user-settings:edit"};
    router.add({"GET", kLines, read, [&context](ApiRequest request, Reply reply) {
                    list_all<Phone>(request, std::move(reply), [&](const Phone& phone) {
                        return line_json(phone, request.config(), context.live_stations);
                    });
                }});
    router.add(
        {"GET", "/api/v2/telephony/providers/edges/lines/{lineId}", read, [&context](ApiRequest request, Reply reply) {
             const auto& id = request.parameter("lineId");
             const auto& phone = request.config().phone_of_station(telephony::StationId(id));
             if (!phone) return std::move(reply).error(not_found("line", id));
             std::move(reply).json(200, line_json(*phone, request.config(), context.live_stations));
         }});
    router.add({"GET", kLineBases, read, [](ApiRequest request, Reply reply) {
                    list_all<PhoneBaseSettings>(request, std::move(reply), line_base_json);
                }});
    router.add({"GET", "/api/v2/telephony/providers/edges/linebasesettings/{lineBaseId}", read,
                [](ApiRequest request, Reply reply) {
                    const auto& id = request.parameter("lineBaseId");
                    const auto& settings = settings_of_line_base(request.config(), id);
                    if (!settings) return std::move(reply).error(not_found("line base", id));
                    std::move(reply).json(200, line_base_json(*settings));
                }});
    router.add({"GET", "/api/v2/telephony/providers/edges/phonebasesettings/availablemetabases", read,
                [](ApiRequest request, Reply reply) {
                    const auto page = page_of(request.http);
                    if (!page) return std::move(reply).error(page.error());
                    std::move(reply).json(
                        200, list_envelope(request.http, *page, 2, [](std::size_t i) {
                            return meta_base_json(i == 0 ? PhoneModel::WebRtc : PhoneModel::GenericSip);
                        }));
                }});
    router.add({"GET", "/api/v2/telephony/providers/edges/phonebasesettings/template", read,
                [](ApiRequest request, Reply reply) { reply_template(request, std::move(reply)); }});
}

}  // namespace dp::api

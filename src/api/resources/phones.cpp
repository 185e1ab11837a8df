/// @file Phone management (seed 2): phone base settings, phones and stations under /api/v2/telephony/providers/edges
/// and /api/v2/stations.
#include "api/resources/entity_routes.hpp"
#include "api/resources/resources.hpp"
#include "telephony/phones/registration_permit.hpp"

namespace dp::api {

namespace json = boost::json;
using telephony::OrganizationConfig;
using telephony::Phone;
using telephony::PhoneBaseSettings;
using telephony::PhoneModel;
using telephony::Station;

namespace {

constexpr std::string_view kBaseSettings = "/api/v2/telephony/providers/edges/phonebasesettings";
constexpr std::string_view kPhones = "/api/v2/telephony/providers/edges/phones";
constexpr std::string_view kWebRtcMetaBase = "inin_webrtc_softphone.json";
constexpr std::string_view kGenericMetaBase = "generic_sip.json";

std::string_view meta_base_of(PhoneModel model) {
    return model == PhoneModel::WebRtc ? kWebRtcMetaBase : kGenericMetaBase;
}

json::object base_settings_json(const PhoneBaseSettings& settings, const OrganizationConfig&) {
    auto out = envelope(settings.id.str(), settings.name, settings.meta, kBaseSettings);
    out["phoneMakeAndModel"] = telephony::model_name(settings.model);
    out["phoneMetaBase"] =
        json::object{{"id", meta_base_of(settings.model)}, {"name", telephony::model_name(settings.model)}};
    out["persistentConnection"] = json::object{{"enabled", settings.persistent_connection.enabled},
                                               {"timeoutSeconds", settings.persistent_connection.timeout.count()}};
    out["transportDscp"] = settings.transport_dscp;
    out["mediaDscp"] = settings.media_dscp;
    out["autoAnswer"] = settings.auto_answer;
    // Terraform reads lines[0].id unchecked: it is the line base id.
    out["lines"] = json::array{json::object{{"id", settings.id.str() + ".line"}, {"name", settings.name}}};
    return out;
}

void fill_model(JsonReader& body, PhoneBaseSettings& settings) {
    std::string wanted;
    if (auto name = body.text("phoneMakeAndModel")) wanted = *name;
    if (auto* meta = body.object("phoneMetaBase")) {
        if (wanted.empty()) wanted = meta->required_text("id", 64);
        meta->ignore({"id", "name", "selfUri"});
    }
    if (wanted.empty()) return;
    if (wanted == telephony::kWebRtcModelName || wanted == kWebRtcMetaBase)
        settings.model = PhoneModel::WebRtc;
    else if (wanted == telephony::kGenericSipModelName || wanted == kGenericMetaBase)
        settings.model = PhoneModel::GenericSip;
    else
        body.refuse("phoneMakeAndModel", "must be Genesys Cloud WebRTC Phone or Generic SIP Phone");
}

void fill_base_settings(JsonReader& body, PhoneBaseSettings& settings) {
    body.ignore({"lines", "properties", "capabilities"});
    settings.name = body.required_text("name");
    fill_model(body, settings);
    if (auto* persistent = body.object("persistentConnection")) {
        if (auto enabled = persistent->boolean("enabled")) settings.persistent_connection.enabled = *enabled;
        if (auto timeout = persistent->integer("timeoutSeconds", 1, 86'400))
            settings.persistent_connection.timeout = std::chrono::seconds(*timeout);
    }
    if (auto dscp = body.integer("transportDscp", 0, 63)) settings.transport_dscp = static_cast<std::uint8_t>(*dscp);
    if (auto dscp = body.integer("mediaDscp", 0, 63)) settings.media_dscp = static_cast<std::uint8_t>(*dscp);
    if (auto answer = body.boolean("autoAnswer")) settings.auto_answer = *answer;
}

json::object phone_json(const Phone& phone, const OrganizationConfig& config) {
    auto out = envelope(phone.id.str(), phone.name, phone.meta, kPhones);
    const auto& site = config.site(phone.site);
    const auto& settings = config.base_settings(phone.base_settings);
    const auto& user = config.user(phone.user);
    out["site"] = reference(phone.site.str(), site ? site->name : "", "/api/v2/telephony/providers/edges/sites");
    out["phoneBaseSettings"] = reference(phone.base_settings.str(), settings ? settings->name : "", kBaseSettings);
    if (settings) out["phoneMetaBase"] = json::object{{"id", meta_base_of(settings->model)}};
    if (user) {
        out["webRtcUser"] = reference(user->id.str(), user->name, "/api/v2/users");
        out["user"] = reference(user->id.str(), user->name, "/api/v2/users");
    }
    out["enabled"] = phone.enabled;
    out["station"] = reference(phone.station.str(), phone.name, "/api/v2/stations");
    out["sip"] = json::object{{"username", phone.sip.username}, {"domain", config.organization().sip_domain}};
    out["lines"] = json::array{json::object{{"id", phone.station.str()}, {"name", phone.name}}};
    return out;
}

void fill_reference(JsonReader& body, std::string_view name, auto& id) {
    if (auto* object = body.object(name)) {
        id = std::remove_cvref_t<decltype(id)>(object->required_text("id", 64));
        object->ignore({"name", "selfUri"});
    }
}

void fill_phone(JsonReader& body, Phone& phone) {
    body.ignore(
        {"lines", "phoneMetaBase", "lineBaseSettings", "station", "sip", "status", "capabilities", "properties"});
    phone.name = body.required_text("name");
    fill_reference(body, "site", phone.site);
    fill_reference(body, "phoneBaseSettings", phone.base_settings);
    fill_reference(body, "webRtcUser", phone.user);
    fill_reference(body, "user", phone.user);
    if (auto enabled = body.boolean("enabled")) phone.enabled = *enabled;
    if (phone.base_settings.empty())
        body.refuse("phoneBaseSettings", "is required: create base settings first", ErrorCode::MissingField);
}

Shape<Phone> phone_shape() {
    return {kPhones,
            "/api/v2/telephony/providers/edges/phones/{phoneId}",
            "phoneId",
            "phone",
            {"telephony:readonly", "telephony:user-settings:edit"},
            {"telephony"},
            phone_json,
            [](const Phone& phone, const net::HttpRequest& request) {
                const auto site = request.query_value("site.id");
                const auto user = request.query_value("webRtcUser.id");
                return (!site || phone.site.str() == *site) && (!user || phone.user.str() == *user);
            }};
}

void create_phone(ApiContext& context, ApiRequest request, Reply reply) {
    auto body = body_of(request);
    if (!body) return std::move(reply).error(body.error());
    Phone phone;
    if (const auto id = (*body)->text("id", 64)) phone.id = telephony::PhoneId(*id);
    phone.meta.organization = request.caller.organization;
    (*body)->ignore(kEnvelopeFields);
    fill_phone(**body, phone);
    if (auto ok = finish(*body, request, reply); !ok) return std::move(reply).error(ok.error());
    context.phones.create(write_context(request, context.clock), std::move(phone), context.executor,
                          [reply = std::move(reply)](Result<telephony::CreatedPhone> done) mutable {
                              if (!done) return std::move(reply).error(done.error());
                              const auto& config = *done->commit.snapshot->organization(done->phone->meta.organization);
                              auto out = phone_json(*done->phone, config);
                              out["sip"].as_object()["password"] = done->sip_password;  // shown this once
                              std::move(reply).json(201, out);
                          });
}

void replace_phone(ApiContext& context, ApiRequest request, Reply reply) {
    const auto& id = request.parameter("phoneId");
    const auto& present = request.config().phone(telephony::PhoneId(id));
    if (!present) return std::move(reply).error(not_found("phone", id));
    auto body = body_of(request);
    if (!body) return std::move(reply).error(body.error());
    auto version = expected_version(request, **body);
    if (!version) return std::move(reply).error(version.error());
    Phone phone = *present;
    (*body)->ignore(kEnvelopeFields);
    fill_phone(**body, phone);
    if (auto ok = finish(*body, request, reply); !ok) return std::move(reply).error(ok.error());
    context.phones.replace(write_context(request, context.clock), std::move(phone), *version, context.executor,
                           when_stored(std::move(reply), phone_shape(), 200));
}

json::object station_json(const Phone& phone, const OrganizationConfig& config, const telephony::LiveStations& live) {
    auto out = envelope(phone.station.str(), phone.name, phone.meta, "/api/v2/stations");
    const auto station = live.find(phone.station);
    const bool online = station && station->state != telephony::StationState::Offline;
    const auto& settings = config.base_settings(phone.base_settings);
    out["status"] = online ? "ASSOCIATED" : "AVAILABLE";
    out["registrationState"] = telephony::to_string(station ? station->state : telephony::StationState::Offline);
    out["userId"] = phone.user.str();
    out["webRtcUserId"] = phone.user.str();
    out["type"] = settings && settings->model == PhoneModel::WebRtc ? "inin_webrtc_softphone" : "inin_sip_phone";
    out["phone"] = reference(phone.id.str(), phone.name, kPhones);
    if (settings) {
        out["webRtcPersistentEnabled"] = settings->persistent_connection.enabled;
        out["webRtcMediaDscp"] = settings->media_dscp;
        out["reloginDue"] = online && station->base_settings_version < settings->meta.version;
    }
    json::array refusals;
    for (const auto& refusal : telephony::registration_refusals(config, phone.user))
        refusals.push_back(
            json::object{{"endpoint", refusal.endpoint}, {"code", refusal.code}, {"reason", refusal.reason}});
    if (!refusals.empty()) out["registrationRefusals"] = std::move(refusals);
    if (online) {
        out["transport"] = station->transport;
        out["userAgent"] = station->user_agent;
        out["registrations"] = station->registrations;
        if (station->registered) out["registered"] = to_rfc3339(*station->registered);
    }
    return out;
}

}  // namespace

void add_phones(Router& router, ApiContext& context) {
    const Shape<PhoneBaseSettings> settings{kBaseSettings,
                                            "/api/v2/telephony/providers/edges/phonebasesettings/{settingsId}",
                                            "settingsId",
                                            "phone base settings object",
                                            {"telephony:readonly", "telephony:user-settings:edit"},
                                            {"telephony"},
                                            base_settings_json};
    add_reads(router, settings);
    add_writes<PhoneBaseSettings>(router, context, settings, fill_base_settings);
    add_remove(router, context, settings, telephony::EntityType::PhoneBaseSettings);

    const auto phones = phone_shape();
    add_reads(router, phones);
    add_remove(router, context, phones, telephony::EntityType::Phone);
    router.add({"POST", phones.collection, phones.write, [&context](ApiRequest request, Reply reply) {
                    create_phone(context, std::move(request), std::move(reply));
                }});
    router.add({"PUT", phones.item, phones.write, [&context](ApiRequest request, Reply reply) {
                    replace_phone(context, std::move(request), std::move(reply));
                }});
}

void add_stations(Router& router, ApiContext& context) {
    const Scopes read{"stations:readonly", "telephony:readonly", "telephony:user-settings:edit", "user:read"};
    router.add({"GET", "/api/v2/stations", read, [&context](ApiRequest request, Reply reply) {
                    const auto page = page_of(request.http);
                    if (!page) return std::move(reply).error(page.error());
                    const auto user = request.http.query_value("webRtcUserId");
                    std::vector<telephony::Ptr<Phone>> found;
                    request.config().all<Phone>().for_each([&](const telephony::Ptr<Phone>& phone) {
                        if (!user || phone->user.str() == *user) found.push_back(phone);
                    });
                    std::move(reply).json(200, list_envelope(request.http, *page, found.size(), [&](std::size_t i) {
                                              return station_json(*found[i], request.config(), context.live_stations);
                                          }));
                }});
    router.add({"GET", "/api/v2/stations/{stationId}", read, [&context](ApiRequest request, Reply reply) {
                    const auto& id = request.parameter("stationId");
                    const auto& phone = request.config().phone_of_station(telephony::StationId(id));
                    if (!phone) return std::move(reply).error(not_found("station", id));
                    std::move(reply).json(200, station_json(*phone, request.config(), context.live_stations));
                }});
}

}  // namespace dp::api

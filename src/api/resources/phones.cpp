/// @file Phone management (seed 2): phone base settings, phones and stations under /api/v2/telephony/providers/edges
/// and /api/v2/stations.
#include "api/resources/entity_routes.hpp"
#include "api/resources/phone_views.hpp"
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

void fill_model(JsonReader& body, PhoneBaseSettings& settings) {
    std::string wanted;
    if (auto name = body.text("phoneMakeAndModel")) wanted = *name;
    if (auto* meta = body.object("phoneMetaBase")) {
        if (wanted.empty()) wanted = meta->required_text("id", 64);
        meta->ignore({"id", "name", "selfUri"});
    }
    if (wanted.empty()) return;
    if (wanted == telephony::kWebRtcModelName || wanted == meta_base_of(PhoneModel::WebRtc))
        settings.model = PhoneModel::WebRtc;
    else if (wanted == telephony::kGenericSipModelName || wanted == meta_base_of(PhoneModel::GenericSip))
        settings.model = PhoneModel::GenericSip;
    else
        body.refuse("phoneMakeAndModel", "must be Genesys Cloud WebRTC Phone or Generic SIP Phone");
}

/// The reader that holds `instance` of a property, or null where it is absent.
JsonReader* instance_of(JsonReader& properties, std::string_view name) {
    auto* entry = properties.object(name);
    auto* value = entry ? entry->object("value") : nullptr;
    if (entry) entry->ignore({"type", "required", "default", "enum"});
    return value && value->has("instance") ? value : nullptr;
}

void fill_dscp(JsonReader& properties, std::string_view name, std::uint8_t& dscp) {
    if (auto* value = instance_of(properties, name))
        if (const auto given = value->integer("instance", 0, 63)) dscp = static_cast<std::uint8_t>(*given);
}

/// The two keys of old and new clients are one setting: whichever differs from the present value is the change.
void fill_line_properties(JsonReader& properties, telephony::PersistentConnection& persistent) {
    const bool before = persistent.enabled;
    for (const auto* name : {"station_persistent_enabled", "station_persistent_webrtc_enabled"})
        if (auto* value = instance_of(properties, name))
            if (const auto enabled = value->boolean("instance"); enabled && *enabled != before)
                persistent.enabled = *enabled;
    if (auto* value = instance_of(properties, "station_persistent_timeout"))
        if (const auto timeout = value->integer("instance", 1, 86'400))
            persistent.timeout = std::chrono::seconds(*timeout);
}

void fill_lines(JsonReader& body, PhoneBaseSettings& settings) {
    for (JsonReader* line : body.objects("lines", 12)) {
        line->ignore(kEnvelopeFields);
        line->ignore({"name", "lineMetaBase"});
        if (auto* properties = line->object("properties"))
            fill_line_properties(*properties, settings.persistent_connection);
    }
}

/// Takes what was given where it differs from what was there.
template <class Given, class T>
void change(const std::optional<Given>& given, const T& before, T& value) {
    if (given && static_cast<T>(*given) != before) value = static_cast<T>(*given);
}

/// The real shape is read first, and of the seed's own fields what differs from it after that: a body that was read and sent
/// back carries both, and a client changes the one it knows.
void fill_base_settings(JsonReader& body, PhoneBaseSettings& settings) {
    const PhoneBaseSettings before = settings;
    body.ignore({"capabilities"});
    settings.name = body.required_text("name");
    fill_model(body, settings);
    if (auto* properties = body.object("properties")) {
        fill_dscp(*properties, "phone_sip_dscp", settings.transport_dscp);
        fill_dscp(*properties, "phone_media_dscp", settings.media_dscp);
    }
    fill_lines(body, settings);
    if (auto* persistent = body.object("persistentConnection")) {
        change(persistent->boolean("enabled"), before.persistent_connection.enabled,
               settings.persistent_connection.enabled);
        change(persistent->integer("timeoutSeconds", 1, 86'400), before.persistent_connection.timeout,
               settings.persistent_connection.timeout);
    }
    change(body.integer("transportDscp", 0, 63), before.transport_dscp, settings.transport_dscp);
    change(body.integer("mediaDscp", 0, 63), before.media_dscp, settings.media_dscp);
    if (auto answer = body.boolean("autoAnswer")) settings.auto_answer = *answer;
}

json::object status_json(const Phone& phone, const telephony::LiveStations& live) {
    const auto station = live.find(phone.station);
    const bool online = station && station->state != telephony::StationState::Offline;
    return {{"id", phone.id.str()},
            {"operationalStatus", online ? "OPERATIONAL" : "OFFLINE"},
            {"edgesStatus", online ? "IN_SERVICE" : "OFFLINE"},
            {"lineStatuses", json::array{json::object{{"id", phone.station.str()}, {"reachable", online}}}}};
}

json::object phone_json(const Phone& phone, const OrganizationConfig& config, const telephony::LiveStations& live) {
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
    out["status"] = status_json(phone, live);
    out["lineBaseSettings"] = json::object{{"id", settings ? line_base_id(*settings) : ""}};
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
}

/// seed 2: base settings first, then the phone. The code is the real API's.
void refuse_without_base_settings(Reply reply) {
    std::move(reply).error(
        400, "base.settings.required",
        {ErrorCode::MissingField, "phoneBaseSettings is required: create base settings first.", "phoneBaseSettings"});
}

Shape<Phone> phone_shape(const ApiContext& context) {
    return {kPhones,
            "/api/v2/telephony/providers/edges/phones/{phoneId}",
            "phoneId",
            "phone",
            {"telephony:readonly", "telephony:user-settings:edit"},
            {"telephony"},
            [&context](const Phone& phone, const OrganizationConfig& config) {
                return phone_json(phone, config, context.live_stations);
            },
            [](const Phone& phone, const net::HttpRequest& request) {
                const auto is = [&](std::string_view name, std::string_view present) {
                    const auto wanted = request.query_value(name);
                    return !wanted || *wanted == present;
                };
                return is("site.id", phone.site.str()) && is("webRtcUser.id", phone.user.str()) &&
                       is("lines.loggedInUser.id", phone.user.str()) &&
                       is("phoneBaseSettings.id", phone.base_settings.str());
            }};
}

void create_phone(ApiContext& context, ApiRequest request, Reply reply) {
    auto body = body_of(request);
    if (!body) return std::move(reply).error(body.error());
    Phone phone;
    if (const auto id = (*body)->text("id", 64)) phone.id = telephony::PhoneId(*id);
    phone.meta.organization = request.caller->organization;
    (*body)->ignore(kEnvelopeFields);
    fill_phone(**body, phone);
    if (auto ok = finish(*body, request, reply); !ok) return std::move(reply).error(ok.error());
    if (phone.base_settings.empty()) return refuse_without_base_settings(std::move(reply));
    auto write = write_context(request, context.clock);
    auto draft = context.phones.draft(write, std::move(phone));
    if (!draft) return std::move(reply).error(draft.error());
    const auto shown = [&context](const Phone& made, const std::string& password, const OrganizationConfig& config) {
        auto out = phone_json(made, config, context.live_stations);
        out["sip"].as_object()["password"] = password;  // this once
        return out;
    };
    if (write.idempotency)
        keep_answer(write, context.secrets, 201,
                    json_text(shown(as_stored(draft->phone, write), draft->sip_password, request.config())));
    context.phones.create(std::move(write), std::move(*draft), context.executor,
                          [reply = std::move(reply), shown](Result<telephony::CreatedPhone> done) mutable {
                              if (!done) return std::move(reply).error(done.error());
                              const auto& config = *done->commit.snapshot->organization(done->phone->meta.organization);
                              std::move(reply).json(201, shown(*done->phone, done->sip_password, config));
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
                           when_stored(std::move(reply), phone_shape(context), 200));
}

json::object station_json(const Phone& phone, const OrganizationConfig& config, const telephony::LiveStations& live) {
    auto out = envelope(phone.station.str(), phone.name, phone.meta, "/api/v2/stations");
    const auto station = live.find(phone.station);
    const bool online = station && station->online();
    const auto& settings = config.base_settings(phone.base_settings);
    const auto& site = config.site(phone.site);
    out["status"] = online ? "ASSOCIATED" : "AVAILABLE";
    out["registrationState"] = telephony::to_string(station ? station->state : telephony::StationState::Offline);
    if (!phone.user.empty()) out["userId"] = out["webRtcUserId"] = phone.user.str();
    out["type"] = station_type_of(settings ? settings->model : PhoneModel::GenericSip);
    out["phone"] = reference(phone.id.str(), phone.name, kPhones);
    if (settings) {
        // What the session runs with; without one, what the next will (seed 2, "Persistent Connection").
        const auto effective =
            online && station->bound ? station->bound : telephony::bind_settings(*settings, WallTime{});
        out["webRtcPersistentEnabled"] = effective->persistent_connection.enabled;
        out["webRtcPersistentTimeout"] = effective->persistent_connection.timeout.count();
        out["webRtcMediaDscp"] = effective->media_dscp;
        out["transportDscp"] = effective->transport_dscp;
        out["baseSettingsVersion"] = effective->version;
        out["webRtcForceTurn"] = config.organization().web_rtc_force_turn || (site && site->force_turn);
        out["webRtcCallAppearances"] = 1;
        out["reloginDue"] = online && station->bound && !changes_due(*station->bound, *settings).empty();
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
    out["properties"] = json::object{{"phone_sip_dscp", phone_property(settings.transport_dscp)},
                                     {"phone_media_dscp", phone_property(settings.media_dscp)}};
    // Terraform reads lines[0].id unchecked: it is the line base id.
    out["lines"] = json::array{line_base_json(settings)};
    return out;
}

void add_phones(Router& router, ApiContext& context) {
    const Shape<PhoneBaseSettings> settings{kBaseSettings,
                                            "/api/v2/telephony/providers/edges/phonebasesettings/{settingsId}",
                                            "settingsId",
                                            "phone base settings object",
                                            {"telephony:readonly", "telephony:user-settings:edit"},
                                            {"telephony"},
                                            base_settings_json};
    add_reads(router, settings, JsonFrom::ConfigurationAlone);
    add_writes<PhoneBaseSettings>(router, context, settings, fill_base_settings);
    add_remove(router, context, settings, telephony::EntityType::PhoneBaseSettings);

    const auto phones = phone_shape(context);
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
    add_station_diagnosis(router, context);
    add_user_stations(router, context);
    add_topology(router, context);
    add_media_regions(router, context);
    add_telephony_settings(router, context);
    add_lines(router, context);
    const Scopes read{"stations:readonly", "telephony:readonly", "telephony:user-settings:edit", "user:read"};
    router.add({"GET", "/api/v2/stations", read, [&context](ApiRequest request, Reply reply) {
                    const auto page = page_of(request.http);
                    if (!page) return std::move(reply).error(page.error());
                    const auto user = request.http.query_value("webRtcUserId");
                    const auto id = request.http.query_value("id");
                    const auto name = request.http.query_value("name");
                    std::vector<telephony::Ptr<Phone>> found;
                    request.config().all<Phone>().for_each([&](const telephony::Ptr<Phone>& phone) {
                        if ((!user || phone->user.str() == *user) && (!id || phone->station.str() == *id) &&
                            (!name || matches_wildcard(*name, phone->name)))
                            found.push_back(phone);
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

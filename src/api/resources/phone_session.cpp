/// @file POST /api/v2/telephony/phones/me/session: what a browser phone needs to register: address of record, the
/// WebSocket to use, and credentials that die with the session (web console, section "Use of the SIP library", rule 6).
#include "api/resources/entity_routes.hpp"
#include "api/resources/resources.hpp"
#include "telephony/phones/media_path.hpp"
#include "telephony/phones/short_lived_credential.hpp"

namespace dp::api {

namespace json = boost::json;
using telephony::OrganizationConfig;

namespace {

constexpr std::chrono::seconds kCredentialLifetime{600};

json::array ice_servers(const telephony::MediaPath& path, const ApiContext& context, const telephony::UserId& user) {
    json::array out;
    for (const auto& server : browser_ice_servers(path, context.secrets, user, context.clock.wall())) {
        json::object entry{{"urls", server.uri}};
        if (!server.username.empty()) entry["username"] = server.username, entry["credential"] = server.credential;
        out.push_back(std::move(entry));
    }
    return out;
}

/// Whose servers those are; empty when they are the user's own.
json::array regions_json(const telephony::MediaPath& path) {
    json::array out;
    for (const auto& region : path.regions)
        out.push_back(reference(region->id.str(), region->name, "/api/v2/telephony/mediaregions"));
    return out;
}

json::array to_measure(const OrganizationConfig& config, const telephony::Phone& phone) {
    json::array out;
    for (const std::string& server : telephony::servers_to_measure(config, phone.site))
        out.push_back(json::string(server));
    return out;
}

/// What the user may show as caller, the default first: own active numbers, else the site's.
json::array caller_ids(const OrganizationConfig& config, const telephony::User& user) {
    json::array out;
    for (const auto& number : config.numbers_of(user.id))
        if (number->state == telephony::NumberState::Active) out.push_back(json::string(number->e164));
    const auto site = config.site_of(user);
    if (out.empty() && site && !site->caller_id.empty()) out.push_back(json::string(site->caller_id));
    return out;
}

void open_session(ApiContext& context, const ApiRequest& request, Reply reply) {
    const auto& config = request.config();
    const auto& user = config.user(request.caller->user);
    if (!user)
        return std::move(reply).error(400, "not.a.user",
                                      {ErrorCode::InvalidValue, "Only a user has a phone: this caller is none.", ""});
    telephony::Ptr<telephony::Phone> phone;
    for (const auto& candidate : config.phones_of(user->id))
        if (candidate->enabled && !phone) phone = candidate;
    if (!phone)
        return std::move(reply).error(
            {ErrorCode::NotFound, "No phone is assigned to " + user->name + ": create one in Phone Management.", ""});
    if (const auto& settings = config.settings_of(user->id); settings && !settings->web_rtc.enabled)
        return std::move(reply).error({ErrorCode::Forbidden,
                                       "WebRTC is disabled in the telephony settings of " + user->name + ".",
                                       "webRtc.enabled"});

    const auto credential =
        telephony::issue_short_lived(context.secrets, phone->sip.username, config.organization().sip_domain,
                                     context.clock.wall(), kCredentialLifetime);
    const auto& base = config.base_settings(phone->base_settings);
    const auto path =
        telephony::media_path_of(config, phone->site, user->id, context.round_trips, context.clock.wall());
    const std::string host(request.http.header("Host"));
    std::move(reply).json(200,
                          json::object{{"uri", "sip:" + phone->sip.username + "@" + config.organization().sip_domain},
                                       {"ws", (request.http.is_tls ? "wss://" : "ws://") + host + "/ws/sip"},
                                       {"username", credential.auth_username},
                                       {"password", credential.password},
                                       {"expiresIn", kCredentialLifetime.count()},
                                       {"instance", context.random.uuid()},
                                       {"iceServers", ice_servers(path, context, user->id)},
                                       {"iceTransportPolicy", to_string(path.policy)},
                                       {"mediaRegions", regions_json(path)},
                                       {"roundTripServers", to_measure(config, *phone)},
                                       {"persistent", base && base->persistent_connection.enabled},
                                       {"autoAnswer", base && base->auto_answer},
                                       {"displayName", user->name},
                                       {"userId", user->id.str()},
                                       {"callerIds", caller_ids(config, *user)},
                                       {"stationId", phone->station.str()},
                                       {"phoneId", phone->id.str()}});
}

}  // namespace

void add_phone_session(Router& router, ApiContext& context) {
    router.add({"POST",
                "/api/v2/telephony/phones/me/session",
                {"telephony", "user:read:me", "user-basic-info"},
                [&context](ApiRequest request, Reply reply) { open_session(context, request, std::move(reply)); }});
}

}  // namespace dp::api

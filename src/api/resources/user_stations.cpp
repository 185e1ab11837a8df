/// @file A user's station: which phone they work with (seed 2, "User Experience"; genesys-api 1.5).
///
/// A user chooses one of their phones. The real API tells apart the default station and the associated one; here both
/// name the choice. Without one the station with a session is the associated one, and the first phone the effective.
#include "api/resources/entity_routes.hpp"
#include "api/resources/phone_views.hpp"

namespace dp::api {

namespace json = boost::json;
using telephony::OrganizationConfig;
using telephony::Phone;
using telephony::Ptr;
using telephony::StationId;
using telephony::User;

namespace {

const Scopes kRead{"stations:readonly", "users:readonly", "user:read", "telephony:readonly"};
const Scopes kWrite{"stations", "users", "telephony"};

json::object station_of(const Phone& phone, const User& user, const OrganizationConfig& config) {
    const auto& settings = config.base_settings(phone.base_settings);
    auto out = reference(phone.station.str(), phone.name, "/api/v2/stations");
    if (settings) out["type"] = station_type_of(settings->model);
    out["associatedUser"] = reference(user.id.str(), user.name, "/api/v2/users");
    out["webRtcCallAppearances"] = 1;
    return out;
}

void read(const ApiContext& context, const ApiRequest& request, Reply reply) {
    const auto& id = request.parameter("userId");
    const auto& user = request.config().user(telephony::UserId(id));
    if (!user) return std::move(reply).error(not_found("user", id));
    std::move(reply).json(200, user_station_json(*user, request.config(), context.live_stations));
}

/// Whoever has a phone may choose their own; for somebody else it takes the right to edit stations.
bool may_choose_for(const telephony::UserId& user, const Caller& caller) {
    return caller.user == user || may_any(caller, {"telephony:station:edit", "telephony:plugin:all"});
}

/// Stores the choice and answers 202, as the real API does.
void choose(ApiContext& context, const ApiRequest& request, Reply reply, User user, StationId station) {
    user.default_station = std::move(station);
    const auto version = user.meta.version;
    context.configuration.replace(write_context(request, context.clock), std::move(user), version, context.executor,
                                  [reply = std::move(reply)](Result<telephony::Committed> done) mutable {
                                      done ? std::move(reply).empty(202) : std::move(reply).error(done.error());
                                  });
}

/// The user of the path, when the caller may choose for them; else the answer is given.
Ptr<User> chooser(const ApiRequest& request, Reply& reply) {
    const auto& id = request.parameter("userId");
    const auto& user = request.config().user(telephony::UserId(id));
    if (user && may_choose_for(user->id, *request.caller)) return user;
    user ? std::move(reply).error({ErrorCode::Forbidden, "This station is chosen by its own user.", "userId"})
         : std::move(reply).error(not_found("user", id));
    return nullptr;
}

void take(ApiContext& context, const ApiRequest& request, Reply reply) {
    const auto user = chooser(request, reply);
    if (!user) return;
    const auto& id = request.parameter("stationId");
    const auto& phone = request.config().phone_of_station(StationId(id));
    if (!phone) return std::move(reply).error(not_found("station", id));
    if (phone->user != user->id)
        return std::move(reply).error(
            409, "userservice.stationalreadyassociated",
            {ErrorCode::Conflict, "The station '" + id + "' is not one of " + user->name + "'s phones.", "stationId"});
    choose(context, request, std::move(reply), *user, phone->station);
}

void leave(ApiContext& context, const ApiRequest& request, Reply reply) {
    const auto user = chooser(request, reply);
    if (user) choose(context, request, std::move(reply), *user, StationId());
}

void leave_station(ApiContext& context, const ApiRequest& request, Reply reply) {
    const auto& id = request.parameter("stationId");
    const auto& phone = request.config().phone_of_station(StationId(id));
    if (!phone) return std::move(reply).error(not_found("station", id));
    const auto& user = request.config().user(phone->user);
    if (!user || user->default_station != phone->station) return std::move(reply).empty(202);
    choose(context, request, std::move(reply), *user, StationId());
}

}  // namespace

json::object user_station_json(const User& user, const OrganizationConfig& config,
                               const telephony::LiveStations& live) {
    json::object out;
    Ptr<Phone> chosen, online, first;
    for (const auto& phone : config.phones_of(user.id)) {
        const auto station = live.find(phone->station);
        if (phone->station == user.default_station) chosen = phone;
        if (!online && station && station->online()) online = phone;
        if (!first && phone->enabled) first = phone;
    }
    const auto show = [&](std::string_view name, const Ptr<Phone>& phone) {
        if (phone) out[name] = station_of(*phone, user, config);
    };
    const auto& associated = chosen ? chosen : online;
    show("associatedStation", associated);
    show("lastAssociatedStation", associated);
    show("defaultStation", chosen);
    show("effectiveStation", associated ? associated : first);
    return out;
}

void add_user_stations(Router& router, ApiContext& context) {
    router.add({"GET", "/api/v2/users/{userId}/station", kRead,
                [&context](ApiRequest request, Reply reply) { read(context, request, std::move(reply)); }});
    const ApiHandler put = [&context](ApiRequest request, Reply reply) { take(context, request, std::move(reply)); };
    const ApiHandler remove = [&context](ApiRequest request, Reply reply) {
        leave(context, request, std::move(reply));
    };
    router.add({"PUT", "/api/v2/users/{userId}/station/associatedstation/{stationId}", kWrite, put});
    router.add({"PUT", "/api/v2/users/{userId}/station/defaultstation/{stationId}", kWrite, put});
    router.add({"DELETE", "/api/v2/users/{userId}/station/associatedstation", kWrite, remove});
    router.add({"DELETE", "/api/v2/users/{userId}/station/defaultstation", kWrite, remove});
    router.add({"DELETE", "/api/v2/stations/{stationId}/associateduser", kWrite,
                [&context](ApiRequest request, Reply reply) { leave_station(context, request, std::move(reply)); }});
}

}  // namespace dp::api

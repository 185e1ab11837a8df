/// @file /api/v2/users.
#include "api/genesys/role_json.hpp"
#include "api/resources/entity_routes.hpp"
#include "api/resources/phone_views.hpp"
#include "api/resources/resources.hpp"

namespace dp::api {

namespace json = boost::json;
using telephony::OrganizationConfig;
using telephony::User;
using telephony::UserState;

namespace {

std::string_view to_string(UserState state) {
    switch (state) {
        case UserState::Active:
            return "active";
        case UserState::Inactive:
            return "inactive";
        case UserState::Deleted:
            return "deleted";
    }
    return "active";
}

json::array addresses_of(const User& user, const OrganizationConfig& config) {
    json::array out;
    for (const auto& number : config.numbers_of(user.id))
        out.push_back(json::object{{"address", number->e164}, {"mediaType", "PHONE"}, {"type", "WORK"}});
    return out;
}

json::object user_json(const User& user, const OrganizationConfig& config) {
    auto out = envelope(user.id.str(), user.name, user.meta, "/api/v2/users");
    out["state"] = to_string(user.state);
    out["email"] = user.email;
    out["username"] = user.email;
    out["title"] = user.title;
    out["department"] = user.department;
    out["chat"] = json::object{{"jabberId", user.id.str() + "@" + config.organization().sip_domain}};
    out["addresses"] = addresses_of(user, config);
    if (const auto site = config.site_of(user))
        out["site"] = reference(site->id.str(), site->name, "/api/v2/telephony/providers/edges/sites");
    json::array permissions;
    for (const auto& permission : user.permissions) permissions.emplace_back(permission);
    out["permissions"] = std::move(permissions);
    return out;
}

void fill_user(JsonReader& body, User& user) {
    body.ignore({"addresses", "chat", "username", "permissions", "roles", "authorization", "primaryContactInfo"});
    user.name = body.required_text("name");
    if (auto email = body.text("email")) user.email = *email;
    if (auto title = body.text("title")) user.title = *title;
    if (auto department = body.text("department")) user.department = *department;
    if (const auto state = body.text("state")) {
        if (*state != "active" && *state != "inactive") body.refuse("state", "must be active or inactive");
        user.state = *state == "inactive" ? UserState::Inactive : UserState::Active;
    }
    if (auto* site = body.object("site")) {
        user.site = telephony::SiteId(site->required_text("id", 64));
        site->ignore({"name", "selfUri"});
    }
}

Shape<User> user_shape() {
    return {"/api/v2/users", "/api/v2/users/{userId}", "userId", "user", {"user:read", "users:readonly"}, {"users"},
            user_json};
}

void me(const ApiContext& context, const ApiRequest& request, Reply reply) {
    const auto& user = request.config().user(request.caller->user);
    if (!user)
        return std::move(reply).error(
            400, "not.a.user",
            {ErrorCode::InvalidValue, "This request needs a user; a client credentials token has none.", ""});
    auto out = user_json(*user, request.config());
    const auto expand = request.http.query_value("expand");
    if (expand && expand->find("authorization") != std::string_view::npos)
        out["authorization"] = authorization_json(user->roles, request.config());
    if (expand && expand->find("station") != std::string_view::npos)
        out["station"] = user_station_json(*user, request.config(), context.live_stations);
    std::move(reply).json(200, out);
}

}  // namespace

void add_users(Router& router, ApiContext& context) {
    const auto shape = user_shape();
    router.add({"GET",
                "/api/v2/users/me",
                {"user:read:me", "user-basic-info", "users:readonly", "user:read"},
                [&context](ApiRequest request, Reply reply) { me(context, request, std::move(reply)); }});
    add_reads(router, shape, JsonFrom::ConfigurationAlone);
    add_writes<User>(router, context, shape, fill_user);
}

}  // namespace dp::api

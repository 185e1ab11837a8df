/// @file Who holds which role: /api/v2/authorization/subjects, …/roles/{roleId}/users and /api/v2/users/{userId}/roles.
/// There is one division, the organization's own.
#include <fmt/format.h>

#include "api/auth/delegation.hpp"
#include "api/genesys/role_json.hpp"
#include "api/resources/entity_routes.hpp"
#include "api/resources/resources.hpp"

namespace dp::api {

namespace json = boost::json;
using telephony::RoleChange;
using telephony::RoleId;
using Kind = telephony::RoleChange::Kind;

namespace {

const Scopes kRead{"authorization:readonly"};
const Scopes kWrite{"authorization"};
constexpr std::size_t kMaxItems = 256;

/// A body that is an array of ids, as several of these requests have it.
Result<std::vector<std::string>> ids_of(const ApiRequest& request) {
    boost::system::error_code problem;
    json::parse_options options;
    options.max_depth = 4;
    const auto& text = request.http.body;
    const auto parsed = json::parse({text.data(), text.size()}, problem, {}, options);
    if (problem || !parsed.is_array()) return fail(ErrorCode::MalformedInput, "The body must be a JSON array of ids.");
    std::vector<std::string> out;
    for (const auto& item : parsed.get_array()) {
        if (!item.is_string() || !is_valid_id(std::string_view(item.get_string())) || out.size() == kMaxItems)
            return fail(ErrorCode::InvalidValue,
                        fmt::format("The body must be a JSON array of at most {} ids.", kMaxItems));
        out.emplace_back(item.get_string());
    }
    return out;
}

std::vector<RoleId> role_ids(const std::vector<std::string>& ids) {
    std::vector<RoleId> out;
    for (const auto& id : ids) out.emplace_back(id);
    return out;
}

bool is_home(const ApiRequest& request, std::string_view division) {
    return division == "*" || division == "home" || division == request.config().id().str();
}

/// `{"grants":[{"roleId":…,"divisionId":…}]}`
Result<std::vector<RoleId>> granted_roles(const ApiRequest& request, Reply& reply) {
    DP_TRY(body, body_of(request));
    std::vector<RoleId> out;
    for (JsonReader* each : body->objects("grants", kMaxItems)) {
        out.emplace_back(each->required_text("roleId", 64));
        if (!is_home(request, each->text("divisionId", 64).value_or("*"))) each->refuse("divisionId", "does not exist");
    }
    DP_CHECK(finish(body, request, reply));
    return out;
}

/// Checks that nobody grants more than they hold, changes, answers.
void change(ApiContext& context, const ApiRequest& request, const std::vector<std::string>& subjects,
            const RoleChange& wanted, Reply reply,
            std::move_only_function<void(Reply, const telephony::Snapshot&)> answer) {
    for (const auto& role : wanted.roles)
        if (!request.config().find<telephony::Role>(role)) return std::move(reply).error(not_found("role", role.str()));
    if (wanted.kind != Kind::Remove)
        if (auto ok = may_grant(*request.caller, request.config(), wanted.roles); !ok)
            return std::move(reply).error(403, "missing.permissions", ok.error());
    auto write = write_context(request, context.clock);
    keep_answer(write, context.secrets, 204, {});  // of the POSTs here
    telephony::change_roles(
        context.store, write, subjects, wanted, context.executor,
        [reply = std::move(reply), answer = std::move(answer)](Result<telephony::Committed> done) mutable {
            done ? answer(std::move(reply), *done->snapshot) : std::move(reply).error(done.error());
        });
}

void answer_nothing(Reply reply, const telephony::Snapshot&) {
    std::move(reply).empty(204);
}

void read_subject(const ApiRequest& request, const std::string& id, Reply reply) {
    const auto subject = telephony::find_role_subject(request.config(), id);
    if (!subject) return std::move(reply).error(not_found("subject", id));
    std::move(reply).json(200, subject_json(*subject, request.config()));
}

std::string own_subject(const Caller& caller) {
    return !caller.user.empty() ? caller.user.str() : caller.client.str();
}

void grant_one(ApiContext& context, const ApiRequest& request, Kind kind, Reply reply) {
    const auto& division = request.parameter("divisionId");
    if (!is_home(request, division)) return std::move(reply).error(not_found("division", division));
    change(context, request, {request.parameter("subjectId")}, {kind, {RoleId(request.parameter("roleId"))}},
           std::move(reply), answer_nothing);
}

void grant_many(ApiContext& context, const ApiRequest& request, Kind kind, Reply reply) {
    auto roles = granted_roles(request, reply);
    if (!roles) return std::move(reply).error(roles.error());
    change(context, request, {request.parameter("subjectId")}, {kind, std::move(*roles)}, std::move(reply),
           answer_nothing);
}

void change_holders(ApiContext& context, const ApiRequest& request, Kind kind, Reply reply) {
    const auto users = ids_of(request);
    if (!users) return std::move(reply).error(users.error());
    change(context, request, *users, {kind, {RoleId(request.parameter("roleId"))}}, std::move(reply),
           [users = *users](Reply answer, const telephony::Snapshot&) {
               json::array out;
               for (const auto& user : users) out.emplace_back(user);
               std::move(answer).json(200, out);
           });
}

/// `{"subjectIds":[…],"divisionIds":[…]}`; there are no groups here.
Result<std::vector<std::string>> granted_subjects(const ApiRequest& request, Reply& reply) {
    const auto type = request.http.query_value("subjectType").value_or("PC_USER");
    if (type != "PC_USER" && type != "PC_OAUTH_CLIENT")
        return fail(ErrorCode::InvalidValue, "subjectType must be PC_USER or PC_OAUTH_CLIENT.", "subjectType");
    DP_TRY(body, body_of(request));
    auto subjects = body->texts("subjectIds", kMaxItems, 64);
    const auto divisions = body->texts("divisionIds", kMaxItems, 64);
    if (!subjects) body->refuse("subjectIds", "is required");
    if (!divisions) body->refuse("divisionIds", "is required");
    for (const auto& division : divisions.value_or(std::vector<std::string>{}))
        if (!is_home(request, division)) body->refuse("divisionIds", "names a division that does not exist");
    DP_CHECK(finish(body, request, reply));
    const auto is_of_type = [&](const std::string& id) {
        return type == "PC_USER" ? bool(request.config().user(telephony::UserId(id)))
                                 : bool(request.config().find<telephony::OAuthClient>(telephony::OAuthClientId(id)));
    };
    for (const auto& id : *subjects)
        if (!is_of_type(id)) return std::unexpected(not_found(type == "PC_USER" ? "user" : "OAuth client", id));
    return std::move(*subjects);
}

void grant_to_subjects(ApiContext& context, const ApiRequest& request, Kind kind, Reply reply) {
    const auto subjects = granted_subjects(request, reply);
    if (!subjects) return std::move(reply).error(subjects.error());
    change(context, request, *subjects, {kind, {RoleId(request.parameter("roleId"))}}, std::move(reply),
           answer_nothing);
}

void holders(const ApiRequest& request, Reply reply) {
    const RoleId role(request.parameter("roleId"));
    if (!request.config().find<telephony::Role>(role)) return std::move(reply).error(not_found("role", role.str()));
    const auto page = page_of(request.http);
    if (!page) return std::move(reply).error(page.error());
    std::vector<telephony::Ptr<telephony::User>> found;
    request.config().all<telephony::User>().for_each([&](const telephony::Ptr<telephony::User>& user) {
        if (std::ranges::find(user->roles, role) != user->roles.end()) found.push_back(user);
    });
    std::move(reply).json(200, list_envelope(request.http, *page, found.size(), [&](std::size_t i) {
                              return reference(found[i]->id.str(), found[i]->name, "/api/v2/users");
                          }));
}

void read_roles_of_user(const ApiRequest& request, Reply reply) {
    const auto& id = request.parameter("userId");
    const auto& user = request.config().user(telephony::UserId(id));
    if (!user) return std::move(reply).error(not_found("user", id));
    std::move(reply).json(200, authorization_json(user->roles, request.config()));
}

void replace_roles_of_user(ApiContext& context, const ApiRequest& request, Reply reply) {
    const auto& id = request.parameter("userId");
    if (!request.config().user(telephony::UserId(id))) return std::move(reply).error(not_found("user", id));
    const auto ids = ids_of(request);
    if (!ids) return std::move(reply).error(ids.error());
    const auto roles = role_ids(*ids);
    change(context, request, {id}, {Kind::Replace, roles}, std::move(reply),
           [roles, organization = request.caller->organization](Reply answer, const telephony::Snapshot& snapshot) {
               std::move(answer).json(200, authorization_json(roles, *snapshot.organization(organization)));
           });
}

}  // namespace

void add_role_grants(Router& router, ApiContext& context) {
    router.add({"GET", "/api/v2/authorization/subjects/me", kRead, [](ApiRequest request, Reply reply) {
                    read_subject(request, own_subject(*request.caller), std::move(reply));
                }});
    router.add({"GET", "/api/v2/authorization/subjects/{subjectId}", kRead, [](ApiRequest request, Reply reply) {
                    read_subject(request, request.parameter("subjectId"), std::move(reply));
                }});
    const auto add = [&](std::string_view method, std::string_view path, Kind kind, auto handler) {
        router.add({method, path, kWrite, [&context, kind, handler](ApiRequest request, Reply reply) {
                        handler(context, request, kind, std::move(reply));
                    }});
    };
    add("POST", "/api/v2/authorization/subjects/{subjectId}/divisions/{divisionId}/roles/{roleId}", Kind::Add,
        grant_one);
    add("DELETE", "/api/v2/authorization/subjects/{subjectId}/divisions/{divisionId}/roles/{roleId}", Kind::Remove,
        grant_one);
    add("POST", "/api/v2/authorization/subjects/{subjectId}/bulkadd", Kind::Add, grant_many);
    add("POST", "/api/v2/authorization/subjects/{subjectId}/bulkremove", Kind::Remove, grant_many);
    add("POST", "/api/v2/authorization/subjects/{subjectId}/bulkreplace", Kind::Replace, grant_many);
    add("POST", "/api/v2/authorization/roles/{roleId}", Kind::Add, grant_to_subjects);
    add("PUT", "/api/v2/authorization/roles/{roleId}/users/add", Kind::Add, change_holders);
    add("PUT", "/api/v2/authorization/roles/{roleId}/users/remove", Kind::Remove, change_holders);
    router.add({"GET", "/api/v2/authorization/roles/{roleId}/users", kRead,
                [](ApiRequest request, Reply reply) { holders(request, std::move(reply)); }});
    router.add({"GET", "/api/v2/users/{userId}/roles", kRead,
                [](ApiRequest request, Reply reply) { read_roles_of_user(request, std::move(reply)); }});
    router.add({"PUT", "/api/v2/users/{userId}/roles", kWrite, [&context](ApiRequest request, Reply reply) {
                    replace_roles_of_user(context, request, std::move(reply));
                }});
}

}  // namespace dp::api

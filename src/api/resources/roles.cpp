/// @file /api/v2/authorization/roles, …/permissions and …/divisions: what roles there are and what can be in one.
#include <fmt/format.h>

#include <map>

#include "api/auth/delegation.hpp"
#include "api/genesys/role_json.hpp"
#include "api/resources/entity_routes.hpp"
#include "api/resources/resources.hpp"

namespace dp::api {

namespace json = boost::json;
using telephony::PermissionPolicy;
using telephony::Role;

namespace {

const Scopes kRead{"authorization:readonly"};
const Scopes kWrite{"authorization"};
constexpr std::size_t kMaxPolicies = 256;
constexpr std::size_t kMaxActions = 64;

Shape<Role> role_shape() {
    Shape<Role> out{"/api/v2/authorization/roles",
                    "/api/v2/authorization/roles/{roleId}",
                    "roleId",
                    "role",
                    kRead,
                    kWrite,
                    role_json};
    out.created = 200;
    return out;
}

std::vector<PermissionPolicy> read_policies(JsonReader& body) {
    std::vector<PermissionPolicy> out;
    for (JsonReader* each : body.objects("permissionPolicies", kMaxPolicies)) {
        PermissionPolicy policy;
        policy.domain = each->required_text("domain", 64);
        policy.entity = each->required_text("entityName", 64);
        policy.actions = each->texts("actionSet", kMaxActions, 64).value_or(std::vector<std::string>{});
        each->ignore({"policyName", "policyDescription", "allowConditions", "namedResources", "resourceConditionNode"});
        for (const auto& action : policy.actions)
            if (!telephony::is_known_permission(policy.domain, policy.entity, action))
                each->refuse("actionSet", fmt::format("names {}:{}:{}, which is no permission here; see "
                                                      "/api/v2/authorization/permissions",
                                                      policy.domain, policy.entity, action));
        out.push_back(std::move(policy));
    }
    return out;
}

/// What a body that does not name a field says of it: PUT clears it, PATCH keeps it (RFC 7396; `null` clears).
enum class Absent { Cleared, Kept };

void fill_role(JsonReader& body, Role& role, Absent absent) {
    body.ignore(kEnvelopeFields);
    body.ignore({"permissions", "unusedPermissions", "userCount", "default", "base", "defaultRoleId", "roleNeedsUpdate",
                 "baseLicense", "addonLicenses", "dateLicenseLastUpdated"});
    const auto says = [&](std::string_view field) {
        return absent == Absent::Cleared || body.has(field) || body.is_null(field);
    };
    if (says("name")) role.name = body.required_text("name");
    if (says("description")) role.description = body.text("description", 1024).value_or("");
    if (says("permissionPolicies")) role.policies = read_policies(body);
}

void create(ApiContext& context, const ApiRequest& request, Reply reply) {
    auto body = body_of(request);
    if (!body) return std::move(reply).error(body.error());
    Role role;
    role.id = telephony::RoleId(context.random.uuid());
    fill_role(**body, role, Absent::Cleared);
    if (auto ok = finish(*body, request, reply); !ok) return std::move(reply).error(ok.error());
    if (auto ok = may_grant(*request.caller, role); !ok)
        return std::move(reply).error(403, "missing.permissions", ok.error());
    store_entity(context, request, std::move(reply), role_shape(), std::move(role), 200);
}

// A built-in role is what others are compared with, and the way back when one has been spoilt.
Result<void> check_changeable(const Role& role) {
    if (!role.built_in) return {};
    return fail(ErrorCode::Conflict,
                fmt::format("The role {} is built in and does not change: make one of your own.", role.name),
                role.id.str());
}

void change(ApiContext& context, const ApiRequest& request, Reply reply, Absent absent) {
    const auto& id = request.parameter("roleId");
    const auto& present = request.config().find<Role>(telephony::RoleId(id));
    if (!present) return std::move(reply).error(not_found("role", id));
    if (auto ok = check_changeable(*present); !ok) return std::move(reply).error(ok.error());
    auto body = body_of(request);
    if (!body) return std::move(reply).error(body.error());
    auto version = expected_version(request, **body);
    if (!version) return std::move(reply).error(version.error());
    Role role = *present;
    fill_role(**body, role, absent);
    if (auto ok = finish(*body, request, reply); !ok) return std::move(reply).error(ok.error());
    if (auto ok = may_grant(*request.caller, role); !ok)
        return std::move(reply).error(403, "missing.permissions", ok.error());
    context.configuration.replace(write_context(request, context.clock), std::move(role), *version, context.executor,
                                  when_stored(std::move(reply), role_shape(), 200));
}

void replace(ApiContext& context, const ApiRequest& request, Reply reply) {
    change(context, request, std::move(reply), Absent::Cleared);
}

void patch(ApiContext& context, const ApiRequest& request, Reply reply) {
    change(context, request, std::move(reply), Absent::Kept);
}

void remove(ApiContext& context, const ApiRequest& request, Reply reply) {
    const auto& id = request.parameter("roleId");
    const auto& present = request.config().find<Role>(telephony::RoleId(id));
    if (!present) return std::move(reply).error(not_found("role", id));
    if (auto ok = check_changeable(*present); !ok) return std::move(reply).error(ok.error());
    const auto version = matched_version(request);
    if (!version) return std::move(reply).error(version.error());
    context.configuration.remove(write_context(request, context.clock), telephony::EntityType::Role, id, *version,
                                 context.executor,
                                 [reply = std::move(reply)](Result<telephony::Committed> done) mutable {
                                     done ? std::move(reply).empty(204) : std::move(reply).error(done.error());
                                 });
}

/// The catalogue, one entry per domain (DomainPermissionCollection).
void permissions(const ApiRequest& request, Reply reply) {
    const auto page = page_of(request.http);
    if (!page) return std::move(reply).error(page.error());
    std::map<std::string_view, json::object> domains;
    for (const auto& facts : telephony::permission_catalogue()) {
        json::array actions;
        for (auto action : facts.actions)
            actions.push_back(json::object{{"domain", facts.domain},
                                           {"entityType", facts.entity},
                                           {"action", action},
                                           {"label", fmt::format("{} > {} > {}", facts.domain, facts.entity, action)},
                                           {"allowsConditions", false},
                                           {"divisionAware", false}});
        domains[facts.domain][facts.entity] = std::move(actions);
    }
    std::vector<json::object> entries;
    for (const auto& [domain, map] : domains)
        entries.push_back({{"id", domain}, {"name", domain}, {"domain", domain}, {"permissionMap", map}});
    std::move(reply).json(
        200, list_envelope(request.http, *page, entries.size(), [&](std::size_t i) { return entries[i]; }));
}

void divisions(const ApiRequest& request, Reply reply) {
    const auto page = page_of(request.http);
    if (!page) return std::move(reply).error(page.error());
    std::move(reply).json(
        200, list_envelope(request.http, *page, 1, [&](std::size_t) { return home_division(request.config()); }));
}

}  // namespace

void add_roles(Router& router, ApiContext& context) {
    const auto shape = role_shape();
    add_reads(router, shape, JsonFrom::ConfigurationAlone);
    const auto bind = [&context](void (*handler)(ApiContext&, const ApiRequest&, Reply)) {
        return [&context, handler](ApiRequest request, Reply reply) { handler(context, request, std::move(reply)); };
    };
    router.add({"POST", shape.collection, kWrite, bind(create)});
    router.add({"PUT", shape.item, kWrite, bind(replace)});
    router.add({"PATCH", shape.item, kWrite, bind(patch)});
    router.add({"DELETE", shape.item, kWrite, bind(remove)});
    router.add({"GET", "/api/v2/authorization/permissions", kRead,
                [](ApiRequest request, Reply reply) { permissions(request, std::move(reply)); }});
    router.add({"GET", "/api/v2/authorization/divisions", kRead,
                [](ApiRequest request, Reply reply) { divisions(request, std::move(reply)); }});
    router.add({"GET", "/api/v2/authorization/divisions/home", kRead,
                [](ApiRequest request, Reply reply) { std::move(reply).json(200, home_division(request.config())); }});
    router.add({"GET", "/api/v2/authorization/divisions/{divisionId}", kRead, [](ApiRequest request, Reply reply) {
                    const auto& id = request.parameter("divisionId");
                    const auto home = home_division(request.config());
                    if (home.at("id").as_string() != id) return std::move(reply).error(not_found("division", id));
                    std::move(reply).json(200, home);
                }});
}

}  // namespace dp::api

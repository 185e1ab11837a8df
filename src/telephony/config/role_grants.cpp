#include "telephony/config/role_grants.hpp"

#include <algorithm>

#include "telephony/config/rules.hpp"

namespace dp::telephony {
namespace {

template <class T>
std::optional<RoleSubject> subject_of(const OrganizationConfig& config, const std::string& id) {
    const Ptr<T>& found = config.all<T>().find(id);
    if (!found) return std::nullopt;
    return RoleSubject{found, id, found->name, found->roles, found->meta};
}

std::vector<RoleId> changed(std::vector<RoleId> roles, const RoleChange& change) {
    const auto is_named = [&](const RoleId& id) { return std::ranges::find(change.roles, id) != change.roles.end(); };
    if (change.kind == RoleChange::Kind::Replace) roles.clear();
    std::erase_if(roles, is_named);  // added again below: nobody holds a role twice
    if (change.kind == RoleChange::Kind::Remove) return roles;
    for (const auto& id : change.roles)
        if (std::ranges::find(roles, id) == roles.end()) roles.push_back(id);
    return roles;
}

Result<Put> put_of(const OrganizationConfig& config, const WriteContext& context, const std::string& id,
                   const RoleChange& change) {
    const auto subject = find_role_subject(config, id);
    if (!subject)
        return fail(ErrorCode::NotFound, "There is no user, OAuth client or API key with the id " + id + ".", id);
    Put put;
    put.expected_version = subject->meta.version;
    std::visit(
        [&](const auto& present) {
            using T = std::remove_cvref_t<decltype(*present)>;
            if constexpr (requires(T e) { e.roles; }) {
                T next = *present;
                next.roles = changed(std::move(next.roles), change);
                next.meta.modified = context.now;
                next.meta.modified_by = context.actor.id;
                put.entity = std::move(next);
            }
        },
        subject->entity);
    DP_CHECK(check_rules(config, put.entity));
    return put;
}

}  // namespace

std::vector<Ptr<Role>> find_roles(const OrganizationConfig& config, const std::vector<RoleId>& ids) {
    std::vector<Ptr<Role>> out;
    for (const auto& id : ids)
        if (const auto& role = config.find<Role>(id)) out.push_back(role);
    return out;
}

bool has_permission(const OrganizationConfig& config, const User& user, std::string_view permission) {
    const auto covering = [&](const std::string& granted) { return covers(granted, permission); };
    return std::ranges::any_of(user.permissions, covering) || std::ranges::any_of(user.roles, [&](const RoleId& id) {
               const auto& role = config.find<Role>(id);
               return role && allows(*role, permission);
           });
}

std::optional<RoleSubject> find_role_subject(const OrganizationConfig& config, const std::string& id) {
    if (auto user = subject_of<User>(config, id)) return user;
    if (auto client = subject_of<OAuthClient>(config, id)) return client;
    return subject_of<ApiKey>(config, id);
}

void change_roles(Store& store, const WriteContext& context, const std::vector<std::string>& subjects,
                  const RoleChange& change, Executor& reply_on, Reply<Committed> reply) {
    const auto snapshot = store.snapshots().current();
    const auto& config = snapshot->organization(context.organization);
    if (!config) return reply(fail(ErrorCode::NotFound, "The organization does not exist."));
    UnitOfWork unit;
    for (const auto& id : subjects) {
        auto put = put_of(*config, context, id, change);
        if (!put) return reply(std::unexpected(std::move(put).error()));
        const EntityType type = type_of(put->entity);
        Payload payload;
        payload.text("action", "update");
        unit.events.push_back(make_event(context, event_type::kConfigurationChanged, to_string(type), id, payload));
        unit.audit.push_back(make_audit(context, "update", type, id));
        unit.puts.push_back(std::move(*put));
    }
    unit.idempotency = context.idempotency;
    store.submit(std::move(unit), reply_on, std::move(reply));
}

}  // namespace dp::telephony

#pragma once
/// @file What the roles of a subject (user, OAuth client, API key) come to in one organization's configuration, and how
/// they change. A role id that leads nowhere grants nothing.
///
/// Threads: any; replies run on the executor named.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "telephony/config/snapshot.hpp"
#include "telephony/write_context.hpp"

namespace dp::telephony {

std::vector<Ptr<Role>> find_roles(const OrganizationConfig& config, const std::vector<RoleId>& ids);

/// By one of the user's roles, or granted to them directly.
bool has_permission(const OrganizationConfig& config, const User& user, std::string_view permission);

/// Whoever holds roles of their own, as one kind of thing.
struct RoleSubject {
    EntityPtr entity;
    std::string id;
    std::string name;
    std::vector<RoleId> roles;
    EntityMeta meta;
};
std::optional<RoleSubject> find_role_subject(const OrganizationConfig& config, const std::string& id);

struct RoleChange {
    enum class Kind { Add, Remove, Replace };
    Kind kind = Kind::Add;
    std::vector<RoleId> roles;
};

/// Changes all these subjects in one unit of work. NotFound when a subject does not exist, InvalidValue when a role does
/// not; Conflict when a subject changed meanwhile.
void change_roles(Store& store, const WriteContext& context, const std::vector<std::string>& subjects,
                  const RoleChange& change, Executor& reply_on, Reply<Committed> reply);

}  // namespace dp::telephony

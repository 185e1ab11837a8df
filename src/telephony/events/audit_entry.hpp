#pragma once
/// @file Who did what to which entity. The store fills in the documents before and after (secrets masked) and chains
/// the entries by hash over salted digests, so that a payload can be erased for a person without breaking the chain.

#include <cstdint>
#include <string>

#include "telephony/ids.hpp"

namespace dp::telephony {

enum class ActorKind : std::uint8_t { System, OAuthClient, User, ApiKey };

struct Actor {
    ActorKind kind = ActorKind::System;
    std::string id = "system";
};

struct AuditEntry {
    std::uint64_t sequence = 0;
    OrganizationId organization;
    WallTime time{};
    Actor actor;
    std::string request_id;  ///< correlation id of the API request; empty for the system's own acts
    std::string action;      ///< `create`, `update`, `delete`, `call.place`, …
    std::string entity_type;
    std::string entity_id;
    std::string before;  ///< JSON text or empty
    std::string after;
};

/// Empties every entry that was made by this person, is about them or mentions their id, for good: payload, actor and
/// salt go, the chain still verifies (product.md, "Audit and erasure").
struct AuditErasure {
    OrganizationId organization;
    std::string person;  ///< user id
};

}  // namespace dp::telephony

#pragma once
/// @file What every change carries beside itself: who asks, in which organization, under which request, and where the
/// answer goes.

#include <optional>
#include <string>

#include "telephony/ports/store.hpp"

namespace dp::telephony {

struct WriteContext {
    OrganizationId organization;
    Actor actor;
    std::string request_id;
    WallTime now{};
    std::optional<IdempotencyRecord> idempotency;
};

/// The event and the audit entry that a change of one entity leaves behind, filled in from the context.
Event make_event(const WriteContext& context, std::string_view type, std::string_view resource_type,
                 std::string_view resource_id, const Payload& payload = {});
AuditEntry make_audit(const WriteContext& context, std::string_view action, EntityType entity,
                      std::string_view entity_id);
AuditEntry make_audit(const WriteContext& context, std::string_view action, std::string_view entity_type,
                      std::string_view entity_id);

}  // namespace dp::telephony

#include "telephony/write_context.hpp"

namespace dp::telephony {

Event make_event(const WriteContext& context, std::string_view type, std::string_view resource_type,
                 std::string_view resource_id, const Payload& payload) {
    Event event;
    event.organization = context.organization;
    event.type = type;
    event.resource_type = resource_type;
    event.resource_id = resource_id;
    event.time = context.now;
    event.payload = payload.str();
    return event;
}

AuditEntry make_audit(const WriteContext& context, std::string_view action, std::string_view entity_type,
                      std::string_view entity_id) {
    AuditEntry entry;
    entry.organization = context.organization;
    entry.time = context.now;
    entry.actor = context.actor;
    entry.request_id = context.request_id;
    entry.action = action;
    entry.entity_type = entity_type;
    entry.entity_id = entity_id;
    return entry;
}

AuditEntry make_audit(const WriteContext& context, std::string_view action, EntityType entity,
                      std::string_view entity_id) {
    return make_audit(context, action, to_string(entity), entity_id);
}

}  // namespace dp::telephony

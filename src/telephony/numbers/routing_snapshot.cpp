#include "telephony/numbers/routing_snapshot.hpp"

#include "telephony/names.hpp"

namespace dp::telephony {
namespace {

Payload payload_of(const WriteContext& context, const Number& number, std::int64_t version) {
    Payload payload;
    payload.text("number", number.e164).text("by", context.actor.id).number("version", version);
    if (const auto& routing = number.routing) {
        payload.text("routingType", to_string(routing->kind)).text("routingId", routing->id);
        payload.text("displayName", routing->display_name).text("routingSubtype", routing->routing_type);
        payload.text("callflowId", routing->callflow.str());
    }
    return payload;
}

void add_before(Payload& payload, const std::optional<NumberRouting>& before, std::int64_t version) {
    payload.number("beforeVersion", version);
    if (!before) return;
    payload.text("beforeRoutingType", to_string(before->kind)).text("beforeRoutingId", before->id);
    payload.text("beforeDisplayName", before->display_name).text("beforeRoutingSubtype", before->routing_type);
    payload.text("beforeCallflowId", before->callflow.str());
}

}  // namespace

Event routing_snapshot(const WriteContext& context, const Number& number, std::string_view type, std::int64_t version) {
    return make_event(context, type, to_string(EntityType::Number), number.id.str(),
                      payload_of(context, number, version));
}

Event routing_change(const WriteContext& context, const Number& number, const std::optional<NumberRouting>& before,
                     std::int64_t version) {
    auto payload = payload_of(context, number, version + 1);
    add_before(payload, before, version);
    return make_event(context, event_type::kNumberRoutingChanged, to_string(EntityType::Number), number.id.str(),
                      payload);
}

}  // namespace dp::telephony

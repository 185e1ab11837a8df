#include "telephony/numbers/number_service.hpp"

#include <fmt/format.h>

namespace dp::telephony {

Result<Number> NumberService::present(const WriteContext& context, const NumberId& id) const {
    const auto snapshot = store_.snapshots().current();
    const auto& config = snapshot->organization(context.organization);
    const Ptr<Number> number = config ? config->number(id) : nullptr;
    if (!number) return fail(ErrorCode::NotFound, fmt::format("The number '{}' does not exist.", id.str()));
    return *number;
}

void NumberService::write(WriteContext context, Number number, std::int64_t expected_version, std::string_view event,
                          std::string_view action, Executor& reply_on, Reply<Committed> reply) {
    const auto snapshot = store_.snapshots().current();
    const auto& config = snapshot->organization(context.organization);
    if (!config) return reply(fail(ErrorCode::NotFound, "The organization does not exist."));
    if (auto checked = check_rules(*config, number); !checked)
        return reply(std::unexpected(std::move(checked).error()));
    Payload payload;
    payload.text("number", number.e164).text("state", to_string(number.state));
    if (number.routing)
        payload.text("routingType", to_string(number.routing->kind)).text("routingId", number.routing->id);
    UnitOfWork unit;
    unit.events.push_back(make_event(context, event, to_string(EntityType::Number), number.id.str(), payload));
    unit.audit.push_back(make_audit(context, action, EntityType::Number, number.id.str()));
    unit.puts.push_back({std::move(number), expected_version});
    unit.idempotency = std::move(context.idempotency);
    store_.submit(std::move(unit), reply_on, std::move(reply));
}

void NumberService::order(WriteContext context, Number number, Executor& reply_on, Reply<Committed> reply) {
    if (number.id.empty()) number.id = NumberId(random_.uuid());
    number.state = NumberState::Pending;
    number.meta = {.organization = context.organization,
                   .created = context.now,
                   .modified = context.now,
                   .created_by = context.actor.id,
                   .modified_by = context.actor.id};
    write(std::move(context), std::move(number), kMustNotExist, event_type::kNumberStateChanged, "create", reply_on,
          std::move(reply));
}

void NumberService::assign(WriteContext context, const NumberId& id, std::optional<NumberRouting> routing,
                           std::int64_t expected_version, Executor& reply_on, Reply<Committed> reply) {
    auto number = present(context, id);
    if (!number) return reply(std::unexpected(std::move(number).error()));
    // seed 0: "the API returns 409 Conflict because the telephony subsystem has not yet completed carrier
    // registration".
    if (number->state != NumberState::Active)
        return reply(fail(ErrorCode::Conflict,
                          fmt::format("The number {} is {}: it can be assigned once it is active.", number->e164,
                                      to_string(number->state)),
                          "state"));
    number->routing = std::move(routing);
    number->meta.modified = context.now;
    number->meta.modified_by = context.actor.id;
    const std::int64_t version =
        expected_version == kMustExist || expected_version == kAnyVersion ? number->meta.version : expected_version;
    write(std::move(context), std::move(*number), version, event_type::kNumberRoutingChanged, "assign", reply_on,
          std::move(reply));
}

void NumberService::step(WriteContext context, const NumberId& id, NumberTransition transition,
                         std::string carrier_code, std::string carrier_text, Executor& reply_on,
                         Reply<Committed> reply) {
    auto number = present(context, id);
    if (!number) return reply(std::unexpected(std::move(number).error()));
    auto next = next_state(number->state, transition);
    if (!next) return reply(std::unexpected(std::move(next).error()));
    number->state = *next;
    number->carrier_code = std::move(carrier_code);
    number->carrier_text = std::move(carrier_text);
    number->meta.modified = context.now;
    number->meta.modified_by = context.actor.id;
    const std::int64_t version = number->meta.version;
    write(std::move(context), std::move(*number), version, event_type::kNumberStateChanged, "state", reply_on,
          std::move(reply));
}

}  // namespace dp::telephony

#include "telephony/numbers/number_service.hpp"

#include <fmt/format.h>

#include "base/timed_uuid.hpp"
#include "telephony/names.hpp"
#include "telephony/numbers/provisioning_run.hpp"
#include "telephony/numbers/routing_snapshot.hpp"

namespace dp::telephony {
namespace {

bool names_version(std::int64_t expected) {
    return expected != kMustExist && expected != kAnyVersion;
}

std::int64_t version_of(const Number& number, std::int64_t expected) {
    return names_version(expected) ? expected : number.meta.version;
}

void touch(Number& number, const WriteContext& context) {
    number.meta.modified = context.now;
    number.meta.modified_by = context.actor.id;
}

Event state_event(const WriteContext& context, const Number& number, NumberState state) {
    Payload payload;
    payload.text("number", number.e164).text("state", to_string(state));
    if (number.job && !number.job->external_id.empty()) payload.text("externalId", number.job->external_id);
    if (number.job && !number.job->carrier_code.empty())
        payload.text("carrierCode", number.job->carrier_code).text("carrierText", number.job->carrier_text);
    return make_event(context, event_type::kNumberStateChanged, to_string(EntityType::Number), number.id.str(),
                      payload);
}

Event attention_event(const WriteContext& context, const Number& number) {
    Payload payload;
    payload.text("number", number.e164).text("state", to_string(number.state));
    payload.text("reason", to_string(number.job->attention)).text("providerId", number.provider);
    return make_event(context, event_type::kNumberAttention, to_string(EntityType::Number), number.id.str(), payload);
}

Result<void> assignable(const Number& number) {
    if (number.state == NumberState::Active) return {};
    // seed 0: "the API returns 409 Conflict because the telephony subsystem has not yet completed carrier
    // registration".
    const auto reason = number.job ? to_string(number.job->attention) : std::string_view{};
    return fail(ErrorCode::Conflict,
                fmt::format("The number {} is {}{}{}: it can be assigned once it is active.", number.e164,
                            to_string(number.state), reason.empty() ? "" : ", ", reason),
                "state");
}

/// Nobody refused or cancelled it: it may be filled yet.
bool may_still_stand(const Number& number) {
    return number.state == NumberState::Failed && number.job && number.job->carrier_code == kLimitPassed;
}

/// The number's job may change it between our look and the commit. Whoever named no version is not told: what they asked
/// for is looked at again.
Reply<Committed> unless_overtaken(Reply<Committed> reply, std::move_only_function<void(Reply<Committed>)> again) {
    return [reply = std::move(reply), again = std::move(again)](Result<Committed> done) mutable {
        if (!done && done.error().code == ErrorCode::Conflict && done.error().field == "version")
            return again(std::move(reply));
        reply(std::move(done));
    };
}

/// The key under which an earlier order of the same number may still stand at the carrier.
std::string open_order_of(const OrganizationConfig& config, const Number& number) {
    for (const auto& other : config.numbers_of_value(number.e164))
        if (may_still_stand(*other) && other->provider == number.provider) return other->job->id;
    return {};
}

}  // namespace

Result<Number> applied(Number number, const NumberChange& change) {
    if (!number.job || number.job->id != change.job)
        return fail(ErrorCode::Conflict, "The number has another job by now.", "state");
    for (const NumberTransition transition : change.transitions) {
        DP_TRY(next, next_state(number.state, transition));
        number.state = next;
    }
    ProvisioningJob& job = *number.job;
    if (change.external_id) job.external_id = *change.external_id;
    if (change.attention) job.attention = *change.attention;
    if (!change.carrier_code.empty()) job.carrier_code = change.carrier_code, job.carrier_text = change.carrier_text;
    return number;
}

bool drops_callflow(const std::optional<NumberRouting>& before, const std::optional<NumberRouting>& after) {
    return before && !before->callflow.empty() && (!after || after->callflow.empty());
}

Result<Number> NumberService::present(const WriteContext& context, const NumberId& id) const {
    const auto snapshot = store_.snapshots().current();
    const auto& config = snapshot->organization(context.organization);
    const Ptr<Number> number = config ? config->number(id) : nullptr;
    if (!number) return fail(ErrorCode::NotFound, fmt::format("The number '{}' does not exist.", id.str()));
    return *number;
}

void NumberService::write(WriteContext context, Number number, std::int64_t expected_version, std::vector<Event> events,
                          std::string_view action, Executor& reply_on, Reply<Committed> reply) {
    if (number.state == NumberState::Active || number.state == NumberState::Released) number.job.reset();
    UnitOfWork unit;
    unit.events = std::move(events);
    unit.audit.push_back(make_audit(context, action, EntityType::Number, number.id.str()));
    unit.puts.push_back({std::move(number), expected_version});
    unit.idempotency = std::move(context.idempotency);
    store_.submit(std::move(unit), reply_on, std::move(reply));
}

void NumberService::order(WriteContext context, Number number, Executor& reply_on, Reply<Committed> reply) {
    if (number.id.empty()) number.id = NumberId(timed_uuid(random_, context.now));
    number.state = NumberState::Pending;
    number.meta = {.organization = context.organization,
                   .created = context.now,
                   .modified = context.now,
                   .created_by = context.actor.id,
                   .modified_by = context.actor.id};
    const auto snapshot = store_.snapshots().current();
    const auto& config = snapshot->organization(context.organization);
    if (!config) return reply(fail(ErrorCode::NotFound, "The organization does not exist."));
    if (auto checked = check_rules(*config, number); !checked)
        return reply(std::unexpected(std::move(checked).error()));
    const std::string open = open_order_of(*config, number);
    auto& job = number.job.emplace();
    job.id = open.empty() ? random_.uuid() : open;
    job.may_exist = !open.empty();
    job.began = context.now;
    std::vector<Event> events{state_event(context, number, number.state)};
    if (number.routing) events.push_back(routing_snapshot(context, number, event_type::kNumberRoutingChanged, 1));
    write(std::move(context), std::move(number), kMustNotExist, std::move(events), "create", reply_on,
          std::move(reply));
}

void NumberService::update(WriteContext context, const NumberId& id, NumberUpdate update, std::int64_t expected_version,
                           Executor& reply_on, Reply<Committed> reply) {
    auto number = present(context, id);
    if (!number) return reply(std::unexpected(std::move(number).error()));
    if (auto ready = assignable(*number); !ready) return reply(std::unexpected(std::move(ready).error()));
    const std::int64_t version = version_of(*number, expected_version);
    if (!names_version(expected_version))
        reply = unless_overtaken(std::move(reply), [=, this, &reply_on](Reply<Committed> later) {
            this->update(context, id, update, expected_version, reply_on, std::move(later));
        });
    std::vector<Event> events;
    if (update.routing && *update.routing != number->routing) {
        if (drops_callflow(number->routing, *update.routing)) {
            if (update.on_callflow_loss == CallflowLoss::Refused)
                return reply(fail(ErrorCode::Conflict,
                                  fmt::format("routing.callflowId: the number {} runs the call flow '{}' first; a "
                                              "routing object without it sends calls past it.",
                                              number->e164, number->routing->callflow.str()),
                                  "routing.callflowId"));
            events.push_back(routing_snapshot(context, *number, event_type::kNumberCallflowDropped, version));
        }
        const auto before = std::exchange(number->routing, std::move(*update.routing));
        events.push_back(routing_change(context, *number, before, version));
    }
    if (update.label) number->label = std::move(*update.label);
    if (update.location) number->location = std::move(*update.location);
    touch(*number, context);
    const auto snapshot = store_.snapshots().current();
    if (auto checked = check_rules(*snapshot->organization(context.organization), *number); !checked)
        return reply(std::unexpected(std::move(checked).error()));
    write(std::move(context), std::move(*number), version, std::move(events), "assign", reply_on, std::move(reply));
}

void NumberService::retry(WriteContext context, const NumberId& id, Executor& reply_on, Reply<Committed> reply) {
    auto number = present(context, id);
    if (!number) return reply(std::unexpected(std::move(number).error()));
    auto next = next_state(number->state, NumberTransition::Retried);
    if (!next) return reply(std::unexpected(std::move(next).error()));
    const bool stands = may_still_stand(*number);
    number->state = *next;
    const auto snapshot = store_.snapshots().current();
    if (auto checked = check_rules(*snapshot->organization(context.organization), *number); !checked)
        return reply(std::unexpected(std::move(checked).error()));
    // An order that the carrier refused or cancelled is over: its key would only be refused again.
    ProvisioningJob job;
    job.may_exist = stands;
    job.id = job.may_exist ? number->job->id : random_.uuid();
    job.began = context.now;
    number->job = std::move(job);
    touch(*number, context);
    std::vector<Event> events{state_event(context, *number, number->state)};
    const std::int64_t version = number->meta.version;
    write(std::move(context), std::move(*number), version, std::move(events), "retry", reply_on, std::move(reply));
}

void NumberService::release(WriteContext context, const NumberId& id, std::int64_t expected_version, Executor& reply_on,
                            Reply<Committed> reply) {
    auto number = present(context, id);
    if (!number) return reply(std::unexpected(std::move(number).error()));
    auto next = next_state(number->state, NumberTransition::ReleaseAsked);
    if (!next) return reply(std::unexpected(std::move(next).error()));
    const std::int64_t version = version_of(*number, expected_version);
    if (!names_version(expected_version))
        reply = unless_overtaken(std::move(reply), [=, this, &reply_on](Reply<Committed> later) {
            release(context, id, expected_version, reply_on, std::move(later));
        });
    number->state = *next;
    // An order that is still open is released by its key.
    ProvisioningJob job;
    job.id = number->job ? number->job->id : random_.uuid();
    job.kind = JobKind::Release;
    job.began = context.now;
    number->job = std::move(job);
    touch(*number, context);
    std::vector<Event> events{state_event(context, *number, number->state)};
    write(std::move(context), std::move(*number), version, std::move(events), "release", reply_on, std::move(reply));
}

void NumberService::change(WriteContext context, const NumberId& id, const NumberChange& change, Executor& reply_on,
                           Reply<Committed> reply) {
    auto before = present(context, id);
    if (!before) return reply(std::unexpected(std::move(before).error()));
    const std::int64_t version = before->meta.version;
    NumberState state = before->state;
    const bool had_attention = before->job && before->job->attention != Attention::None;
    auto number = applied(std::move(*before), change);
    if (!number) return reply(std::unexpected(std::move(number).error()));
    std::vector<Event> events;
    for (const NumberTransition transition : change.transitions) {
        state = *next_state(state, transition);
        events.push_back(state_event(context, *number, state));
    }
    if (change.attention && *change.attention != Attention::None && !had_attention)
        events.push_back(attention_event(context, *number));
    touch(*number, context);
    write(std::move(context), std::move(*number), version, std::move(events), "provision", reply_on, std::move(reply));
}

}  // namespace dp::telephony

#include "telephony/conversation/conversation_service.hpp"

#include <fmt/format.h>

#include "base/timed_uuid.hpp"

namespace dp::telephony {
namespace {

Communication new_leg(std::string id, Direction direction, std::string address) {
    Communication leg;
    leg.id = CommunicationId(std::move(id));
    leg.direction = direction;
    leg.address = std::move(address);
    return leg;
}

// Both legs go out from us: first to the agent's phone, then to the destination.
std::vector<Participant> outbound_participants(const OutboundCall& call, Random& random) {
    Participant agent{.id = ParticipantId(random.uuid()),
                      .purpose = ParticipantPurpose::Agent,
                      .user = call.agent->id,
                      .name = call.agent->name,
                      .address = call.caller_id,
                      .communications = {}};
    agent.communications.push_back(new_leg(random.uuid(), Direction::Outbound, call.caller_id));
    Participant customer{.id = ParticipantId(random.uuid()),
                         .purpose = ParticipantPurpose::Customer,
                         .user = {},
                         .name = {},
                         .address = call.destination,
                         .communications = {}};
    customer.communications.push_back(new_leg(random.uuid(), Direction::Outbound, call.destination));
    return {std::move(agent), std::move(customer)};
}

Conversation new_outbound(const OutboundCall& call, const WriteContext& context, Random& random) {
    Conversation conversation;
    conversation.id = ConversationId(timed_uuid(random, context.now));
    conversation.meta = {.organization = context.organization,
                         .version = 1,
                         .created = context.now,
                         .modified = context.now,
                         .created_by = context.actor.id,
                         .modified_by = context.actor.id};
    conversation.agent = call.agent->id;
    conversation.caller_id = call.caller_id;
    conversation.caller_name = call.caller_name;
    conversation.destination = call.destination;
    conversation.dialed = call.dialed;
    conversation.participants = outbound_participants(call, random);
    conversation.started = context.now;
    return conversation;
}

}  // namespace

Result<PlacedCall> ConversationService::prepare(const WriteContext& context, const PlaceCall& call) const {
    const auto snapshot = store_.snapshots().current();
    const auto& config = snapshot->organization(context.organization);
    if (!config) return fail(ErrorCode::NotFound, "The organization does not exist.");
    DP_TRY(checked, check_outbound(*config, call));
    auto conversation = std::make_shared<const Conversation>(new_outbound(checked, context, random_));
    return PlacedCall{std::move(conversation), std::move(checked), std::nullopt};
}

void ConversationService::place(WriteContext context, PlacedCall prepared, Executor& reply_on,
                                Reply<PlacedCall> reply) {
    const Conversation& conversation = *prepared.conversation;
    UnitOfWork unit;
    unit.conversations.push_back(conversation);
    unit.events.push_back(conversation_event(conversation, event_type::kConversationCreated, context.now));
    unit.audit.push_back(make_audit(context, "call.place", "conversation", conversation.id.str()));
    unit.idempotency = std::move(context.idempotency);
    store_.submit(std::move(unit), reply_on,
                  [this, prepared = std::move(prepared), reply = std::move(reply)](Result<Committed> result) mutable {
                      if (!result) return reply(std::unexpected(std::move(result).error()));
                      prepared.replay = std::move(result->replay);
                      if (!prepared.replay) live_.put(prepared.conversation->id, prepared.conversation);
                      reply(std::move(prepared));
                  });
}

void ConversationService::abandon(WriteContext context, const Conversation& conversation, EndReason reason,
                                  Executor& reply_on, Reply<Committed> reply) {
    auto ended = std::make_shared<Conversation>(conversation);
    if (auto done = end(*ended, terminate(reason, Reached::NotConnected), context.now); !done)
        return reply(std::unexpected(std::move(done).error()));
    live_.put(ended->id, ended);
    UnitOfWork unit;
    unit.conversations.push_back(*ended);
    unit.events.push_back(conversation_event(*ended, event_type::kConversationEnded, context.now));
    store_.submit(std::move(unit), reply_on,
                  [this, id = ended->id, reply = std::move(reply)](Result<Committed> result) mutable {
                      // Committed: the store answers for it from now on.
                      if (result) live_.erase(id);
                      reply(std::move(result));
                  });
}

void ConversationService::find(const OrganizationId& organization, const ConversationId& id, Executor& reply_on,
                               Reply<Ptr<Conversation>> reply) const {
    const auto not_found = [](const ConversationId& asked) {
        return fail(ErrorCode::NotFound, fmt::format("The conversation '{}' does not exist.", asked.str()));
    };
    if (auto live = live_.find(id)) {
        if (live->meta.organization != organization) return reply(not_found(id));
        return reply(std::move(live));
    }
    store_.find_conversation(organization, id, reply_on,
                             [id, not_found, reply = std::move(reply)](Result<Ptr<Conversation>> found) mutable {
                                 if (found && !*found) return reply(not_found(id));
                                 reply(std::move(found));
                             });
}

Conversation make_inbound_conversation(ConversationId id, const OrganizationId& organization, std::string caller,
                                       std::string called, WallTime now) {
    Conversation conversation;
    conversation.id = std::move(id);
    conversation.meta = {.organization = organization,
                         .version = 1,
                         .created = now,
                         .modified = now,
                         .created_by = "system",
                         .modified_by = "system"};
    conversation.status = ConversationStatus::Initiated;
    conversation.direction = Direction::Inbound;
    Participant customer;
    customer.id = ParticipantId(conversation.id.str() + ".1");
    customer.purpose = ParticipantPurpose::Customer;
    customer.address = caller;
    customer.communications.push_back(new_leg(conversation.id.str() + ".1", Direction::Inbound, caller));
    conversation.participants.push_back(std::move(customer));
    conversation.caller_id = std::move(caller);
    conversation.destination = std::move(called);
    conversation.started = now;
    conversation.initiated = now;
    return conversation;
}

std::string route_payload(const Conversation& conversation, const RouteStep& step) {
    Payload payload;
    payload.text("conversationId", conversation.id.str())
        .text("callerId", conversation.caller_id)
        .text("destination", conversation.destination);
    if (!step.flow.empty()) payload.text("flowId", step.flow.str());
    if (!step.step.empty()) payload.text("stepId", step.step);
    if (!step.queue.empty()) payload.text("queueId", step.queue.str());
    if (!step.user.empty()) payload.text("userId", step.user.str());
    if (!step.detail.empty()) payload.text("detail", step.detail);
    return payload.str();
}

Event conversation_event(const Conversation& conversation, std::string_view type, WallTime now) {
    Payload payload;
    payload.text("conversationId", conversation.id.str())
        .text("status", to_string(conversation.status))
        .text("direction", to_string(conversation.direction))
        .text("agentId", conversation.agent.str())
        .text("callerId", conversation.caller_id)
        .text("destination", conversation.destination);
    if (const auto& ended = conversation.termination) {
        payload.text("reason", facts(ended->reason).name).number("q850", ended->q850);
        if (ended->sip_status != 0) payload.number("sipStatus", ended->sip_status);
    }
    Event event;
    event.organization = conversation.meta.organization;
    event.type = type;
    event.resource_type = "conversation";
    event.resource_id = conversation.id.str();
    event.time = now;
    event.payload = payload.str();
    return event;
}

}  // namespace dp::telephony

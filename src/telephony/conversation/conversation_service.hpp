#pragma once
/// @file ConversationService: the API's side of a call. Places a call on behalf of an agent (checked, then stored
/// `queued`, before anybody is told to ring) and finds conversations, live first.
///
/// Threads: any. What follows after `queued` belongs to the control shard and its Outbox.

#include "base/random.hpp"
#include "telephony/conversation/outbox.hpp"
#include "telephony/dialing/outbound_policy.hpp"
#include "telephony/write_context.hpp"

namespace dp::telephony {

/// A stored call, ready to be handed to the control shard.
struct PlacedCall {
    Ptr<Conversation> conversation;
    OutboundCall call;
    std::optional<IdempotencyRecord> replay;  ///< the same request was answered before: do not start a call
};

class ConversationService {
public:
    ConversationService(Store& store, LiveConversations& live, Random& random)
        : store_(store), live_(live), random_(random) {}

    /// Builds the record that place() would store; the API makes its answer (and the Idempotency record) from it
    /// beforehand.
    Result<PlacedCall> prepare(const WriteContext& context, const PlaceCall& call) const;
    /// Stores a prepared call; on success the conversation is in the live table and the reply carries it.
    void place(WriteContext context, PlacedCall prepared, Executor& reply_on, Reply<PlacedCall> reply);
    /// Records that a stored call could not be handed over (control mailbox full): `failed: overloaded`.
    void abandon(WriteContext context, const Conversation& conversation, EndReason reason, Executor& reply_on,
                 Reply<Committed> reply);

    /// From the live table, else from the store. NotFound for another organization's id.
    void find(const OrganizationId& organization, const ConversationId& id, Executor& reply_on,
              Reply<Ptr<Conversation>> reply) const;

private:
    Store& store_;
    LiveConversations& live_;
    Random& random_;
};

/// A new conversation record for an inbound call, `initiated`, with its customer participant.
Conversation make_inbound_conversation(ConversationId id, const OrganizationId& organization, std::string caller,
                                       std::string called, WallTime now);

/// The event that a transition of a conversation leaves: type by status, payload with status, reason, agent, numbers.
/// The payload of a step's event.
std::string route_payload(const Conversation& conversation, const RouteStep& step);
Event conversation_event(const Conversation& conversation, std::string_view type, WallTime now);

}  // namespace dp::telephony

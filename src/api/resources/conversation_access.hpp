#pragma once
/// @file What the conversation routes share: finding the conversation that a request names, who may act in it, and the
/// way of an order to the control shard and back.
///
/// Threads: API. Errors: NotFound (no such conversation, participant or communication), Forbidden (a user's token in a
/// call that is not the user's), Conflict (the conversation has ended, or its state does not permit it).

#include "api/api_context.hpp"
#include "api/resources/entity_routes.hpp"

namespace dp::api {

// conversation:call:write alone may read what it placed (the seed's program asks for no other scope).
inline const Scopes kCallControl{"conversation:call:write", "conversations"};
inline const Scopes kConversationRead{"conversation:call:write", "conversations:readonly"};

/// Is the caller free to see and touch this call? A client is; a user's token belongs to the calls of that user.
bool takes_part(const Caller& caller, const telephony::Conversation& conversation);

using WithConversation = std::move_only_function<void(telephony::Ptr<telephony::Conversation>, Reply)>;

/// Live first, then from the store.
void with_conversation(ApiContext& context, const ApiRequest& request, Reply reply, WithConversation then);

/// Carries out an order for the conversation (and the participant and communication, where the path names them);
/// `done` answers with the conversation as it is afterwards.
void give_order(ApiContext& context, const ApiRequest& request, telephony::CallAction action, Reply reply,
                WithConversation done);
/// The same, answering 202 without a body.
void give_order(ApiContext& context, const ApiRequest& request, telephony::CallAction action, Reply reply);

}  // namespace dp::api

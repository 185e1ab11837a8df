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

/// Who holds it sees the calls of others.
inline constexpr std::string_view kSeeAllCalls = "analytics:conversationDetail:view";

/// Is or was the user in this call? Everybody counts as such for an empty id.
bool takes_part(const telephony::UserId& user, const telephony::Conversation& conversation);
/// A client sees every call of its organization, a user's token those of the user, or all with the permission.
bool may_see(const Caller& caller, const telephony::Conversation& conversation);

/// Call records by interval and filter; part of add_conversations().
void add_conversation_details(Router& router, ApiContext& context);

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

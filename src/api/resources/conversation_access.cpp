#include "api/resources/conversation_access.hpp"

namespace dp::api {

using telephony::CallOrder;
using telephony::Conversation;
using telephony::Ptr;

namespace {

template <class Id>
Id optional_parameter(const ApiRequest& request, std::string_view name) {
    const auto* found = request.parameters.find(name);
    return found ? Id(*found) : Id{};
}

void carry_out(ApiContext& context, CallOrder order, Ptr<Conversation> found, Reply reply, WithConversation done) {
    if (telephony::is_final(found->status))
        return std::move(reply).error({ErrorCode::Conflict, "The conversation has already ended.", found->id.str()});
    context.calls.order(
        std::move(order), context.executor,
        [&context, found, reply = std::move(reply), done = std::move(done)](Result<void> result) mutable {
            if (!result) return std::move(reply).error(result.error());
            auto now = context.live_conversations.find(found->id);
            done(now ? std::move(now) : std::move(found), std::move(reply));
        });
}

}  // namespace

bool takes_part(const telephony::UserId& user, const Conversation& conversation) {
    return user.empty() || conversation.agent == user ||
           std::ranges::any_of(conversation.participants,
                               [&](const auto& participant) { return participant.user == user; });
}

bool may_see(const Caller& caller, const Conversation& conversation) {
    return takes_part(caller.user, conversation) || caller.may(kSeeAllCalls);
}

void with_conversation(ApiContext& context, const ApiRequest& request, Reply reply, WithConversation then) {
    context.conversations.find(
        request.caller->organization, telephony::ConversationId(request.parameter("conversationId")), context.executor,
        [reply = std::move(reply), then = std::move(then)](Result<Ptr<Conversation>> found) mutable {
            if (!found) return std::move(reply).error(found.error());
            then(std::move(*found), std::move(reply));
        });
}

void give_order(ApiContext& context, const ApiRequest& request, telephony::CallAction action, Reply reply,
                WithConversation done) {
    CallOrder order{request.caller->organization, telephony::ConversationId(request.parameter("conversationId")),
                    std::move(action), optional_parameter<telephony::ParticipantId>(request, "participantId"),
                    optional_parameter<telephony::CommunicationId>(request, "communicationId")};
    with_conversation(
        context, request, std::move(reply),
        [&context, caller = *request.caller, order = std::move(order), done = std::move(done)](Ptr<Conversation> found,
                                                                                               Reply answer) mutable {
            if (!takes_part(caller.user, *found))
                return std::move(answer).error(
                    {ErrorCode::Forbidden, "A user's token may act in that user's calls only.", found->id.str()});
            carry_out(context, std::move(order), std::move(found), std::move(answer), std::move(done));
        });
}

void give_order(ApiContext& context, const ApiRequest& request, telephony::CallAction action, Reply reply) {
    give_order(context, request, std::move(action), std::move(reply),
               [](const Ptr<Conversation>&, Reply answer) { std::move(answer).empty(202); });
}

}  // namespace dp::api

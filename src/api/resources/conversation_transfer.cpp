/// @file Transfers in the real Genesys paths: blind (`replace`) and consult (genesys-api 1.6). A consultation is
/// completed by the consulting party's leaving, as with the real one. Conferences are not offered.

#include <boost/json.hpp>

#include "api/resources/conversation_access.hpp"
#include "api/resources/resources.hpp"

namespace dp::api {
namespace {

namespace json = boost::json;
using telephony::CallAction;
using telephony::TransferTarget;

constexpr const char* kNoConsultation = "cannot be consulted: a transfer to a queue is Unattended";

/// `userId`, `address` or `queueId`, from the body itself or from its `destination`.
TransferTarget read_target(JsonReader& body, const std::string& prefix = {}) {
    TransferTarget target;
    const auto user = body.text("userId", 64);
    const auto address = body.text("address", 128);
    const auto queue = body.text("queueId", 64);
    body.ignore({"name", "userName", "userDisplayName"});
    if (user.has_value() + address.has_value() + queue.has_value() != 1)
        body.refuse("userId", "or address or queueId is required, and one of the three only", ErrorCode::MissingField);
    target.user = telephony::UserId(user.value_or(""));
    target.queue = telephony::QueueId(queue.value_or(""));
    target.address = address.value_or("");
    target.address_field = prefix + "address";
    return target;
}

bool read_speak_to(JsonReader& body) {
    const std::string whom = body.required_text("speakTo", 16);
    if (!whom.empty() && whom != "DESTINATION" && whom != "OBJECT")
        body.refuse("speakTo", "must be DESTINATION or OBJECT: conferences are not offered");
    body.ignore({"consultingUserId"});
    return whom != "OBJECT";
}

CallAction read_blind(JsonReader& body) {
    if (body.boolean("voicemail").value_or(false)) body.refuse("voicemail", "is not possible: there is no voicemail");
    const auto type = body.text("transferType", 16);
    if (type && *type != "Unattended" && *type != "Attended")
        body.refuse("transferType", "must be Attended or Unattended");
    body.ignore({"keepInternalMessageAlive"});
    telephony::TransferCall transfer{read_target(body), type == "Attended"};
    if (transfer.consult && !transfer.target.queue.empty()) body.refuse("queueId", kNoConsultation);
    return transfer;
}

/// The real body with its `destination`; `/agent` and `/external` have the target at top level.
CallAction read_consult(JsonReader& body) {
    if (!read_speak_to(body)) body.refuse("speakTo", "begins with DESTINATION");
    auto* destination = body.object("destination");
    JsonReader& from = destination != nullptr ? *destination : body;
    telephony::TransferCall transfer{read_target(from, destination != nullptr ? "destination." : ""), true};
    if (!transfer.target.queue.empty()) from.refuse("queueId", kNoConsultation);
    return transfer;
}

CallAction read_change(JsonReader& body) {
    return telephony::SpeakTo{read_speak_to(body)};
}

/// The party that came last into the conversation is the one that is consulted.
void answer_consult(const telephony::Ptr<telephony::Conversation>& conversation, Reply reply) {
    std::move(reply).json(200, json::object{{"destinationParticipantId", conversation->participants.back().id.str()}});
}

void answer_accepted(const telephony::Ptr<telephony::Conversation>&, Reply reply) {
    std::move(reply).empty(202);
}

using ReadAction = CallAction (*)(JsonReader&);
using Answer = void (*)(const telephony::Ptr<telephony::Conversation>&, Reply);

ApiHandler order_from_body(ApiContext& context, ReadAction read, Answer answer) {
    return [&context, read, answer](ApiRequest request, Reply reply) {
        auto body = body_of(request);
        if (!body) return std::move(reply).error(body.error());
        CallAction action = read(**body);
        if (auto ok = finish(*body, request, reply); !ok) return std::move(reply).error(ok.error());
        give_order(context, request, std::move(action), std::move(reply), answer);
    };
}

}  // namespace

void add_conversation_transfer(Router& router, ApiContext& context) {
    const auto consult = order_from_body(context, read_consult, answer_consult);
    router.add({"POST", "/api/v2/conversations/calls/{conversationId}/participants/{participantId}/replace",
                kCallControl, order_from_body(context, read_blind, answer_accepted)});
    router.add({"POST", "/api/v2/conversations/calls/{conversationId}/participants/{participantId}/consult",
                kCallControl, consult});
    router.add({"POST", "/api/v2/conversations/calls/{conversationId}/participants/{participantId}/consult/agent",
                kCallControl, consult});
    router.add({"POST", "/api/v2/conversations/calls/{conversationId}/participants/{participantId}/consult/external",
                kCallControl, consult});
    router.add({"PATCH", "/api/v2/conversations/calls/{conversationId}/participants/{participantId}/consult",
                kCallControl, order_from_body(context, read_change, answer_consult)});
    router.add({"DELETE", "/api/v2/conversations/calls/{conversationId}/participants/{participantId}/consult",
                kCallControl, [&context](ApiRequest request, Reply reply) {
                    give_order(context, request, telephony::CancelConsult{}, std::move(reply),
                               [](const telephony::Ptr<telephony::Conversation>&, Reply answer) {
                                   std::move(answer).empty(200);
                               });
                }});
}

}  // namespace dp::api

/// @file /api/v2/conversations: place a call on behalf of an agent (seed 3), read it, list the live ones, end it.
#include <fmt/format.h>

#include "api/genesys/conversation_json.hpp"
#include "api/http/idempotency.hpp"
#include "api/http/json_writer.hpp"
#include "api/resources/conversation_access.hpp"
#include "api/resources/resources.hpp"
#include "base/log.hpp"
#include "telephony/events/time_text.hpp"

namespace dp::api {

namespace json = boost::json;
using telephony::Conversation;
using telephony::ConversationId;
using telephony::ConversationStatus;
using telephony::PlaceCall;
using telephony::PlacedCall;

namespace {

/// `to.phoneNumber`, `to.id`, or `to` itself as a string.
void read_destination(JsonReader& body, PlaceCall& call) {
    if (body.is_text("to")) {
        call.destination = body.required_text("to", 128);
        call.destination_field = "to";
        return;
    }
    auto* to = body.required_object("to");
    if (!to) return;
    const auto number = to->text("phoneNumber", 128);
    const auto id = to->text("id", 128);
    to->ignore({"name"});
    call.destination = number ? *number : id.value_or("");
    call.destination_field = number || !id ? "to.phoneNumber" : "to.id";
    if (call.destination.empty()) to->refuse("phoneNumber", "is required", ErrorCode::MissingField);
}

/// Seed 3's body: from, to, type.
PlaceCall read_call(JsonReader& body) {
    PlaceCall call;
    if (auto* from = body.required_object("from")) {
        call.agent = telephony::UserId(from->required_text("id", 64));
        call.agent_name = from->text("name", 128).value_or("");
        call.caller_id = from->text("phoneNumber", 32).value_or("");
    }
    read_destination(body, call);
    call.type = body.required_text("type", 16);
    return call;
}

/// What Genesys' body can ask for besides a number, and is not offered: said plainly rather than ignored.
void refuse_other_callees(JsonReader& body) {
    for (const std::string_view other : {"callUserId", "callQueueId", "conversationIds"})
        if (body.has(other)) body.refuse(other, "is not possible: call a number, as phoneNumber");
}

/// `phoneNumber`, or the address of the only participant.
void read_callee(JsonReader& body, PlaceCall& call) {
    if (!body.has("participants")) {
        call.destination = body.required_text("phoneNumber", 128);
        call.destination_field = "phoneNumber";
        return;
    }
    const auto others = body.objects("participants", 8);
    if (others.size() != 1 || body.has("phoneNumber"))
        return body.refuse("participants", "must be one, and without phoneNumber: conferences are not offered");
    call.destination = others.front()->required_text("address", 128);
    call.destination_field = "participants.address";
    others.front()->ignore({"name"});
    for (const std::string_view other : {"userId", "queueId"})
        if (others.front()->has(other)) others.front()->refuse(other, "is not possible: call a number, as address");
}

/// Genesys' body for `calls` and `calls/user/{userId}`: the caller is known otherwise.
PlaceCall read_genesys_call(JsonReader& body, const telephony::UserId& user) {
    PlaceCall call;
    call.agent = user;
    call.agent_field = "userId";
    call.caller_id = body.text("callerId", 32).value_or("");
    call.caller_id_field = "callerId";
    call.agent_name = body.text("callerIdName", 128).value_or("");
    refuse_other_callees(body);
    read_callee(body, call);
    call.type = "pstn";
    body.ignore({"callFromQueueId", "priority", "attributes", "uuiData", "label", "externalContactId", "languageId",
                 "routingSkillsIds"});
    return call;
}

/// Whose calls a list shows: `userId`'s, else those of the token's user; empty: everybody's.
Result<telephony::UserId> whose_calls(const ApiRequest& request) {
    const auto asked = request.http.query_value("userId");
    if (!asked) return request.caller->user;
    telephony::UserId user{std::string(*asked)};
    if (!request.caller->may_act_for(user) && !request.caller->may(kSeeAllCalls))
        return fail(
            ErrorCode::Forbidden,
            fmt::format("A user's token may see that user's calls only, without the permission {}.", kSeeAllCalls),
            "userId");
    return user;
}

/// `status`, one of the two ends; both when it is not given.
Result<std::vector<ConversationStatus>> ended_as(const net::HttpRequest& request) {
    const auto text = request.query_value("status");
    if (!text) return std::vector{ConversationStatus::Disconnected, ConversationStatus::Failed};
    const auto status = telephony::conversation_status_from(*text);
    if (!status || !telephony::is_final(*status))
        return fail(ErrorCode::InvalidValue, "status must be disconnected or failed.", "status");
    return std::vector{*status};
}

/// A page that is asked for by its number is read from the beginning: further back the cursor leads.
constexpr std::size_t kHistoryByNumber = 1000;

Result<telephony::ConversationQuery> history_query(const ApiRequest& request, const Page& page) {
    DP_TRY(user, whose_calls(request));
    DP_TRY(statuses, ended_as(request.http));
    telephony::ConversationQuery query;
    query.organization = request.caller->organization;
    query.agent = std::move(user);
    query.statuses = std::move(statuses);
    query.cursor = std::string(request.http.query_value("cursor").value_or(""));
    query.limit = page.size * page.number;
    if (query.limit > std::max(kHistoryByNumber, page.size))
        return fail(ErrorCode::InvalidValue,
                    fmt::format("pageNumber leads beyond the newest {} calls: follow nextUri.", kHistoryByNumber),
                    "pageNumber");
    const auto text = request.http.query_value("interval");
    if (!text) return query;
    const auto interval = telephony::parse_interval(*text);
    if (!interval)
        return fail(ErrorCode::InvalidValue, "interval must be two times like 2026-11-21T08:00:00Z with / between.",
                    "interval");
    query.from = interval->from;
    query.until = interval->until;
    return query;
}

/// The same question again, but for the cursor's value at the end.
std::string history_uri(const net::HttpRequest& request, std::size_t size) {
    std::string out = fmt::format("{}?pageSize={}", request.path, size);
    for (const std::string_view name : {"interval", "status", "userId"})
        if (const auto value = request.query_value(name))
            out += fmt::format("&{}={}", name, net::percent_encode(*value));
    return out + "&cursor=";
}

class ConversationRoutes {
public:
    explicit ConversationRoutes(ApiContext& context) : context_(context) {}

    void place(ApiRequest request, Reply reply) const {
        auto body = body_of(request);
        if (!body) return std::move(reply).error(body.error());
        const bool seed_shape = (*body)->has("from") || (*body)->has("to");
        if (!seed_shape && request.caller->user.empty())
            return std::move(reply).error(
                {ErrorCode::MissingField, "The field from is required: this token has no user of its own.", "from"});
        auto call = seed_shape ? read_call(**body) : read_genesys_call(**body, request.caller->user);
        finish_place(std::move(request), std::move(reply), *body, std::move(call));
    }

    void place_for_user(ApiRequest request, Reply reply) const {
        auto body = body_of(request);
        if (!body) return std::move(reply).error(body.error());
        const telephony::UserId user(request.parameter("userId"));
        if (!request.config().user(user)) return std::move(reply).error(not_found("user", user.str()));
        auto call = read_genesys_call(**body, user);
        finish_place(std::move(request), std::move(reply), *body, std::move(call));
    }

    void read(ApiRequest request, Reply reply) const {
        with_conversation(context_, request, std::move(reply),
                          [caller = *request.caller](const telephony::Ptr<Conversation>& conversation, Reply answer) {
                              if (!may_see(caller, *conversation))
                                  return std::move(answer).error(
                                      {ErrorCode::Forbidden,
                                       "A user's token may see that user's calls only, without the permission " +
                                           std::string(kSeeAllCalls) + ".",
                                       conversation->id.str()});
                              std::move(answer).json(200, conversation_json(*conversation));
                          });
    }

    /// The live ones, newest first: of the token's user, of `userId`, or of everybody.
    void list(const ApiRequest& request, Reply reply) const {
        const auto page = page_of(request.http);
        if (!page) return std::move(reply).error(page.error());
        const auto user = whose_calls(request);
        if (!user) return std::move(reply).error(user.error());
        auto found = context_.live_conversations.all();
        std::erase_if(found, [&](const auto& conversation) {
            return conversation->meta.organization != request.caller->organization ||
                   telephony::is_final(conversation->status) || !takes_part(*user, *conversation);
        });
        std::ranges::sort(found, [](const auto& a, const auto& b) {
            return std::tie(b->started, b->id) < std::tie(a->started, a->id);
        });
        std::move(reply).json(200, list_envelope(request.http, *page, found.size(),
                                                 [&](std::size_t i) { return conversation_json(*found[i]); }));
    }

    /// The ended ones, newest first; `nextUri` carries the cursor of what follows.
    void history(const ApiRequest& request, Reply reply) const {
        auto page = page_of(request.http);
        if (!page) return std::move(reply).error(page.error());
        if (request.http.query_value("cursor")) page->number = 1;  // the cursor says where the page begins
        auto query = history_query(request, *page);
        if (!query) return std::move(reply).error(query.error());
        auto answer = [page = *page, next = history_uri(request.http, page->size),
                       reply = std::move(reply)](Result<telephony::Page<Conversation>> found) mutable {
            if (!found) return std::move(reply).error(found.error());
            json::array entities;
            for (std::size_t i = (page.number - 1) * page.size; i < found->items.size(); ++i)
                entities.push_back(conversation_json(found->items[i]));
            json::object out{{"entities", std::move(entities)}, {"pageSize", page.size}, {"pageNumber", page.number}};
            if (found->next) out["nextUri"] = next + net::percent_encode(*found->next);
            std::move(reply).json(200, out);
        };
        context_.store.find_conversations(std::move(*query), context_.executor, std::move(answer));
    }

    void disconnect(ApiRequest request, Reply reply) const {
        give_order(context_, request, telephony::EndCall{}, std::move(reply),
                   [](const telephony::Ptr<Conversation>& conversation, Reply answer) {
                       std::move(answer).json(202, conversation_json(*conversation));
                   });
    }

    /// PATCH of a call: only `{"state":"disconnected"}` so far.
    void patch(ApiRequest request, Reply reply) const {
        auto body = body_of(request);
        if (!body) return std::move(reply).error(body.error());
        const auto state = (*body)->required_text("state", 32);
        if (!state.empty() && state != "disconnected") (*body)->refuse("state", "may only be set to disconnected");
        if (auto ok = finish(*body, request, reply); !ok) return std::move(reply).error(ok.error());
        disconnect(std::move(request), std::move(reply));
    }

private:
    void finish_place(ApiRequest request, Reply reply, const Body& body, PlaceCall call) const {
        if (auto ok = finish(body, request, reply); !ok) return std::move(reply).error(ok.error());
        // seed 3: "The from field in the request body must match the user ID in the JWT"; public clients likewise.
        if (!request.caller->may_act_for(call.agent))
            return std::move(reply).error(
                {ErrorCode::Forbidden, "A user's token may place calls for that user only.", call.agent_field});
        auto write = write_context(request, context_.clock);
        auto prepared = context_.conversations.prepare(write, call);
        if (!prepared) return std::move(reply).error(prepared.error());
        if (write.idempotency)
            keep_answer(write, context_.secrets, 201, json_text(conversation_json(*prepared->conversation)));
        auto& context = context_;
        // Who calls from the console asked for it on that very phone; everybody else's call rings there.
        const auto answer =
            request.caller->kind == CallerKind::ConsoleSession ? AgentAnswer::Automatic : AgentAnswer::Ring;
        context_.conversations.place(
            write, std::move(*prepared), context_.executor,
            [&context, write, answer, reply = std::move(reply)](Result<PlacedCall> placed) mutable {
                if (!placed) return std::move(reply).error(placed.error());
                started(context, write, *placed, answer, std::move(reply));
            });
    }

    // Stored as queued; from here on the call is the control shard's, or is reported as overloaded (flows.md 1, row 4).
    static void started(ApiContext& context, const telephony::WriteContext& write, const PlacedCall& placed,
                        AgentAnswer answer, Reply reply) {
        const auto& conversation = *placed.conversation;
        log::info("call", "call placed from={} to={} conversation={} correlation={}",
                  log::masked(conversation.caller_id), log::masked(conversation.destination), conversation.id.str(),
                  reply.correlation());
        if (!context.calls.start(placed, answer))
            context.conversations.abandon(write, conversation, telephony::EndReason::Overloaded, context.executor,
                                          [](auto) {});
        reply.add_header("Location", "/api/v2/conversations/" + conversation.id.str());
        std::move(reply).json(201, conversation_json(conversation));
    }

    ApiContext& context_;
};

}  // namespace

void add_conversations(Router& router, ApiContext& context) {
    const auto routes = std::make_shared<ConversationRoutes>(context);
    const auto bind = [routes](void (ConversationRoutes::*method)(ApiRequest, Reply) const) {
        return [routes, method](ApiRequest request, Reply reply) {
            (*routes.*method)(std::move(request), std::move(reply));
        };
    };
    const auto list = [routes](ApiRequest request, Reply reply) { routes->list(request, std::move(reply)); };
    const auto add_placing = [&](std::string_view path, ApiHandler handler) {
        Route route{"POST", path, kCallControl, std::move(handler)};
        route.budget = RouteBudget::Calls;
        router.add(std::move(route));
    };
    add_placing("/api/v2/conversations/calls", bind(&ConversationRoutes::place));
    add_placing("/api/v2/conversations/calls/user/{userId}", bind(&ConversationRoutes::place_for_user));
    router.add({"GET", "/api/v2/conversations", kConversationRead, list});
    router.add({"GET", "/api/v2/conversations/calls", kConversationRead, list});
    router.add({"GET", "/api/v2/conversations/calls/history", kConversationRead,
                [routes](ApiRequest request, Reply reply) { routes->history(request, std::move(reply)); }});
    router.add({"GET", "/api/v2/conversations/{conversationId}", kConversationRead, bind(&ConversationRoutes::read)});
    router.add(
        {"GET", "/api/v2/conversations/calls/{conversationId}", kConversationRead, bind(&ConversationRoutes::read)});
    router.add({"POST", "/api/v2/conversations/{conversationId}/disconnect", kCallControl,
                bind(&ConversationRoutes::disconnect)});
    router.add(
        {"PATCH", "/api/v2/conversations/calls/{conversationId}", kCallControl, bind(&ConversationRoutes::patch)});
    add_conversation_control(router, context);
    add_conversation_transfer(router, context);
    add_conversation_details(router, context);
}

}  // namespace dp::api

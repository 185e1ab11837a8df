/// @file /api/v2/routing/queues and their members (genesys-api "queues"). Beside the Genesys fields: `members` in the
/// order in which they are rung, `ringOrder`, `waitTimeoutSeconds` and `overflow`.
#include <algorithm>

#include "api/resources/entity_routes.hpp"
#include "api/resources/resources.hpp"
#include "api/resources/route_target_json.hpp"
#include "telephony/names.hpp"

namespace dp::api {

namespace json = boost::json;
using telephony::OrganizationConfig;
using telephony::Queue;
using telephony::UserId;

namespace {

constexpr std::string_view kQueues = "/api/v2/routing/queues";
const Scopes kRead{"routing:readonly", "routing"};
const Scopes kWrite{"routing"};
constexpr std::size_t kMostMembers = Queue::kMostMembers;

json::object user_reference(const OrganizationConfig& config, const UserId& id) {
    const auto& user = config.user(id);
    return reference(id.str(), user ? user->name : "", "/api/v2/users");
}

json::object queue_json(const Queue& queue, const OrganizationConfig& config) {
    auto out = envelope(queue.id.str(), queue.name, queue.meta, kQueues);
    out["description"] = queue.description;
    json::array members;
    for (const UserId& member : queue.members) members.push_back(user_reference(config, member));
    out["memberCount"] = queue.members.size();
    out["userMemberCount"] = queue.members.size();
    out["joinedMemberCount"] = queue.members.size();
    out["members"] = std::move(members);
    out["mediaSettings"] = json::object{{"call", json::object{{"alertingTimeoutSeconds", queue.ring_timeout.count()}}}};
    out["ringOrder"] = telephony::name_of(queue.order);
    out["waitTimeoutSeconds"] = queue.wait_timeout.count();
    if (queue.overflow) out["overflow"] = target_json(*queue.overflow);
    return out;
}

void read_ring_timeout(JsonReader& body, Queue& queue) {
    auto* media = body.object("mediaSettings");
    auto* call = media != nullptr ? media->object("call") : nullptr;
    if (call == nullptr) return;
    if (const auto seconds = call->integer("alertingTimeoutSeconds", 3, 300))
        queue.ring_timeout = std::chrono::seconds(*seconds);
}

std::vector<UserId> read_members(JsonReader& body) {
    std::vector<UserId> out;
    for (JsonReader* member : body.objects("members", kMostMembers)) {
        out.emplace_back(member->required_text("id", 64));
        member->ignore({"name", "selfUri", "joined", "user", "ringNumber", "memberBy"});
    }
    return out;
}

void fill_queue(JsonReader& body, Queue& queue) {
    body.ignore({"memberCount", "userMemberCount", "joinedMemberCount"});
    queue.name = body.required_text("name");
    queue.description = body.text("description", 1000).value_or("");
    if (body.has("members")) queue.members = read_members(body);
    read_ring_timeout(body, queue);
    if (const auto order = body.text("ringOrder", 16)) {
        if (const auto known = telephony::from_name<telephony::QueueOrder>(*order))
            queue.order = *known;
        else
            body.refuse("ringOrder", "must be listed or round_robin");
    }
    if (const auto seconds = body.integer("waitTimeoutSeconds", 3, 7200))
        queue.wait_timeout = std::chrono::seconds(*seconds);
    queue.overflow = read_target(body, "overflow");
}

json::object member_json(const Queue& queue, const OrganizationConfig& config, std::size_t i) {
    const UserId& id = queue.members[i];
    json::object out{{"id", id.str()},
                     {"user", user_reference(config, id)},
                     {"ringNumber", 1},
                     {"joined", true},
                     {"memberBy", "user"}};
    if (const auto& user = config.user(id)) out["name"] = user->name;
    out["selfUri"] = std::string(kQueues) + "/" + queue.id.str() + "/members/" + id.str();
    return out;
}

void list_members(const ApiRequest& request, Reply reply) {
    const auto& id = request.parameter("queueId");
    const auto& queue = request.config().find<Queue>(telephony::QueueId(id));
    if (!queue) return std::move(reply).error(not_found("queue", id));
    const auto page = page_of(request.http);
    if (!page) return std::move(reply).error(page.error());
    std::move(reply).json(200, list_envelope(request.http, *page, queue->members.size(),
                                             [&](std::size_t i) { return member_json(*queue, request.config(), i); }));
}

/// Stores the queue with other members; answers 204. Without If-Match the version is the one that was changed: of two
/// changes at once neither is lost.
void store_members(ApiContext& context, const ApiRequest& request, Queue queue, Reply reply) {
    auto version = matched_version(request);
    if (!version) return std::move(reply).error(version.error());
    if (*version == telephony::kAnyVersion) version = queue.meta.version;
    context.configuration.replace(write_context(request, context.clock), std::move(queue), *version, context.executor,
                                  [reply = std::move(reply)](Result<telephony::Committed> done) mutable {
                                      done ? std::move(reply).empty(204) : std::move(reply).error(done.error());
                                  });
}

/// The body is an array (`[{"id": …}]`), which is read as the field `members` of an object.
void change_members(ApiContext& context, ApiRequest request, Reply reply) {
    const auto& id = request.parameter("queueId");
    const auto present = request.config().find<Queue>(telephony::QueueId(id));
    if (!present) return std::move(reply).error(not_found("queue", id));
    request.http.body = "{\"members\":" + request.http.body + "}";
    auto body = body_of(request);
    if (!body) return std::move(reply).error(body.error());
    if (!(*body)->has("members")) (*body)->refuse("members", "is required");
    const auto named = read_members(**body);
    if (auto ok = finish(*body, request, reply); !ok) return std::move(reply).error(ok.error());
    const bool removes = request.http.query_value("delete") == "true";
    Queue queue = *present;
    for (const UserId& member : named) {
        const bool there = std::ranges::find(queue.members, member) != queue.members.end();
        if (removes)
            std::erase(queue.members, member);
        else if (!there)
            queue.members.push_back(member);
    }
    store_members(context, request, std::move(queue), std::move(reply));
}

void remove_member(ApiContext& context, const ApiRequest& request, Reply reply) {
    const auto& id = request.parameter("queueId");
    const auto& present = request.config().find<Queue>(telephony::QueueId(id));
    if (!present) return std::move(reply).error(not_found("queue", id));
    Queue queue = *present;
    const auto& member = request.parameter("memberId");
    if (std::erase(queue.members, UserId(member)) == 0) return std::move(reply).error(not_found("member", member));
    store_members(context, request, std::move(queue), std::move(reply));
}

}  // namespace

void add_queues(Router& router, ApiContext& context) {
    const Shape<Queue> shape{kQueues,   "/api/v2/routing/queues/{queueId}", "queueId", "queue", kRead, kWrite,
                             queue_json};
    add_reads(router, shape, JsonFrom::ConfigurationAlone);
    add_writes<Queue>(router, context, shape, fill_queue);
    add_remove(router, context, shape, telephony::EntityType::Queue);
    constexpr std::string_view kMembers = "/api/v2/routing/queues/{queueId}/members";
    router.add({"GET", kMembers, kRead, list_members});
    router.add({"POST", kMembers, kWrite, [&context](ApiRequest request, Reply reply) {
                    change_members(context, std::move(request), std::move(reply));
                }});
    router.add(
        {"DELETE", "/api/v2/routing/queues/{queueId}/members/{memberId}", kWrite,
         [&context](const ApiRequest& request, Reply reply) { remove_member(context, request, std::move(reply)); }});
}

}  // namespace dp::api

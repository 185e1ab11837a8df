/// @file Numbers in the Genesys shapes: DID pools, the numbers of pools, DIDs with their owners, extension pools
/// (genesys-api 1.4). Views: the one truth about a number is Number, and what is assigned here is its routing object.
#include <fmt/format.h>

#include "api/resources/entity_routes.hpp"
#include "api/resources/resources.hpp"

namespace dp::api {

namespace json = boost::json;
using telephony::DidPool;
using telephony::ExtensionPool;
using telephony::Number;
using telephony::NumberRouting;
using telephony::OrganizationConfig;
using telephony::Ptr;
using telephony::RoutingKind;

namespace {

constexpr std::string_view kPools = "/api/v2/telephony/providers/edges/didpools";
constexpr std::string_view kDids = "/api/v2/telephony/providers/edges/dids";
constexpr std::string_view kExtensionPools = "/api/v2/telephony/providers/edges/extensionpools";
const Scopes kRead{"telephony", "telephony:readonly"};
const Scopes kWrite{"telephony"};

json::object pool_json(const DidPool& pool, const OrganizationConfig&) {
    auto out = envelope(pool.id.str(), pool.name, pool.meta, kPools);
    out["description"] = pool.description;
    out["startPhoneNumber"] = pool.start;
    out["endPhoneNumber"] = pool.end;
    out["comments"] = pool.comments;
    out["provider"] = pool.provider;
    return out;
}

Ptr<DidPool> pool_of(const OrganizationConfig& config, std::string_view e164) {
    Ptr<DidPool> found;
    config.all<DidPool>().for_each([&](const Ptr<DidPool>& pool) {
        if (covers(*pool, e164)) found = pool;
        return !found;
    });
    return found;
}

/// A number that no pool covers is a pool of its own, with the number's id.
std::optional<DidPool> pool_of_one(const OrganizationConfig& config, const std::string& id) {
    const auto& number = config.number(telephony::NumberId(id));
    if (!number || !is_live(number->state) || pool_of(config, number->e164)) return std::nullopt;
    DidPool out;
    out.id = telephony::DidPoolId(id);
    out.meta = number->meta;
    out.name = out.start = out.end = number->e164;
    return out;
}

void read_pool(const Shape<DidPool>& shape, const ApiRequest& request, Reply reply) {
    const auto& id = request.parameter("didPoolId");
    if (const auto& pool = request.config().find<DidPool>(telephony::DidPoolId(id)))
        return reply_entity(std::move(reply), 200, shape, *pool, request.config());
    const auto alone = pool_of_one(request.config(), id);
    if (!alone) return std::move(reply).error(not_found(shape.noun, id));
    reply_entity(std::move(reply), 200, shape, *alone, request.config());
}

void fill_pool(JsonReader& body, DidPool& pool) {
    pool.start = body.required_text("startPhoneNumber", 16);
    pool.end = body.required_text("endPhoneNumber", 16);
    pool.name = body.text("name").value_or(fmt::format("{} - {}", pool.start, pool.end));
    pool.description = body.text("description").value_or("");
    pool.comments = body.text("comments", 1024).value_or("");
    if (const auto provider = body.text("provider", 32)) pool.provider = *provider;
    if (pool.provider != "PURE_CLOUD" && pool.provider != "PURE_CLOUD_VOICE")
        body.refuse("provider", "must be PURE_CLOUD or PURE_CLOUD_VOICE");
}

json::object extension_pool_json(const ExtensionPool& pool, const OrganizationConfig&) {
    auto out = envelope(pool.id.str(), pool.name, pool.meta, kExtensionPools);
    out["description"] = pool.description;
    out["startNumber"] = pool.start;
    out["endNumber"] = pool.end;
    return out;
}

void fill_extension_pool(JsonReader& body, ExtensionPool& pool) {
    pool.start = body.required_text("startNumber", 9);
    pool.end = body.required_text("endNumber", 9);
    pool.name = body.text("name").value_or(fmt::format("{} - {}", pool.start, pool.end));
    pool.description = body.text("description").value_or("");
}

/// Whoever calls reach first. The real API has no queue as an owner: a queue, as a call flow, is an IVR there.
void add_owner(json::object& out, const Number& number, const OrganizationConfig& config) {
    if (!number.routing) return;
    const auto& routing = *number.routing;
    if (!routing.callflow.empty()) {
        const auto& flow = config.find<telephony::CallFlow>(routing.callflow);
        out["owner"] = reference(routing.callflow.str(), flow ? flow->name : "", "/api/v2/flows");
        out["ownerType"] = "IVR_CONFIG";
    } else if (routing.kind == RoutingKind::User) {
        const auto& user = config.user(telephony::UserId(routing.id));
        out["owner"] = reference(routing.id, user ? user->name : "", "/api/v2/users");
        out["ownerType"] = "USER";
    } else {
        const bool queue = routing.kind == RoutingKind::Queue;
        out["owner"] = reference(routing.id, routing.display_name, queue ? "/api/v2/routing/queues" : "/api/v2/flows");
        out["ownerType"] = "IVR_CONFIG";
    }
}

/// A number that no pool covers is a pool of its own, named by the number.
void add_pool(json::object& out, std::string_view id, std::string_view e164, const OrganizationConfig& config) {
    const auto pool = pool_of(config, e164);
    out["didPool"] = pool ? reference(pool->id.str(), pool->name, kPools) : reference(id, e164, kPools);
}

json::object did_json(const Number& number, const OrganizationConfig& config) {
    auto out = envelope(number.id.str(), number.e164, number.meta, kDids);
    out["phoneNumber"] = number.e164;
    add_pool(out, number.id.str(), number.e164, config);
    add_owner(out, number, config);
    return out;
}

bool in_list(const std::optional<std::string_view>& list, std::string_view id) {
    if (!list) return true;
    std::string_view rest = *list;
    while (!rest.empty()) {
        const auto comma = rest.find(',');
        if (rest.substr(0, comma) == id) return true;
        rest = comma == std::string_view::npos ? "" : rest.substr(comma + 1);
    }
    return false;
}

/// Live numbers that somebody owns, in order of value.
void list_dids(const ApiRequest& request, Reply reply) {
    const auto page = page_of(request.http);
    if (!page) return std::move(reply).error(page.error());
    const auto& config = request.config();
    const auto phone = request.http.query_value("phoneNumber");
    const auto owner = request.http.query_value("owner.id");
    const auto pool = request.http.query_value("didPool.id");
    const auto ids = request.http.query_value("id");
    std::vector<Ptr<Number>> found;
    config.numbers_by_e164().for_each([&](const Ptr<Number>& number) {
        if (!number->routing || !is_live(number->state)) return;
        const bool owned = !owner || number->routing->id == *owner || number->routing->callflow.str() == *owner;
        if (!owned || (phone && number->e164 != *phone) || !in_list(ids, number->id.str())) return;
        if (pool) {
            const auto own = pool_of(config, number->e164);
            if ((own ? own->id.str() : number->id.str()) != *pool) return;
        }
        found.push_back(number);
    });
    if (request.http.query_value("sortOrder") == "DESC") std::ranges::reverse(found);
    std::move(reply).json(200, list_envelope(request.http, *page, found.size(),
                                             [&](std::size_t i) { return did_json(*found[i], config); }));
}

/// One row of …/didpools/dids: a number of ours, or one of a pool that nobody has ordered.
struct PoolNumber {
    std::string e164;
    Ptr<Number> number;
};

bool is_assigned(const PoolNumber& row) {
    return row.number && row.number->routing;
}

std::vector<PoolNumber> pool_numbers(const OrganizationConfig& config, const std::optional<std::string_view>& pools) {
    std::vector<PoolNumber> out;
    config.all<DidPool>().for_each([&](const Ptr<DidPool>& pool) {
        if (!in_list(pools, pool->id.str())) return;
        for (std::size_t i = 0; i < size_of(*pool); ++i) {
            auto e164 = number_at(*pool, i);
            auto number = config.number_by_e164(e164);
            out.push_back({std::move(e164), std::move(number)});
        }
    });
    config.numbers_by_e164().for_each([&](const Ptr<Number>& number) {
        if (is_live(number->state) && in_list(pools, number->id.str()) && !pool_of(config, number->e164))
            out.push_back({number->e164, number});
    });
    std::ranges::sort(out, {}, &PoolNumber::e164);
    return out;
}

json::object pool_number_json(const PoolNumber& row, const OrganizationConfig& config) {
    const std::string id = row.number ? row.number->id.str() : row.e164.substr(1);
    json::object out{{"id", id}, {"name", row.e164}, {"number", row.e164}, {"assigned", is_assigned(row)}};
    add_pool(out, id, row.e164, config);
    if (row.number) add_owner(out, *row.number, config);
    if (row.number) out["selfUri"] = fmt::format("{}/{}", kDids, id);
    return out;
}

void list_pool_numbers(const ApiRequest& request, Reply reply) {
    const auto page = page_of(request.http);
    if (!page) return std::move(reply).error(page.error());
    const auto type = request.http.query_value("type");
    if (type != "ASSIGNED_AND_UNASSIGNED" && type != "UNASSIGNED")
        return std::move(reply).error(
            {ErrorCode::InvalidValue, "type must be ASSIGNED_AND_UNASSIGNED or UNASSIGNED.", "type"});
    const auto match = request.http.query_value("numberMatch");
    auto rows = pool_numbers(request.config(), request.http.query_value("id"));
    std::erase_if(rows, [&](const PoolNumber& row) {
        return (type == "UNASSIGNED" && is_assigned(row)) || (match && !row.e164.contains(*match));
    });
    if (request.http.query_value("sortOrder") == "descending") std::ranges::reverse(rows);
    std::move(reply).json(200, list_envelope(request.http, *page, rows.size(), [&](std::size_t i) {
                              return pool_number_json(rows[i], request.config());
                          }));
}

void read_did(const ApiRequest& request, Reply reply) {
    const auto& id = request.parameter("didId");
    const auto& number = request.config().number(telephony::NumberId(id));
    if (!number) return std::move(reply).error(not_found("DID", id));
    std::move(reply).json(200, did_json(*number, request.config()));
}

/// Whom a DID is to lead to; nothing for nobody. A queue, as a call flow, is an IVR in this shape.
std::optional<NumberRouting> read_owner(JsonReader& body, const OrganizationConfig& config) {
    const auto type = body.text("ownerType", 16).value_or("");
    if (body.is_null("owner")) return std::nullopt;
    JsonReader* owner = body.object("owner");
    if (owner == nullptr) {
        body.refuse("owner", "is required; null takes the number from whoever has it", ErrorCode::MissingField);
        return std::nullopt;
    }
    NumberRouting routing;
    routing.id = owner->required_text("id", 64);
    owner->ignore({"name", "selfUri"});
    if (type == "PHONE")
        if (const auto& phone = config.phone(telephony::PhoneId(routing.id))) routing.id = phone->user.str();
    const auto& user = config.user(telephony::UserId(routing.id));
    if (type == "USER" || type == "PHONE") {
        if (!user) owner->refuse("id", "is not a user, or a phone that a user has, of this organization");
        routing.display_name = user ? user->name : std::string();
        routing.routing_type = "direct";
        return routing;
    }
    const auto& flow = config.find<telephony::CallFlow>(telephony::CallFlowId(routing.id));
    const auto& queue = config.find<telephony::Queue>(telephony::QueueId(routing.id));
    if (type != "IVR_CONFIG")
        body.refuse("ownerType", "must be USER, PHONE or IVR_CONFIG: there are no groups");
    else if (!flow && !queue)
        owner->refuse("id", "is neither a call flow nor a queue of this organization");
    routing.kind = flow ? RoutingKind::CallFlow : RoutingKind::Queue;
    routing.display_name = flow ? flow->name : queue ? queue->name : std::string();
    return routing;
}

/// The owner of a DID is its number's routing object: written here, it is replaced as a whole (seed 0, section 2).
void assign_did(ApiContext& context, ApiRequest request, Reply reply) {
    const auto& id = request.parameter("didId");
    const auto present = request.config().number(telephony::NumberId(id));
    if (!present) return std::move(reply).error(not_found("DID", id));
    auto body = body_of(request);
    if (!body) return std::move(reply).error(body.error());
    auto version = expected_version(request, **body);
    if (!version) return std::move(reply).error(version.error());
    auto& fields = **body;
    fields.ignore(kEnvelopeFields);
    fields.ignore({"name", "didPool"});
    if (const auto number = fields.text("phoneNumber", 32); number && *number != present->e164)
        fields.refuse("phoneNumber", "cannot be changed: it is " + present->e164);
    telephony::NumberUpdate update;
    update.routing.emplace(read_owner(fields, request.config()));
    if (auto ok = finish(*body, request, reply); !ok) return std::move(reply).error(ok.error());
    if (telephony::drops_callflow(present->routing, *update.routing))
        reply.add_header("Warning",
                         "299 - \"The number has no callflowId any more: inbound calls go straight to the owner.\"");
    const Shape<Number> shape{kDids,   "/api/v2/telephony/providers/edges/dids/{didId}", "didId", "DID", kRead, kWrite,
                              did_json};
    context.numbers.update(write_context(request, context.clock), present->id, std::move(update), *version,
                           context.executor, when_stored(std::move(reply), shape, 200));
}

template <class Pool>
void add_pool_routes(Router& router, ApiContext& context, const Shape<Pool>& shape, void (*fill)(JsonReader&, Pool&),
                     telephony::EntityType type) {
    add_writes<Pool>(router, context, shape, fill);
    add_remove(router, context, shape, type);
}

}  // namespace

void add_did_pools(Router& router, ApiContext& context) {
    const Shape<DidPool> pools{
        kPools,   "/api/v2/telephony/providers/edges/didpools/{didPoolId}", "didPoolId", "DID pool", kRead, kWrite,
        pool_json};
    add_list(router, pools);
    router.add({"GET", pools.item, kRead,
                [pools](ApiRequest request, Reply reply) { read_pool(pools, request, std::move(reply)); }});
    add_pool_routes(router, context, pools, fill_pool, telephony::EntityType::DidPool);
    const Shape<ExtensionPool> extensions{kExtensionPools,
                                          "/api/v2/telephony/providers/edges/extensionpools/{extensionPoolId}",
                                          "extensionPoolId",
                                          "extension pool",
                                          kRead,
                                          kWrite,
                                          extension_pool_json};
    add_reads(router, extensions);
    add_pool_routes(router, context, extensions, fill_extension_pool, telephony::EntityType::ExtensionPool);
    router.add({"GET", "/api/v2/telephony/providers/edges/didpools/dids", kRead,
                [](ApiRequest request, Reply reply) { list_pool_numbers(request, std::move(reply)); }});
    router.add({"GET", kDids, kRead, [](ApiRequest request, Reply reply) { list_dids(request, std::move(reply)); }});
    router.add(
        {"PUT", "/api/v2/telephony/providers/edges/dids/{didId}", kWrite,
         [&context](ApiRequest request, Reply reply) { assign_did(context, std::move(request), std::move(reply)); }});
    router.add({"GET", "/api/v2/telephony/providers/edges/dids/{didId}", kRead,
                [](ApiRequest request, Reply reply) { read_did(request, std::move(reply)); }});
}

}  // namespace dp::api

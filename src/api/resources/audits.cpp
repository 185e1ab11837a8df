/// @file The audit trail: a plain list, verification of its chain, erasure of a person, and the Genesys audit query over
/// the same entries. Source: genesys-api 1.8; product.md "Audit and erasure".

#include <algorithm>
#include <boost/json.hpp>
#include <deque>

#include "api/http/paging.hpp"
#include "api/http/writes.hpp"
#include "api/resources/entity_routes.hpp"
#include "api/resources/resources.hpp"
#include "base/ascii.hpp"
#include "telephony/events/time_text.hpp"
#include "telephony/names.hpp"

namespace dp::api {

namespace json = boost::json;
using telephony::AuditEntry;
using telephony::AuditQuery;

namespace {

constexpr std::size_t kQueriesKept = 256;
constexpr std::string_view kService = "Telephony";
const Scopes kRead{"audits:readonly", "analytics:events:query"};
const Scopes kErase{"users"};

/// A stored document; null where there is none or it was erased.
json::value document(const std::string& text) {
    boost::system::error_code error;
    auto out = json::parse(text, error);
    return error ? json::value() : out;
}

json::object plain_json(const AuditEntry& entry) {
    return {{"id", std::to_string(entry.sequence)},
            {"sequence", entry.sequence},
            {"timestamp", to_rfc3339(entry.time)},
            {"actor", json::object{{"kind", telephony::name_of(entry.actor.kind)}, {"id", entry.actor.id}}},
            {"requestId", entry.request_id},
            {"action", entry.action},
            {"entityType", entry.entity_type},
            {"entityId", entry.entity_id},
            {"before", document(entry.before)},
            {"after", document(entry.after)}};
}

json::array values_of(const json::object& document, std::string_view name) {
    const auto* value = document.if_contains(name);
    return value ? json::array{json::serialize(*value)} : json::array{};
}

json::array property_changes(const AuditEntry& entry) {
    const auto before = document(entry.before), after = document(entry.after);
    const json::object none;
    const auto& old_fields = before.is_object() ? before.get_object() : none;
    const auto& new_fields = after.is_object() ? after.get_object() : none;
    json::array out;
    const auto add = [&](std::string_view name) {
        out.push_back(json::object{{"property", name},
                                   {"oldValues", values_of(old_fields, name)},
                                   {"newValues", values_of(new_fields, name)}});
    };
    for (const auto& [name, value] : old_fields)
        if (const auto* now = new_fields.if_contains(name); !now || *now != value) add(name);
    for (const auto& [name, value] : new_fields)
        if (!old_fields.contains(name)) add(name);
    return out;
}

json::object genesys_json(const AuditEntry& entry) {
    json::object out{{"id", std::to_string(entry.sequence)},
                     {"eventDate", to_rfc3339(entry.time)},
                     {"remoteIp", json::array{}},
                     {"serviceName", kService},
                     {"level", "USER"},
                     {"action", entry.action},
                     {"entityType", entry.entity_type},
                     {"entity", json::object{{"id", entry.entity_id}}},
                     {"status", "SUCCESS"},
                     {"application", "dialplane"},
                     {"context", json::object{{"correlationId", entry.request_id}}},
                     {"propertyChanges", property_changes(entry)}};
    const bool person = entry.actor.kind == telephony::ActorKind::User;
    out[person ? "user" : "client"] = json::object{{"id", entry.actor.id}};
    return out;
}

using Shaper = json::object (*)(const AuditEntry&);

/// What is read, and how much of it lies before the page.
struct Asked {
    AuditQuery query;
    std::size_t before = 0;
};

/// One page with the cursor to the next.
void answer_page(ApiContext& context, Asked asked, Shaper shape, Reply reply) {
    const auto end = asked.query.limit++;  // one more says whether there is a next page
    context.store.find_audit(
        std::move(asked.query), context.executor,
        [reply = std::move(reply), shape, end, before = asked.before](Result<std::vector<AuditEntry>> found) mutable {
            if (!found) return std::move(reply).error(found.error());
            const bool more = found->size() > end;
            if (more) found->pop_back();
            json::array entities;
            for (std::size_t i = before; i < found->size(); ++i) entities.push_back(shape((*found)[i]));
            json::object out{{"entities", std::move(entities)}, {"pageSize", end - before}};
            if (more) out["cursor"] = std::to_string(found->back().sequence);
            std::move(reply).json(200, out);
        });
}

Result<Asked> apply_page(const net::HttpRequest& request, AuditQuery query) {
    DP_TRY(page, page_of(request));
    DP_TRY(before, entries_before(request, page));
    query.limit = before + page.size;
    if (const auto cursor = request.query_value("cursor")) {
        const auto at = ascii::parse_decimal<std::uint64_t>(*cursor);
        if (!at) return fail(ErrorCode::InvalidValue, "cursor must be one that this API gave.", "cursor");
        (query.order == telephony::LogOrder::NewestFirst ? query.before : query.after) = *at;
    }
    return Asked{std::move(query), before};
}

Result<void> apply_interval(std::string_view text, AuditQuery& query) {
    const auto interval = telephony::parse_interval(text);
    if (!interval)
        return fail(ErrorCode::InvalidValue, "interval must be two times like 2026-11-21T08:00:00Z with / between.",
                    "interval");
    query.from = interval->from;
    query.until = interval->until;
    return {};
}

/// `?entityId=&entityType=&action=&actorId=&requestId=&interval=&order=`
Result<Asked> query_of(const ApiRequest& request) {
    AuditQuery out;
    out.organization = request.caller->organization;
    out.order = request.http.query_value("order").value_or("desc") == "asc" ? telephony::LogOrder::OldestFirst
                                                                            : telephony::LogOrder::NewestFirst;
    const auto take = [&](std::string_view name, std::vector<std::string>& into) {
        if (const auto value = request.http.query_value(name)) into.emplace_back(*value);
    };
    take("entityId", out.entity_ids);
    take("entityType", out.entity_types);
    take("action", out.actions);
    take("actorId", out.actor_ids);
    take("requestId", out.request_ids);
    if (const auto interval = request.http.query_value("interval")) DP_CHECK(apply_interval(*interval, out));
    return apply_page(request.http, std::move(out));
}

void verify(ApiContext& context, Reply reply) {
    context.store.verify_audit(context.executor, [reply = std::move(reply)](Result<telephony::AuditVerdict> v) mutable {
        if (!v) return std::move(reply).error(v.error());
        json::object out{{"intact", v->intact}, {"entries", v->entries}, {"erased", v->erased}, {"head", v->head}};
        if (!v->intact) out["problem"] = v->problem;
        std::move(reply).json(200, out);
    });
}

void erase(ApiContext& context, const ApiRequest& request, Reply reply) {
    auto body = body_of(request);
    if (!body) return std::move(reply).error(body.error());
    const auto person = (*body)->required_text("userId", 64);
    if (!is_valid_id(person)) (*body)->refuse("userId", "must be 1 to 64 of A-Z a-z 0-9 . _ -");
    if (auto ok = finish(*body, request, reply); !ok) return std::move(reply).error(ok.error());
    const auto write = write_context(request, context.clock);
    telephony::UnitOfWork unit;
    unit.erasures.push_back({write.organization, person});
    unit.audit.push_back(telephony::make_audit(write, "erase", "audit", "erased"));  // that it happened, not whom
    context.store.submit(std::move(unit), context.executor,
                         [reply = std::move(reply)](Result<telephony::Committed> done) mutable {
                             done ? std::move(reply).empty(204) : std::move(reply).error(done.error());
                         });
}

/// The Genesys query: its filters are entries' fields, its service is one.
Result<AuditQuery> genesys_query(const ApiRequest& request, Reply& reply) {
    DP_TRY(body, body_of(request));
    AuditQuery out;
    out.organization = request.caller->organization;
    out.order = telephony::LogOrder::NewestFirst;
    const auto interval = body->required_text("interval", 80);
    if (const auto service = body->text("serviceName", 64); service && *service != kService)
        body->refuse("serviceName", "must be Telephony");
    for (JsonReader* filter : body->objects("filters", 20)) {
        const auto property = filter->required_text("property", 64);
        const auto value = filter->required_text("value", 256);
        if (ascii::iequals(property, "EntityId"))
            out.entity_ids.push_back(value);
        else if (ascii::iequals(property, "EntityType"))
            out.entity_types.push_back(ascii::lower(value));
        else if (ascii::iequals(property, "Action"))
            out.actions.push_back(ascii::lower(value));
        else if (ascii::iequals(property, "UserId") || ascii::iequals(property, "ClientId"))
            out.actor_ids.push_back(value);
        else
            filter->refuse("property", "must be EntityId, EntityType, Action, UserId or ClientId");
    }
    for (JsonReader* sort : body->objects("sort", 1)) {
        static_cast<void>(sort->text("name", 32));
        if (ascii::iequals(sort->text("sortOrder", 16).value_or("desc").substr(0, 3), "asc"))
            out.order = telephony::LogOrder::OldestFirst;
    }
    DP_CHECK(finish(body, request, reply));
    DP_CHECK(apply_interval(interval, out));
    return out;
}

Result<Asked> realtime_query(const ApiRequest& request, Reply& reply) {
    DP_TRY(query, genesys_query(request, reply));
    return apply_page(request.http, std::move(query));
}

/// Queries that clients made and come back for. API thread; the oldest make room.
class KeptQueries {
public:
    struct Kept {
        std::string id;
        AuditQuery query;
        WallTime made;
    };
    void keep(Kept query) {
        kept_.push_back(std::move(query));
        if (kept_.size() > kQueriesKept) kept_.pop_front();
    }
    const Kept* find(const ApiRequest& request) const {
        const auto& id = request.parameter("transactionId");
        const auto found = std::ranges::find_if(kept_, [&](const Kept& kept) {
            return kept.id == id && kept.query.organization == request.caller->organization;
        });
        return found == kept_.end() ? nullptr : &*found;
    }

private:
    std::deque<Kept> kept_;
};

json::object status_json(const KeptQueries::Kept& kept) {
    json::object out{{"id", kept.id}, {"state", "Succeeded"}, {"startDate", to_rfc3339(kept.made)}};
    if (kept.query.from) out["interval"] = to_rfc3339(*kept.query.from) + "/" + to_rfc3339(*kept.query.until);
    out["serviceName"] = kService;
    return out;
}

json::object service_mapping() {
    json::array entities;
    for (std::size_t i = 0; i < telephony::kEntityTypes; ++i)
        entities.push_back(json::object{{"name", telephony::to_string(static_cast<telephony::EntityType>(i))},
                                        {"actions", json::array{"create", "update", "delete"}}});
    return {{"services", json::array{json::object{{"name", kService}, {"entities", std::move(entities)}}}}};
}

void add_genesys_queries(Router& router, ApiContext& context) {
    const auto kept = std::make_shared<KeptQueries>();
    router.add({"GET", "/api/v2/audits/query/servicemapping", kRead,
                [](ApiRequest, Reply reply) { std::move(reply).json(200, service_mapping()); }});
    router.add({"POST", "/api/v2/audits/query/realtime", kRead, [&context](ApiRequest request, Reply reply) {
                    const auto asked = realtime_query(request, reply);
                    if (!asked) return std::move(reply).error(asked.error());
                    answer_page(context, *asked, genesys_json, std::move(reply));
                }});
    router.add({"POST", "/api/v2/audits/query", kRead, [&context, kept](ApiRequest request, Reply reply) {
                    auto query = genesys_query(request, reply);
                    if (!query) return std::move(reply).error(query.error());
                    KeptQueries::Kept made{context.random.uuid(), std::move(*query), context.clock.wall()};
                    auto out = status_json(made);
                    kept->keep(std::move(made));
                    std::move(reply).json(202, out);
                }});
    router.add({"GET", "/api/v2/audits/query/{transactionId}", kRead, [kept](ApiRequest request, Reply reply) {
                    const auto* found = kept->find(request);
                    if (!found) return std::move(reply).error(not_found("query", request.parameter("transactionId")));
                    std::move(reply).json(200, status_json(*found));
                }});
    router.add({"GET", "/api/v2/audits/query/{transactionId}/results", kRead,
                [&context, kept](ApiRequest request, Reply reply) {
                    const auto* found = kept->find(request);
                    if (!found) return std::move(reply).error(not_found("query", request.parameter("transactionId")));
                    const auto asked = apply_page(request.http, found->query);
                    if (!asked) return std::move(reply).error(asked.error());
                    answer_page(context, *asked, genesys_json, std::move(reply));
                }});
}

}  // namespace

void add_audits(Router& router, ApiContext& context) {
    router.add({"GET", "/api/v2/audits", kRead, [&context](ApiRequest request, Reply reply) {
                    const auto asked = query_of(request);
                    if (!asked) return std::move(reply).error(asked.error());
                    answer_page(context, *asked, plain_json, std::move(reply));
                }});
    router.add({"GET", "/api/v2/audits/verify", kRead,
                [&context](ApiRequest, Reply reply) { verify(context, std::move(reply)); }});
    router.add({"POST", "/api/v2/audits/erase", kErase,
                [&context](ApiRequest request, Reply reply) { erase(context, request, std::move(reply)); }});
    add_genesys_queries(router, context);
}

}  // namespace dp::api

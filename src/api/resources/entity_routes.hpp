#pragma once
/// @file The routes that most configuration resources share: list, read, create, replace and remove one entity type in
/// one JSON shape. A resource gives its collection path, scopes and two functions; what is special about it stays in
/// its own file.

#include <boost/json.hpp>

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include "api/api_context.hpp"
#include "api/genesys/envelope.hpp"
#include "api/http/idempotency.hpp"
#include "api/http/json_writer.hpp"
#include "api/http/kept_bodies.hpp"
#include "api/http/paging.hpp"
#include "api/http/writes.hpp"
#include "base/timed_uuid.hpp"

namespace dp::api {

using Scopes = std::vector<std::string_view>;

template <class T>
struct Shape {
    std::string_view collection;  ///< `/api/v2/users`
    std::string_view item;        ///< `/api/v2/users/{userId}`
    std::string_view parameter;   ///< `userId`
    std::string_view noun;        ///< for messages: "user"
    Scopes read;
    Scopes write;
    std::function<boost::json::object(const T&, const telephony::OrganizationConfig&)> to_json;
    /// Does it match the query's filters? Null: no filters but `name`.
    std::function<bool(const T&, const net::HttpRequest&)> matches = nullptr;
    ScopeRefusal refusal = ScopeRefusal::Forbidden;
    int created = 201;                         ///< what a POST answers; the real API's own shapes say 200
    std::string_view name_parameter = "name";  ///< the query parameter that filters what the list is ordered by
};

/// `*` stands for any run of characters, case ignored.
bool matches_wildcard(std::string_view pattern, std::string_view text);

inline Error not_found(std::string_view noun, std::string_view id) {
    return {ErrorCode::NotFound, "There is no " + std::string(noun) + " with the id " + std::string(id) + ".",
            std::string(id)};
}

template <class T>
std::string etag_of(const T& entity) {
    return "\"" + std::to_string(entity.meta.version) + "\"";
}

/// Answers with one entity and its ETag.
template <class T>
void reply_entity(Reply reply, int status, const Shape<T>& shape, const T& entity,
                  const telephony::OrganizationConfig& config) {
    reply.add_header("ETag", etag_of(entity));
    std::move(reply).json(status, shape.to_json(entity, config));
}

/// Does the query ask for anything but a page?
bool is_filtered(const net::HttpRequest& request);

/// What every name that matches the pattern begins with, as far as the index can use it: case is ignored in patterns
/// and not in the index, so a prefix with letters is of no help; one of a telephone number is.
std::string_view index_prefix(std::string_view pattern);

/// A page under construction: takes the entities in their order and keeps those that belong on it.
template <class T>
struct PageBuilder {
    const Shape<T>& shape;
    const ApiRequest& request;
    const Page& page;
    boost::json::array entities{};
    telephony::Ptr<T> last{};
    bool more = false;

    void show(const telephony::Ptr<T>& entity) {
        entities.push_back(shape.to_json(*entity, request.config()));
        last = entity;
    }
    boost::json::object finish(std::size_t total) && {
        const auto next = more && last ? cursor_of(telephony::ByName::name(*last), last->id.str()) : std::string();
        return list_envelope(request.http, page, total, std::move(entities), next);
    }
};

using ListKey = std::tuple<std::string_view, std::string_view>;

inline ListKey start_of(const Page& page) {
    return page.after ? ListKey(page.after->first, page.after->second) : ListKey();
}

/// Everything is listed: O(log n) per entity shown.
template <class T>
boost::json::object whole_page(PageBuilder<T> out) {
    const auto& index = out.request.config().template by_name<T>();
    const auto start = start_of(out.page);
    const auto first =
        out.page.after ? index.rank(start) + (index.find(start) ? 1 : 0) : (out.page.number - 1) * out.page.size;
    for (std::size_t i = first; i < std::min(index.size(), first + out.page.size); ++i) out.show(index.at(i));
    out.more = first + out.page.size < index.size();
    return std::move(out).finish(index.size());
}

/// Some are: one pass over what may match.
template <class T>
boost::json::object filtered_page(PageBuilder<T> out) {
    const auto pattern = out.request.http.query_value(out.shape.name_parameter);
    const auto prefix = pattern ? index_prefix(*pattern) : std::string_view();
    const auto start = start_of(out.page);
    std::size_t total = 0, skip = out.page.after ? 0 : (out.page.number - 1) * out.page.size;
    const auto take = [&](const telephony::Ptr<T>& entity) {
        const auto name = telephony::ByName::name(*entity);
        if (!name.starts_with(prefix)) return false;  // behind the last that can match
        if ((pattern && !matches_wildcard(*pattern, name)) ||
            (out.shape.matches && !out.shape.matches(*entity, out.request.http)))
            return true;
        ++total;
        if (out.page.after && !(start < telephony::ByName::key(*entity))) return true;
        if (skip > 0) return --skip, true;
        out.entities.size() < out.page.size ? out.show(entity) : void(out.more = true);
        return true;
    };
    out.request.config().template by_name<T>().for_each_from(ListKey(prefix, {}), take);
    return std::move(out).finish(total);
}

template <class T>
boost::json::object entity_page(const Shape<T>& shape, const ApiRequest& request, const Page& page) {
    PageBuilder<T> out{shape, request, page};
    return is_filtered(request.http) ? filtered_page(std::move(out)) : whole_page(std::move(out));
}

/// GET of the collection, in order of names.
template <class T>
void add_list(Router& router, const Shape<T>& shape) {
    router.add({"GET", shape.collection, shape.read,
                [shape](ApiRequest request, Reply reply) {
                    const auto page = page_of(request.http);
                    if (!page) return std::move(reply).error(page.error());
                    std::move(reply).json(200, entity_page(shape, request, *page));
                },
                shape.refusal});
}

/// Answers with one entity; its JSON is made once a revision where the route keeps it.
template <class T>
void reply_read(Reply reply, const Shape<T>& shape, const T& entity, const ApiRequest& request, KeptBodies* kept) {
    if (!kept) return reply_entity(std::move(reply), 200, shape, entity, request.config());
    const auto revision = request.snapshot->revision();
    auto body = kept->find(&entity, revision);
    if (!body) body = kept->keep(&entity, revision, json_text(shape.to_json(entity, request.config())));
    reply.add_header("ETag", etag_of(entity));
    std::move(reply).ready_json(200, std::move(body));
}

/// What an answer's JSON follows from: with live state in it, it is made anew each time.
enum class JsonFrom { LiveState, ConfigurationAlone };

/// GET of the collection, and of one.
template <class T>
void add_reads(Router& router, const Shape<T>& shape, JsonFrom source = JsonFrom::LiveState) {
    add_list(router, shape);
    const auto kept = source == JsonFrom::ConfigurationAlone ? std::make_shared<KeptBodies>() : nullptr;
    router.add({"GET", shape.item, shape.read,
                [shape, kept](ApiRequest request, Reply reply) {
                    const auto& id = request.parameter(shape.parameter);
                    const auto& entity = request.config().template all<T>().find(id);
                    if (!entity) return std::move(reply).error(not_found(shape.noun, id));
                    reply_read(std::move(reply), shape, *entity, request, kept.get());
                },
                shape.refusal});
}

/// What a write answers once it is stored.
template <class T>
telephony::Reply<telephony::Committed> when_stored(Reply reply, const Shape<T>& shape, int status) {
    return [reply = std::move(reply), shape, status](Result<telephony::Committed> done) mutable {
        if (!done) return std::move(reply).error(done.error());
        if (done->entities.empty())
            return std::move(reply).error({ErrorCode::Conflict, "This request was carried out before.", ""});
        const auto& entity = *std::get<telephony::Ptr<T>>(done->entities.front());
        reply_entity(std::move(reply), status, shape, entity, *done->snapshot->organization(entity.meta.organization));
    };
}

/// The entity as the store will have it after this write: what becomes of its meta is known beforehand.
template <class T>
T as_stored(T entity, const telephony::WriteContext& write) {
    auto& meta = entity.meta;
    if (meta.version == 0) meta.created = write.now, meta.created_by = write.actor.id;
    meta.organization = write.organization;
    meta.modified = write.now;
    meta.modified_by = write.actor.id;
    ++meta.version;
    return entity;
}

/// Stores an entity, a new one (version 0) or the present one changed, and answers with it; `once` is shown in this
/// answer alone (a secret). Under an Idempotency-Key one transaction holds entity and answer.
template <class T>
void store_entity(ApiContext& context, const ApiRequest& request, Reply reply, Shape<T> shape, T entity, int status,
                  boost::json::object once = {}) {
    shape.to_json = [to_json = std::move(shape.to_json), once = std::move(once)](const T& each, const auto& config) {
        auto out = to_json(each, config);
        for (const auto& [name, value] : once) out[name] = value;
        return out;
    };
    auto write = write_context(request, context.clock);
    if (write.idempotency)
        keep_answer(write, context.secrets, status,
                    json_text(shape.to_json(as_stored(entity, write), request.config())));
    const auto version = entity.meta.version;
    auto answer = when_stored(std::move(reply), shape, status);
    if (version == telephony::kMustNotExist)
        context.configuration.create(std::move(write), std::move(entity), context.executor, std::move(answer));
    else
        context.configuration.replace(std::move(write), std::move(entity), version, context.executor,
                                      std::move(answer));
}

/// POST, PUT and DELETE. `fill` reads the body's fields into an entity (a fresh one, or the present one for PUT).
template <class T>
void add_writes(Router& router, ApiContext& context, const Shape<T>& shape, std::function<void(JsonReader&, T&)> fill) {
    router.add({"POST", shape.collection, shape.write,
                [shape, fill, &context](ApiRequest request, Reply reply) {
                    auto body = body_of(request);
                    if (!body) return std::move(reply).error(body.error());
                    T entity;
                    const auto id = (*body)->text("id", 64);
                    entity.id = decltype(entity.id)(id ? *id : timed_uuid(context.random, context.clock.wall()));
                    entity.meta.organization = request.caller->organization;
                    if (!is_valid_id(entity.id.str())) (*body)->refuse("id", "must be 1 to 64 of A-Z a-z 0-9 . _ -");
                    (*body)->ignore(kEnvelopeFields);
                    fill(**body, entity);
                    if (auto ok = finish(*body, request, reply); !ok) return std::move(reply).error(ok.error());
                    store_entity(context, request, std::move(reply), shape, std::move(entity), shape.created);
                },
                shape.refusal});
    router.add({"PUT", shape.item, shape.write,
                [shape, fill, &context](ApiRequest request, Reply reply) {
                    const auto& id = request.parameter(shape.parameter);
                    const auto& present = request.config().template all<T>().find(id);
                    if (!present) return std::move(reply).error(not_found(shape.noun, id));
                    auto body = body_of(request);
                    if (!body) return std::move(reply).error(body.error());
                    auto version = expected_version(request, **body);
                    if (!version) return std::move(reply).error(version.error());
                    T entity = *present;
                    (*body)->ignore(kEnvelopeFields);
                    fill(**body, entity);
                    if (auto ok = finish(*body, request, reply); !ok) return std::move(reply).error(ok.error());
                    context.configuration.replace(write_context(request, context.clock), std::move(entity), *version,
                                                  context.executor, when_stored(std::move(reply), shape, 200));
                },
                shape.refusal});
}

/// DELETE answers 204.
template <class T>
void add_remove(Router& router, ApiContext& context, const Shape<T>& shape, telephony::EntityType type) {
    router.add({"DELETE", shape.item, shape.write,
                [shape, type, &context](ApiRequest request, Reply reply) {
                    const std::string id = request.parameter(shape.parameter);
                    if (!request.config().template all<T>().find(id))
                        return std::move(reply).error(not_found(shape.noun, id));
                    const auto version = matched_version(request);
                    if (!version) return std::move(reply).error(version.error());
                    context.configuration.remove(
                        write_context(request, context.clock), type, id, *version, context.executor,
                        [reply = std::move(reply)](Result<telephony::Committed> done) mutable {
                            done ? std::move(reply).empty(204) : std::move(reply).error(done.error());
                        });
                },
                shape.refusal});
}

}  // namespace dp::api

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
#include "api/http/paging.hpp"
#include "api/http/writes.hpp"

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
    int created = 201;  ///< what a POST answers; the real API's own shapes say 200
};

/// `*` stands for any run of characters, case ignored.
bool matches_wildcard(std::string_view pattern, std::string_view text);

inline Error not_found(std::string_view noun, std::string_view id) {
    return {ErrorCode::NotFound, "There is no " + std::string(noun) + " with the id " + std::string(id) + ".",
            std::string(id)};
}

/// Answers with one entity and its ETag.
template <class T>
void reply_entity(Reply reply, int status, const Shape<T>& shape, const T& entity,
                  const telephony::OrganizationConfig& config) {
    reply.add_header("ETag", "\"" + std::to_string(entity.meta.version) + "\"");
    std::move(reply).json(status, shape.to_json(entity, config));
}

/// GET of the collection, in order of names, and of one.
template <class T>
void add_reads(Router& router, const Shape<T>& shape) {
    router.add({"GET", shape.collection, shape.read,
                [shape](ApiRequest request, Reply reply) {
                    const auto page = page_of(request.http);
                    if (!page) return std::move(reply).error(page.error());
                    const auto name = request.http.query_value("name");
                    std::vector<telephony::Ptr<T>> found;
                    request.config().template all<T>().for_each([&](const telephony::Ptr<T>& entity) {
                        if ((!name || matches_wildcard(*name, entity->name)) &&
                            (!shape.matches || shape.matches(*entity, request.http)))
                            found.push_back(entity);
                    });
                    std::ranges::sort(found, [](const auto& a, const auto& b) {
                        return std::tie(a->name, a->id) < std::tie(b->name, b->id);
                    });
                    std::move(reply).json(200, list_envelope(request.http, *page, found.size(), [&](std::size_t i) {
                                              return shape.to_json(*found[i], request.config());
                                          }));
                },
                shape.refusal});
    router.add({"GET", shape.item, shape.read,
                [shape](ApiRequest request, Reply reply) {
                    const auto& id = request.parameter(shape.parameter);
                    const auto& entity = request.config().template all<T>().find(id);
                    if (!entity) return std::move(reply).error(not_found(shape.noun, id));
                    reply_entity(std::move(reply), 200, shape, *entity, request.config());
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

/// POST, PUT and DELETE. `fill` reads the body's fields into an entity (a fresh one, or the present one for PUT).
template <class T>
void add_writes(Router& router, ApiContext& context, const Shape<T>& shape, std::function<void(JsonReader&, T&)> fill) {
    router.add({"POST", shape.collection, shape.write,
                [shape, fill, &context](ApiRequest request, Reply reply) {
                    auto body = body_of(request);
                    if (!body) return std::move(reply).error(body.error());
                    T entity;
                    const auto id = (*body)->text("id", 64);
                    entity.id = decltype(entity.id)(id ? *id : context.random.uuid());
                    entity.meta.organization = request.caller.organization;
                    if (!is_valid_id(entity.id.str())) (*body)->refuse("id", "must be 1 to 64 of A-Z a-z 0-9 . _ -");
                    (*body)->ignore(kEnvelopeFields);
                    fill(**body, entity);
                    if (auto ok = finish(*body, request, reply); !ok) return std::move(reply).error(ok.error());
                    context.configuration.create(write_context(request, context.clock), std::move(entity),
                                                 context.executor, when_stored(std::move(reply), shape, shape.created));
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

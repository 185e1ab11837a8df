#include "app/cli/resource_client.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "app/cli/documents.hpp"
#include "net/http_message.hpp"

namespace dp::app::cli {

namespace json = boost::json;

namespace {

constexpr int kPageSize = 200;

Result<ApiAnswer> checked(Result<ApiAnswer> answer) {
    if (answer && answer->status >= 400) return std::unexpected(error_of(*answer));
    return answer;
}

std::string first_page(const ResourceKind& kind, const Filters& filters) {
    std::string out = fmt::format("{}?pageSize={}", kind.collection, kPageSize);
    for (const auto& [name, value] : filters) out += "&" + net::percent_encode(name) + "=" + net::percent_encode(value);
    return out;
}

std::int64_t integer_at(const json::value& object, std::string_view name) {
    const auto* value = member_at(object, name);
    return value && value->is_int64() ? value->get_int64() : 0;
}

Error not_there(const ResourceKind& kind, std::string_view name) {
    return {ErrorCode::NotFound, fmt::format("There is no {} among the {}.", name, kind.name), std::string(name)};
}

}  // namespace

namespace {

bool holds_each(const json::array& live, const json::array& said) {
    return live.size() == said.size() && std::ranges::equal(live, said, holds);
}

}  // namespace

bool holds(const json::value& live, const json::value& said) {
    if (said.is_array() && live.is_array()) return holds_each(live.get_array(), said.get_array());
    if (!said.is_object()) return live == said;
    return live.is_object() && std::ranges::all_of(said.get_object(), [&](const auto& member) {
               const auto* there = live.get_object().if_contains(member.key());
               return there ? holds(*there, member.value()) : member.value().is_null();
           });
}

Result<json::array> ResourceClient::list(const ResourceKind& kind, const Filters& filters) {
    if (kind.collection.empty())
        return fail(ErrorCode::InvalidValue, fmt::format("There is no list of {}: give an id.", kind.name));
    json::array out;
    // Who follows nextUri misses and doubles nothing, whatever is written meanwhile.
    for (auto path = first_page(kind, filters); !path.empty();) {
        DP_TRY(body, session_.request("GET", path));
        const auto* entities = member_at(body, kind.list_member);
        if (!entities || !entities->is_array())
            return fail(ErrorCode::MalformedInput, "The server's answer is not a list.");
        for (const auto& entity : entities->get_array()) out.push_back(entity);
        path = text_at(body, "nextUri");
    }
    return out;
}

/// Below its owner, where it has one: the list says whose it is.
Result<std::string> ResourceClient::path_to(const ResourceKind& kind, std::string_view id) {
    if (kind.owner.empty()) return item_path(kind, id);
    DP_TRY(all, list(kind, {}));
    for (const auto& entity : all)
        if (text_at(entity, "id") == id) return item_path(kind, id, text_at(entity, kind.owner));
    return std::unexpected(not_there(kind, id));
}

Result<ApiAnswer> ResourceClient::exchange(std::string_view method, const ResourceKind& kind, std::string_view id,
                                           const std::string& body, const ApiSession::Headers& headers) {
    DP_TRY(path, path_to(kind, id));
    return checked(session_.exchange(method, path, body, headers));
}

Result<std::string> ResourceClient::id_by_key(const ResourceKind& kind, std::string_view key) {
    if (kind.natural_key.empty() || kind.collection.empty()) return std::unexpected(not_there(kind, key));
    DP_TRY(found, list(kind, {{std::string(kind.natural_key), std::string(key)}}));
    std::vector<std::string> ids;
    for (const auto& entity : found)
        if (text_at(entity, kind.natural_key) == key) ids.push_back(text_at(entity, "id"));
    if (ids.empty()) return std::unexpected(not_there(kind, key));
    if (ids.size() > 1)
        return fail(ErrorCode::Conflict, fmt::format("{} of the {} have the {} {}: give an id.", ids.size(), kind.name,
                                                     kind.natural_key, key));
    return ids.front();
}

Result<ApiAnswer> ResourceClient::read(const ResourceKind& kind, std::string_view name) {
    auto answer = exchange("GET", kind, name);
    if (answer || answer.error().code != ErrorCode::NotFound) return answer;
    auto id = id_by_key(kind, name);
    if (!id) return std::unexpected(id.error().code == ErrorCode::Conflict ? id.error() : answer.error());
    return exchange("GET", kind, *id);
}

Result<std::optional<ApiAnswer>> ResourceClient::find(const ResourceKind& kind, std::string_view id,
                                                      std::string_view key) {
    std::string wanted(id);
    if (wanted.empty()) {
        if (key.empty())
            return fail(ErrorCode::MissingField, fmt::format("A document of the {} needs an id or a {}.", kind.name,
                                                             kind.natural_key.empty() ? "kind" : kind.natural_key));
        auto found = id_by_key(kind, key);
        if (!found && found.error().code == ErrorCode::NotFound) return std::optional<ApiAnswer>{};
        if (!found) return std::unexpected(found.error());
        wanted = *found;
    }
    auto answer = exchange("GET", kind, wanted);
    if (!answer && answer.error().code == ErrorCode::NotFound && !kind.collection.empty())
        return std::optional<ApiAnswer>{};
    if (!answer) return std::unexpected(answer.error());
    if (text_at(answer->body, "id").empty() && answer->body.is_object()) answer->body.get_object()["id"] = wanted;
    return std::optional(std::move(*answer));
}

Result<std::pair<Applied, std::string>> ResourceClient::apply(const ResourceKind& kind, json::object document) {
    const json::value said(document);
    DP_TRY(present, find(kind, text_at(said, "id"), kind.natural_key.empty() ? "" : text_at(said, kind.natural_key)));
    if (!present) {
        const auto owner = kind.owner.empty() ? "" : text_at(said, kind.owner);
        if (!kind.owner.empty() && owner.empty())
            return fail(ErrorCode::MissingField, fmt::format("A document of the {} needs {}.", kind.name, kind.owner));
        const auto path = creation_path(kind, owner);
        DP_TRY(made, checked(session_.exchange("POST", path, json::serialize(document))));
        return std::pair(Applied::Created, text_at(made.body, "id"));
    }
    const auto id = text_at(present->body, "id");
    const auto version = integer_at(said, "version");
    const bool is_of_now = version == 0 || version == integer_at(present->body, "version");
    document.erase("version");
    if (is_of_now && holds(present->body, document)) return std::pair(Applied::Unchanged, id);
    const auto match = version == 0 ? present->etag : fmt::format("\"{}\"", version);
    ApiSession::Headers headers;
    if (!match.empty()) headers.emplace_back("If-Match", match);
    DP_CHECK(exchange("PUT", kind, id, json::serialize(document), headers));
    return std::pair(Applied::Replaced, id);
}

Result<ApiAnswer> ResourceClient::remove(const ResourceKind& kind, std::string_view name) {
    auto answer = exchange("DELETE", kind, name);
    if (answer || answer.error().code != ErrorCode::NotFound) return answer;
    auto id = id_by_key(kind, name);
    if (!id) return std::unexpected(id.error().code == ErrorCode::Conflict ? id.error() : answer.error());
    return exchange("DELETE", kind, *id);
}

}  // namespace dp::app::cli

/// @file `dialplane get`, `list` and `delete`.
#include <fmt/format.h>

#include <boost/json.hpp>
#include <fstream>
#include <iostream>
#include <iterator>

#include "app/cli/commands.hpp"
#include "app/cli/documents.hpp"
#include "app/cli/resource_client.hpp"
#include "app/cli/text_table.hpp"

namespace dp::app::cli {

namespace json = boost::json;

namespace {

/// With `kind` in front: what `get` prints, `apply` takes.
json::value as_document(const ResourceKind& kind, const json::value& entity) {
    json::object out{{"kind", kind.name}};
    if (entity.is_object())
        for (const auto& [key, value] : entity.get_object()) out[key] = value;
    return out;
}

/// A cell: text as it is, an array of texts with commas, anything else as JSON.
std::string cell_of(const json::value* value) {
    if (!value || value->is_null()) return "";
    if (value->is_string()) return std::string(value->get_string());
    if (!value->is_array()) return json::serialize(*value);
    std::string out;
    for (const auto& item : value->get_array())
        out += (out.empty() ? "" : ",") + (item.is_string() ? std::string(item.get_string()) : json::serialize(item));
    return out;
}

/// `routing.callflowId` → `ROUTING.CALLFLOWID`.
std::string heading_of(std::string_view column) {
    std::string out(column);
    for (char& c : out) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    return out;
}

std::string table_of(const ResourceKind& kind, const json::array& entities) {
    std::vector<std::vector<std::string>> rows(1);
    for (const auto column : kind.columns) rows.front().push_back(heading_of(column));
    for (const auto& entity : entities) {
        auto& row = rows.emplace_back();
        for (const auto column : kind.columns) row.push_back(cell_of(member_at(entity, column)));
    }
    return text_table(rows);
}

std::string yaml_documents(const ResourceKind& kind, const json::array& entities) {
    std::string out;
    for (const auto& entity : entities) out += (out.empty() ? "" : "---\n") + to_yaml(as_document(kind, entity));
    return out;
}

std::string rendered(const ResourceKind& kind, const json::array& entities, Format format) {
    if (format == Format::Table) return table_of(kind, entities);
    if (format == Format::Yaml) return yaml_documents(kind, entities);
    json::array documents;
    for (const auto& entity : entities) documents.push_back(as_document(kind, entity));
    return to_pretty_json(documents);
}

Result<Filters> filters_of(const std::vector<std::string>& words) {
    Filters out;
    for (const auto& word : words) {
        const auto equals = word.find('=');
        if (equals == std::string::npos || equals == 0)
            return fail(ErrorCode::InvalidValue, "--filter must be NAME=VALUE.", "filter");
        out.emplace_back(word.substr(0, equals), word.substr(equals + 1));
    }
    return out;
}

Result<std::string> got(const GetCommand& command) {
    DP_TRY(kind, resource_kind(command.resource));
    DP_TRY(session, connect(command.connection));
    DP_TRY(answer, ResourceClient(*session).read(*kind, command.id));
    if (command.format == Format::Json) return to_pretty_json(as_document(*kind, answer.body));
    return rendered(*kind, json::array{answer.body}, command.format);
}

Result<std::string> listed(const ListCommand& command) {
    DP_TRY(kind, resource_kind(command.resource));
    DP_TRY(filters, filters_of(command.filters));
    DP_TRY(session, connect(command.connection));
    DP_TRY(entities, ResourceClient(*session).list(*kind, filters));
    return rendered(*kind, entities, command.format);
}

Result<void> remove_all(const DeleteCommand& command) {
    DP_TRY(kind, resource_kind(command.resource));
    DP_TRY(session, connect(command.connection));
    for (const auto& id : command.ids) {
        DP_TRY(answer, ResourceClient(*session).remove(*kind, id));
        // 202: what is on its way says how far it is (a number that the carrier takes back).
        const auto state = answer.status == 202 ? text_at(answer.body, "state") : "";
        fmt::print("{}/{} {}\n", kind->name, id, state.empty() ? "deleted" : state);
    }
    return {};
}

int print_or_complain(const Result<std::string>& text) {
    if (!text) return complain(text.error());
    fmt::print("{}", *text);
    return kDone;
}

}  // namespace

int complain(const Error& error) {
    fmt::print(stderr, "dialplane: {}\n", one_line(error.detail));
    return kFailed;
}

Result<std::string> read_text(const std::string& file) {
    if (file == "-") return std::string{std::istreambuf_iterator<char>(std::cin), {}};
    std::ifstream in(file);
    if (!in) return fail(ErrorCode::NotFound, fmt::format("{} cannot be read.", file));
    return std::string{std::istreambuf_iterator<char>(in), {}};
}

int get_resource(const GetCommand& command) {
    return print_or_complain(got(command));
}

int list_resources(const ListCommand& command) {
    return print_or_complain(listed(command));
}

int delete_resources(const DeleteCommand& command) {
    const auto done = remove_all(command);
    return done ? kDone : complain(done.error());
}

}  // namespace dp::app::cli

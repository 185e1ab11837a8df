#pragma once
/// @file The one table of what `get`, `list`, `apply` and `delete` know: a name on the command line, a path of the API,
/// the columns of a list. A resource that the API gains is one row.
///
/// Constant data. Shapes: the OpenAPI document; a test holds each path against it.

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace dp::app::cli {

struct ResourceKind {
    std::string_view name;
    std::vector<std::string_view> aliases;
    std::string_view collection;  ///< empty: there is no list
    /// Members of the JSON that a list shows, dots for nesting; the first is what names one in messages.
    std::vector<std::string_view> columns;
    /// What a document or an argument may name one by, instead of its id.
    std::string_view natural_key = "name";
    std::string_view list_member = "entities";  ///< of the list's answer
    std::string_view item = "";                 ///< with `{id}`; empty: collection + "/{id}"
    /// The member that names what one belongs to, when its path is below that (`{owner}` in `item`); the list has all.
    std::string_view owner = "";
};

const std::vector<ResourceKind>& resource_kinds();
/// InvalidValue with the names there are.
Result<const ResourceKind*> resource_kind(std::string_view name);

std::string item_path(const ResourceKind& kind, std::string_view id, std::string_view owner = {});
/// Where a new one is sent.
std::string creation_path(const ResourceKind& kind, std::string_view owner);

}  // namespace dp::app::cli

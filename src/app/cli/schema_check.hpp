#pragma once
/// @file A value against a schema of the OpenAPI document that the server serves.
///
/// Pure. The part of JSON Schema 2020-12 that the document uses: `$ref`, allOf, oneOf, anyOf, type, enum, required,
/// properties, additionalProperties, items, minimum, maximum, minLength, maxLength. Beyond it: a member that an object's
/// schema does not know is a fault, unless additionalProperties says otherwise; absent and read-only members are the
/// caller's business.

#include <boost/json/object.hpp>

#include <string>
#include <string_view>

namespace dp::app::cli {

/// Empty when `value` is as `components.schemas.NAME` says, else a sentence that names field and rule.
std::string schema_fault(const boost::json::value& document, std::string_view name, const boost::json::value& value);

/// Does the document have this path?
bool has_path(const boost::json::value& document, std::string_view path);

}  // namespace dp::app::cli

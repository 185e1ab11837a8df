#pragma once
/// @file Documents of the command line: YAML or JSON text to JSON values and back.
///
/// Pure. Plain YAML scalars are read by the YAML 1.2 core schema, with one difference: what begins with `+` is text, so
/// that a number in E.164 needs no quotes. A key that stands twice in one mapping is an error, as are more than 64
/// levels. Errors name the line.

#include <boost/json/value.hpp>

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace dp::app::cli {

/// One or many: YAML documents divided by `---`, a JSON value, or a JSON array of documents. Each is an object.
Result<std::vector<boost::json::value>> read_documents(const std::string& text);

/// Block style; a string that would be read as something else is quoted.
std::string to_yaml(const boost::json::value& value);
/// Indented by two.
std::string to_pretty_json(const boost::json::value& value);

/// The member at a path of names with dots between; null when something on the way is not there.
const boost::json::value* member_at(const boost::json::value& object, std::string_view path);
/// The text there; empty when there is none.
std::string text_at(const boost::json::value& object, std::string_view path);

}  // namespace dp::app::cli

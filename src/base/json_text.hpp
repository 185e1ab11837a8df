#pragma once
/// @file Writing JSON text without a tree: for documents and events that are built once and read by a real parser.
/// Pure.

#include <string>
#include <string_view>

namespace dp {

/// `value` as a JSON string with its quotation marks (RFC 8259 section 7). Octets that are no UTF-8 become U+FFFD.
void append_json_string(std::string& out, std::string_view value);

}  // namespace dp

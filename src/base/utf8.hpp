#pragma once
/// @file UTF-8 (RFC 3629): text from the network that is to stand in JSON must be it. Pure functions.

#include <string>
#include <string_view>

namespace dp {

bool is_valid_utf8(std::string_view text);
/// The text with every octet that belongs to no valid sequence replaced by U+FFFD.
std::string to_valid_utf8(std::string_view text);

}  // namespace dp

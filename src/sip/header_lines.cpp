#include "sip/header_lines.hpp"

#include <algorithm>

#include "sip/grammar.hpp"

namespace dp::sip {

bool HeaderLines::add(std::string_view name, std::string_view value) {
    const auto is_control = [](char c) { return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7F; };
    if (!is_token(name) || std::ranges::any_of(value, is_control)) return false;
    text_.append(name).append(": ").append(value).append("\r\n");
    return true;
}

}  // namespace dp::sip

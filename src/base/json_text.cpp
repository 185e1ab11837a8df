#include "base/json_text.hpp"

#include "base/utf8.hpp"

namespace dp {
namespace {

bool is_plain(char c) {
    return static_cast<unsigned char>(c) >= 0x20 && c != '"' && c != '\\';
}

void append_escaped(std::string& out, char c) {
    static constexpr std::string_view kDigits = "0123456789abcdef";
    switch (c) {
        case '"':
            out += "\\\"";
            return;
        case '\\':
            out += "\\\\";
            return;
        case '\n':
            out += "\\n";
            return;
        case '\r':
            out += "\\r";
            return;
        case '\t':
            out += "\\t";
            return;
        default:
            break;
    }
    out += "\\u00";
    out += kDigits[static_cast<unsigned char>(c) >> 4U];
    out += kDigits[static_cast<unsigned char>(c) & 15U];
}

}  // namespace

void append_json_string(std::string& out, std::string_view value) {
    if (!is_valid_utf8(value)) return append_json_string(out, to_valid_utf8(value));
    out += '"';
    while (!value.empty()) {
        std::size_t plain = 0;
        while (plain < value.size() && is_plain(value[plain])) ++plain;
        out.append(value.substr(0, plain));
        if (plain < value.size()) append_escaped(out, value[plain++]);
        value.remove_prefix(plain);
    }
    out += '"';
}

}  // namespace dp

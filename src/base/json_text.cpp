#include "base/json_text.hpp"

#include "base/utf8.hpp"

namespace dp {
namespace {

/// Stands for itself and is ASCII.
bool is_plain(char c) {
    const auto octet = static_cast<unsigned char>(c);
    return octet >= 0x20 && octet < 0x80 && c != '"' && c != '\\';
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
    const std::size_t start = out.size();
    out += '"';
    bool checked = false;
    for (std::string_view rest = value; !rest.empty();) {
        std::size_t plain = 0;
        while (plain < rest.size() && is_plain(rest[plain])) ++plain;
        out.append(rest.substr(0, plain));
        rest.remove_prefix(plain);
        if (rest.empty()) break;
        if (static_cast<unsigned char>(rest.front()) < 0x80) {
            append_escaped(out, rest.front());
        } else {
            if (!checked && !is_valid_utf8(rest)) {
                out.resize(start);
                return append_json_string(out, to_valid_utf8(value));
            }
            checked = true;
            out += rest.front();
        }
        rest.remove_prefix(1);
    }
    out += '"';
}

}  // namespace dp

#include "telephony/events/event.hpp"

#include <fmt/format.h>

#include "base/utf8.hpp"

namespace dp::telephony {
namespace {

// RFC 8259 section 7: quotation mark, reverse solidus and control characters are escaped.
void append_escaped(std::string& out, char c) {
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
    if (static_cast<unsigned char>(c) < 0x20)
        out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    else
        out += c;
}

// What comes from the network (a caller's display name) may be no UTF-8 and must not make the log unreadable.
void append_string(std::string& out, std::string_view value) {
    const std::string replaced = is_valid_utf8(value) ? std::string() : to_valid_utf8(value);
    out += '"';
    for (const char c : replaced.empty() ? value : std::string_view(replaced)) append_escaped(out, c);
    out += '"';
}

}  // namespace

void Payload::key(std::string_view name) {
    if (body_.size() > 1) body_ += ',';
    append_string(body_, name);
    body_ += ':';
}

Payload& Payload::text(std::string_view name, std::string_view value) {
    key(name);
    append_string(body_, value);
    return *this;
}

Payload& Payload::number(std::string_view name, std::int64_t value) {
    key(name);
    body_ += std::to_string(value);
    return *this;
}

Payload& Payload::flag(std::string_view name, bool value) {
    key(name);
    body_ += value ? "true" : "false";
    return *this;
}

}  // namespace dp::telephony

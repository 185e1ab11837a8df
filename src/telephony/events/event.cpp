#include "telephony/events/event.hpp"

#include <fmt/format.h>

namespace dp::telephony {
namespace {

// RFC 8259 section 7: quotation mark, reverse solidus and control characters are escaped. What is not UTF-8 comes from
// the network (a caller's display name) and must not make the log unreadable: such octets are replaced.
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

std::size_t sequence_length(unsigned char lead) {
    if (lead < 0x80) return 1;
    if (lead >= 0xC2 && lead <= 0xDF) return 2;
    if (lead >= 0xE0 && lead <= 0xEF) return 3;
    return lead >= 0xF0 && lead <= 0xF4 ? 4 : 0;
}

// RFC 3629 section 4: also no surrogates, no overlong forms, nothing above U+10FFFF.
bool second_octet_fits(unsigned char lead, unsigned char second) {
    switch (lead) {
        case 0xE0:
            return second >= 0xA0;
        case 0xED:
            return second <= 0x9F;
        case 0xF0:
            return second >= 0x90;
        case 0xF4:
            return second <= 0x8F;
        default:
            return true;
    }
}

std::size_t valid_sequence(std::string_view rest) {
    const std::size_t length = sequence_length(static_cast<unsigned char>(rest[0]));
    if (length == 0 || length > rest.size()) return 0;
    for (std::size_t i = 1; i < length; ++i)
        if ((static_cast<unsigned char>(rest[i]) & 0xC0U) != 0x80) return 0;
    if (length > 1 && !second_octet_fits(static_cast<unsigned char>(rest[0]), static_cast<unsigned char>(rest[1])))
        return 0;
    return length;
}

void append_string(std::string& out, std::string_view value) {
    out += '"';
    while (!value.empty()) {
        const std::size_t length = valid_sequence(value);
        if (length == 0)
            out += "\xEF\xBF\xBD";
        else if (length == 1)
            append_escaped(out, value[0]);
        else
            out.append(value.substr(0, length));
        value.remove_prefix(length == 0 ? 1 : length);
    }
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

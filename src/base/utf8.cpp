#include "base/utf8.hpp"

namespace dp {
namespace {

std::size_t length_by_lead(unsigned char lead) {
    if (lead < 0x80) return 1;
    if (lead >= 0xC2 && lead <= 0xDF) return 2;
    if (lead >= 0xE0 && lead <= 0xEF) return 3;
    return lead >= 0xF0 && lead <= 0xF4 ? 4 : 0;
}

// RFC 3629 section 4: no overlong forms, no surrogates, nothing above U+10FFFF.
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

// The length of the sequence that `rest` begins with; 0 when it begins with none.
std::size_t sequence_length(std::string_view rest) {
    const auto octet = [&](std::size_t i) { return static_cast<unsigned char>(rest[i]); };
    const std::size_t length = length_by_lead(octet(0));
    if (length == 0 || length > rest.size()) return 0;
    for (std::size_t i = 1; i < length; ++i)
        if ((octet(i) & 0xC0U) != 0x80) return 0;
    return length == 1 || second_octet_fits(octet(0), octet(1)) ? length : 0;
}

}  // namespace

bool is_valid_utf8(std::string_view text) {
    while (!text.empty()) {
        const std::size_t length = sequence_length(text);
        if (length == 0) return false;
        text.remove_prefix(length);
    }
    return true;
}

std::string to_valid_utf8(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    while (!text.empty()) {
        const std::size_t length = sequence_length(text);
        if (length == 0)
            out += "\xEF\xBF\xBD";
        else
            out.append(text.substr(0, length));
        text.remove_prefix(length == 0 ? 1 : length);
    }
    return out;
}

}  // namespace dp

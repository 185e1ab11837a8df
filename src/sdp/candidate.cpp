#include "base/ascii.hpp"
#include "sdp/session_description.hpp"

namespace dp::sdp {
namespace {

/// Takes the next word off `text`.
std::string_view next_word(std::string_view& text) {
    text = ascii::trim(text);
    const std::size_t end = text.find(' ');
    const std::string_view word = text.substr(0, end);
    text.remove_prefix(word.size());
    return word;
}

/// RFC 8839 5.1 puts extensions last as name and value pairs; only tcptype says anything to us.
void read_extensions(std::string_view rest, Candidate& out) {
    while (true) {
        const std::string_view name = next_word(rest);
        const std::string_view value = next_word(rest);
        if (name.empty() || value.empty()) return;
        if (ascii::iequals(name, "tcptype")) out.tcp_type = ascii::lower(value);
    }
}

bool read_numbers(std::string_view component, std::string_view priority, std::string_view port, Candidate& out) {
    const auto c = ascii::parse_decimal<std::uint16_t>(component);
    const auto p = ascii::parse_decimal<std::uint32_t>(priority);
    const auto n = ascii::parse_decimal<std::uint16_t>(port);
    if (!c || !p || !n || *c == 0 || *c > 256) return false;
    out.component = *c;
    out.priority = *p;
    out.port = *n;
    return true;
}

}  // namespace

std::optional<Candidate> parse_candidate(std::string_view value) {
    Candidate out;
    std::string_view rest = value;
    out.foundation = next_word(rest);
    const std::string_view component = next_word(rest);
    out.transport = ascii::lower(next_word(rest));
    const std::string_view priority = next_word(rest);
    out.host = next_word(rest);
    const std::string_view port = next_word(rest);
    if (!read_numbers(component, priority, port, out)) return std::nullopt;
    if (!ascii::iequals(next_word(rest), "typ")) return std::nullopt;
    out.type = ascii::lower(next_word(rest));
    if (out.type.empty() || out.foundation.size() > 32 || out.host.size() > 255) return std::nullopt;
    out.address = IpAddress::parse(out.host);
    read_extensions(rest, out);
    return out;
}

}  // namespace dp::sdp

#include "sip/name_addr.hpp"

#include "sip/limits.hpp"

namespace dp::sip {
namespace {

// *(token LWS) of RFC 3261 25.1; octets of UTF-8 are let through, many phones send them bare.
bool is_bare_display(std::string_view text, Strictness strictness) {
    for (char c : text) {
        if (c == '"') return false;
        const bool fine = is_class(c, kToken) || ascii::is_space(c) || static_cast<unsigned char>(c) >= 0x80;
        if (!fine && strictness == Strictness::Request) return false;
    }
    return true;
}

std::size_t skip_space(std::string_view text, std::size_t pos) {
    while (pos < text.size() && ascii::is_space(text[pos])) ++pos;
    return pos;
}

}  // namespace

Result<NameAddr> NameAddr::parse(std::string_view value, Strictness strictness) {
    NameAddr out;
    const std::string_view problem = parse_into(value, strictness, out);
    if (!problem.empty()) return fail(ErrorCode::MalformedInput, std::string(problem));
    return out;
}

std::string_view NameAddr::parse_into(std::string_view value, Strictness strictness, NameAddr& out) {
    value = ascii::trim(value);
    out = NameAddr{};
    if (value.size() > limits::kHeaderLine) return "address too long";
    out.base_ = value.data();
    out.size_ = static_cast<std::uint16_t>(value.size());

    std::size_t open = 0;
    if (value.starts_with('"')) {
        const std::size_t end = quoted_end(value);
        if (end == std::string_view::npos) return "unbalanced quotes in an address";
        out.display_ = {0, static_cast<std::uint16_t>(end)};
        open = skip_space(value, end);
        if (open >= value.size() || value[open] != '<') return "display name without address";
    } else {
        open = value.find('<');
    }
    if (open == std::string_view::npos) {
        const std::size_t end = std::min(value.find(';'), value.size());
        if (auto problem = UriView::parse_into(ascii::trim(value.substr(0, end)), out.uri_); !problem.empty())
            return problem;
        // RFC 3261 20.10: with a `?` the URI needs its brackets.
        if (!out.uri_.headers().empty()) return "URI with headers needs angle brackets";
        return out.take_params(end);
    }

    if (out.display_.size == 0) {
        const std::string_view display = ascii::trim(value.substr(0, open));
        if (!is_bare_display(display, strictness)) return "malformed display name";
        out.display_.size = static_cast<std::uint16_t>(display.size());
    }
    const std::size_t close = value.find('>', open);
    if (close == std::string_view::npos) return "unclosed angle bracket in an address";
    out.bracketed_ = true;
    if (auto problem = UriView::parse_into(value.substr(open + 1, close - open - 1), out.uri_); !problem.empty())
        return problem;
    return out.take_params(skip_space(value, close + 1));
}

std::string_view NameAddr::take_params(std::size_t start) {
    params_ = {static_cast<std::uint16_t>(start), static_cast<std::uint16_t>(size_ - start)};
    std::string_view rest = text().substr(start);
    std::size_t seen = 0;
    while (!rest.empty()) {
        Param param;
        if (rest.front() != ';' || ++seen > limits::kParameters || !take_param(rest, param))
            return "malformed parameter in an address";
        if (tag_.size != 0 || !ascii::iequals(param.name, "tag")) continue;
        tag_ = {static_cast<std::uint16_t>(param.value.data() - base_), static_cast<std::uint16_t>(param.value.size())};
    }
    return tag_.size > limits::kIdentifier ? "tag too long" : std::string_view{};
}

}  // namespace dp::sip

#include "sip/grammar.hpp"

#include "sip/limits.hpp"

namespace dp::sip {
namespace {

constexpr int hex_value(char c) {
    if (ascii::is_digit(c)) return c - '0';
    return ascii::to_lower(c) - 'a' + 10;
}

bool is_escape_at(std::string_view text, std::size_t at) {
    return text[at] == '%' && at + 2 < text.size() && ascii::is_hex(text[at + 1]) && ascii::is_hex(text[at + 2]);
}

bool is_control(char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
}

// One `name[=value]` out of `segment`; false when it is none.
bool split_param(std::string_view segment, Param& out) {
    segment = ascii::trim(segment);
    const std::size_t equals = segment.find('=');
    out.has_value = equals != std::string_view::npos;
    out.name = ascii::trim(segment.substr(0, equals));
    out.value = out.has_value ? ascii::trim(segment.substr(equals + 1)) : std::string_view{};
    return !out.name.empty();
}

std::size_t skip_space(std::string_view text, std::size_t pos) {
    while (pos < text.size() && ascii::is_space(text[pos])) ++pos;
    return pos;
}

// Behind the parameter value at `begin`: a quoted string, or anything up to white space, `;` or a quote. npos when
// there is none.
std::size_t value_end(std::string_view text, std::size_t begin) {
    std::size_t at = begin;
    if (at < text.size() && text[at] == '"') {
        const std::size_t end = quoted_end(text.substr(at));
        return end == std::string_view::npos ? end : at + end;
    }
    while (at < text.size() && !is_class(text[at], kParamEnd)) ++at;
    return at == begin ? std::string_view::npos : at;
}

}  // namespace

bool is_all(std::string_view text, CharClass wanted) {
    if (text.empty()) return false;
    for (char c : text)
        if (!is_class(c, wanted)) return false;
    return true;
}

std::size_t quoted_end(std::string_view text) {
    for (std::size_t i = 1; i < text.size(); ++i) {
        if (text[i] == '\\')
            ++i;
        else if (text[i] == '"')
            return i + 1;
    }
    return std::string_view::npos;
}

std::size_t find_outside_quotes(std::string_view text, char wanted, Angles angles) {
    bool in_angles = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (c == wanted && !in_angles) return i;
        if (c == '"' && !in_angles) {
            const std::size_t end = quoted_end(text.substr(i));
            if (end == std::string_view::npos) return end;
            i += end - 1;
        } else if (angles == Angles::Skip && c == '<') {
            in_angles = true;
        } else if (angles == Angles::Skip && c == '>') {
            in_angles = false;
        }
    }
    return std::string_view::npos;
}

std::string unquote(std::string_view text) {
    const bool quoted = text.size() >= 2 && text.front() == '"' && text.back() == '"';
    if (quoted) text = text.substr(1, text.size() - 2);
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (quoted && text[i] == '\\' && i + 1 < text.size()) ++i;
        if (!is_control(text[i])) out += text[i];
    }
    return out;
}

std::string unescape(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (is_escape_at(text, i)) {
            out += static_cast<char>(hex_value(text[i + 1]) * 16 + hex_value(text[i + 2]));
            i += 2;
        } else {
            out += text[i];
        }
    }
    return out;
}

std::string escape(std::string_view text, CharClass allowed) {
    static constexpr std::string_view kDigits = "0123456789ABCDEF";
    std::string out;
    out.reserve(text.size());
    for (char c : text) {
        if (is_class(c, allowed) && c != '%') {
            out += c;
        } else {
            const auto octet = static_cast<unsigned char>(c);
            out += '%';
            out += kDigits[octet >> 4U];
            out += kDigits[octet & 15U];
        }
    }
    return out;
}

bool take_param(std::string_view& rest, Param& out) {
    const std::size_t name = skip_space(rest, 1);  // behind the `;`
    std::size_t at = name;
    while (at < rest.size() && is_class(rest[at], kToken)) ++at;
    out.name = rest.substr(name, at - name);
    out.value = {};
    at = skip_space(rest, at);
    out.has_value = at < rest.size() && rest[at] == '=';
    if (out.has_value) {
        const std::size_t value = skip_space(rest, at + 1);
        at = value_end(rest, value);
        if (at == std::string_view::npos) return false;
        out.value = rest.substr(value, at - value);
        at = skip_space(rest, at);
    }
    rest.remove_prefix(at);
    return !out.name.empty() && (rest.empty() || rest.front() == ';');
}

void ParamList::iterator::advance() {
    done_ = true;
    while (!rest_.empty()) {
        rest_.remove_prefix(1);  // the `;`
        const std::size_t end = std::min(find_outside_quotes(rest_, ';', Angles::Plain), rest_.size());
        const bool found = split_param(rest_.substr(0, end), param_);
        rest_.remove_prefix(end);
        if (found) {
            done_ = false;
            return;
        }
    }
}

bool ParamList::check(std::string_view text) {
    std::size_t seen = 0;
    Param param;
    while (!text.empty())
        if (text.front() != ';' || ++seen > limits::kParameters || !take_param(text, param)) return false;
    return true;
}

std::optional<Param> ParamList::find(std::string_view name) const {
    for (const Param& param : *this) {
        if (ascii::iequals(param.name, name)) return param;
        const bool decode = names_ == Names::Escaped && param.name.find('%') != std::string_view::npos;
        if (decode && ascii::iequals(unescape(param.name), name)) return param;
    }
    return std::nullopt;
}

std::string_view ParamList::value(std::string_view name) const {
    const auto found = find(name);
    return found ? found->value : std::string_view{};
}

std::size_t ParamList::count() const {
    std::size_t n = 0;
    for (auto it = begin(); it != end(); ++it) ++n;
    return n;
}

}  // namespace dp::sip

#include "sip/uri.hpp"

#include <arpa/inet.h>

#include <array>

#include "base/endpoint.hpp"
#include "sip/limits.hpp"

namespace dp::sip {
namespace {

Span16 span(std::size_t begin, std::size_t end) {
    return {static_cast<std::uint16_t>(begin), static_cast<std::uint16_t>(end - begin)};
}

// The first octet at or behind `pos` that is neither of the class (or `also`) nor part of a complete escape.
std::size_t skip_escaped(std::string_view text, std::size_t pos, CharClass allowed, char also = '%') {
    const std::size_t size = text.size();
    for (;;) {
        while (pos < size && is_class(text[pos], allowed)) ++pos;
        if (pos == size) return pos;
        if (text[pos] == '%') {
            if (pos + 2 >= size || !ascii::is_hex(text[pos + 1]) || !ascii::is_hex(text[pos + 2])) return pos;
            pos += 3;
        } else if (text[pos] == also) {
            ++pos;
        } else {
            return pos;
        }
    }
}

bool is_escaped_text(std::string_view text, CharClass allowed, char also = '%') {
    return skip_escaped(text, 0, allowed, also) == text.size();
}

// Tolerates three colons right before an embedded IPv4 address: the ABNF of RFC 3261 allowed it (RFC 5118 4.10).
bool is_ipv6(std::string_view text) {
    std::array<char, 64> z{};
    std::size_t n = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool third_colon = n >= 2 && text[i] == ':' && z[n - 1] == ':' && z[n - 2] == ':';
        if (third_colon && text.find('.', i) != std::string_view::npos &&
            text.find(':', i + 1) == std::string_view::npos)
            continue;
        if (n + 1 >= z.size()) return false;
        z[n++] = text[i];
    }
    in6_addr ignored;
    return inet_pton(AF_INET6, z.data(), &ignored) == 1;
}

// One octet of an escaped text as RFC 3261 19.1.4 compares it: an escaped reserved octet is not that octet.
struct Octet {
    char value = 0;
    bool escaped_reserved = false;
    bool operator==(const Octet&) const = default;
};

enum class Case : std::uint8_t { Sensitive, Insensitive };

Octet take_octet(std::string_view& text, Case mode) {
    static constexpr std::string_view kReserved = ";/?:@&=+$,";
    Octet octet{text.front(), false};
    if (octet.value == '%' && text.size() >= 3 && ascii::is_hex(text[1]) && ascii::is_hex(text[2])) {
        octet.value = unescape(text.substr(0, 3)).front();
        octet.escaped_reserved = kReserved.find(octet.value) != std::string_view::npos;
        text.remove_prefix(3);
    } else {
        text.remove_prefix(1);
    }
    if (mode == Case::Insensitive) octet.value = ascii::to_lower(octet.value);
    return octet;
}

bool same_text(std::string_view a, std::string_view b, Case mode) {
    while (!a.empty() && !b.empty())
        if (take_octet(a, mode) != take_octet(b, mode)) return false;
    return a.empty() && b.empty();
}

bool same_host(const UriView& a, const UriView& b) {
    if (ascii::iequals(a.host(), b.host())) return true;
    if (!a.host_is_v6() || !b.host_is_v6()) return false;
    const auto left = IpAddress::parse(a.host());
    const auto right = IpAddress::parse(b.host());
    return left && right && *left == *right;
}

bool decides_when_alone(std::string_view name) {
    for (std::string_view special : {"user", "ttl", "method", "maddr", "transport"})
        if (ascii::iequals(name, special)) return true;
    return false;
}

const Param* find_escaped(ParamList params, std::string_view name, Param& out) {
    for (const Param& param : params) {
        if (!same_text(param.name, name, Case::Insensitive)) continue;
        out = param;
        return &out;
    }
    return nullptr;
}

enum class Missing : std::uint8_t { Ignored, Differs };

bool params_agree(const UriView& a, const UriView& b, Missing missing) {
    for (const Param& mine : a.params()) {
        Param theirs;
        if (find_escaped(b.params(), mine.name, theirs)) {
            if (!same_text(mine.value, theirs.value, Case::Insensitive)) return false;
        } else if (missing == Missing::Differs || decides_when_alone(mine.name)) {
            return false;
        }
    }
    return true;
}

// Headers of a URI: each of `a` must stand in `b`, in any order.
bool headers_within(std::string_view a, std::string_view b) {
    for (std::string_view mine : ascii::split(a, '&')) {
        bool found = false;
        for (std::string_view theirs : ascii::split(b, '&'))
            found = found || same_text(mine, theirs, Case::Insensitive);
        if (!found) return false;
    }
    return true;
}

bool same_headers(const UriView& a, const UriView& b) {
    if (a.headers().empty() || b.headers().empty()) return a.headers().empty() && b.headers().empty();
    return headers_within(a.headers(), b.headers()) && headers_within(b.headers(), a.headers());
}

bool is_visual_separator(char c) {
    return c == '-' || c == '.' || c == '(' || c == ')';
}

std::string without_separators(std::string_view number) {
    std::string out;
    for (char c : number)
        if (!is_visual_separator(c)) out += c;
    return out;
}

// RFC 3966 4: same number without separators, same parameters in any order.
bool same_tel(const UriView& a, const UriView& b) {
    return ascii::iequals(without_separators(a.user()), without_separators(b.user())) &&
           params_agree(a, b, Missing::Differs) && params_agree(b, a, Missing::Differs);
}

bool has_control(std::string_view text) {
    for (char c : text)
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) return true;
    return false;
}

}  // namespace

Result<UriView> UriView::parse(std::string_view text) {
    UriView view;
    const std::string_view problem = parse_into(text, view);
    if (!problem.empty()) return fail(ErrorCode::MalformedInput, std::string(problem));
    return view;
}

std::string_view UriView::parse_into(std::string_view text, UriView& out) {
    out = UriView{};
    if (text.size() > limits::kUri) return "URI too long";
    const std::size_t colon = text.starts_with("sip:") ? 3 : text.find(':');  // nearly all are
    if (colon == std::string_view::npos || colon == 0) return "URI without scheme";
    out.base_ = text.data();
    out.size_ = static_cast<std::uint16_t>(text.size());
    out.scheme_text_ = span(0, colon);
    const std::string_view scheme = text.substr(0, colon);
    if (ascii::iequals(scheme, "sip")) {
        out.scheme_ = UriScheme::Sip;
        return out.parse_sip(colon + 1);
    }
    if (ascii::iequals(scheme, "sips")) {
        out.scheme_ = UriScheme::Sips;
        return out.parse_sip(colon + 1);
    }
    if (ascii::iequals(scheme, "tel")) {
        out.scheme_ = UriScheme::Tel;
        return out.parse_tel(colon + 1);
    }
    return out.parse_opaque(colon + 1);
}

std::string_view UriView::parse_sip(std::size_t start) {
    const std::size_t at = text().find('@', start);
    std::size_t pos = start;
    if (at != std::string_view::npos) {
        if (auto problem = parse_userinfo(start, at); !problem.empty()) return problem;
        pos = at + 1;
    }
    if (auto problem = parse_hostport(pos); !problem.empty()) return problem;
    return parse_tail(pos);
}

// `#` is tolerated in a user although the grammar wants it escaped: phones dial `*21#`.
std::string_view UriView::parse_userinfo(std::size_t start, std::size_t at) {
    const std::string_view info = text().substr(start, at - start);
    const std::size_t colon = info.find(':');
    const std::size_t user_end = colon == std::string_view::npos ? info.size() : colon;
    user_ = span(start, start + user_end);
    if (user_end == 0 || !is_escaped_text(user(), kUserChar, '#')) return "malformed user in URI";
    if (colon == std::string_view::npos) return {};
    password_ = span(start + colon + 1, at);
    return is_escaped_text(password(), kPasswordChar) ? std::string_view{} : "malformed password in URI";
}

std::string_view UriView::parse_hostport(std::size_t& pos) {
    const std::string_view all = text();
    if (pos < all.size() && all[pos] == '[') {
        const std::size_t close = all.find(']', pos);
        if (close == std::string_view::npos) return "unclosed IPv6 address in URI";
        host_ = span(pos + 1, close);
        host_is_v6_ = true;
        if (!is_ipv6(host())) return "malformed IPv6 address in URI";
        pos = close + 1;
    } else {
        std::size_t end = pos;
        while (end < all.size() && is_class(all[end], kHostChar)) ++end;
        host_ = span(pos, end);
        if (end == pos) return "URI without host";
        pos = end;
    }
    if (pos >= all.size() || all[pos] != ':') return {};
    std::size_t end = ++pos;
    while (end < all.size() && ascii::is_digit(all[end])) ++end;
    const auto port = ascii::parse_decimal<std::uint16_t>(all.substr(pos, end - pos));
    if (!port || *port == 0) return "malformed port in URI";
    port_ = *port;
    pos = end;
    return {};
}

std::string_view UriView::parse_tail(std::size_t pos) {
    const std::string_view all = text();
    const std::size_t begin = pos;
    std::size_t seen = 0;
    while (pos < all.size() && all[pos] == ';') {
        const std::size_t name = ++pos;
        pos = skip_escaped(all, pos, kParamChar);
        if (pos == name || ++seen > limits::kParameters) return "malformed parameter in URI";
        if (pos < all.size() && all[pos] == '=') pos = skip_escaped(all, pos + 1, kParamChar);
    }
    params_ = span(begin, pos);
    if (pos == all.size()) return {};
    if (all[pos] != '?') return "malformed parameter in URI";
    headers_ = span(pos + 1, all.size());
    for (char c : headers())
        if (!is_class(c, kParamChar) && c != '%' && c != '?' && c != '=') return "malformed headers in URI";
    return headers_.size == 0 ? "malformed headers in URI" : std::string_view{};
}

std::string_view UriView::parse_tel(std::size_t start) {
    const std::string_view all = text();
    const std::size_t end = std::min(all.find(';', start), all.size());
    user_ = span(start, end);
    params_ = span(end, all.size());
    const std::string_view number = user().substr(user().starts_with('+') ? 1 : 0);
    std::size_t digits = 0;
    for (char c : number) {
        const bool digit = ascii::is_hex(c) || c == '*' || c == '#';
        if (!digit && !is_visual_separator(c)) return "malformed telephone number";
        digits += digit ? 1U : 0U;
    }
    if (digits == 0) return "malformed telephone number";
    return ParamList::check(part(params_)) ? std::string_view{} : "malformed parameter in URI";
}

std::string_view UriView::parse_opaque(std::size_t start) {
    const std::string_view scheme = scheme_text();
    bool ok = ascii::is_alpha(scheme.front()) && start < size_;
    for (char c : scheme) ok = ok && (ascii::is_alnum(c) || c == '+' || c == '-' || c == '.');
    opaque_ = span(start, size_);
    for (char c : opaque()) ok = ok && static_cast<unsigned char>(c) > 0x20 && c != '<' && c != '>' && c != '"';
    return ok ? std::string_view{} : "malformed URI";
}

std::string UriView::user_unescaped() const {
    if (scheme_ == UriScheme::Tel) return without_separators(user());
    std::string plain = unescape(user());
    return ascii::iequals(params().value("user"), "phone") ? without_separators(plain) : plain;
}

bool equivalent(const UriView& a, const UriView& b) {
    if (a.scheme_ != b.scheme_) return false;
    if (a.scheme_ == UriScheme::Other) return a.text() == b.text();
    if (a.scheme_ == UriScheme::Tel) return same_tel(a, b);
    return same_text(a.user(), b.user(), Case::Sensitive) && same_text(a.password(), b.password(), Case::Sensitive) &&
           same_host(a, b) && a.port_ == b.port_ && params_agree(a, b, Missing::Ignored) &&
           params_agree(b, a, Missing::Ignored) && same_headers(a, b);
}

Result<std::string> address_of_record(const UriView& uri) {
    if (!uri.is_sip()) return fail(ErrorCode::InvalidValue, "An address-of-record is a SIP URI.");
    const std::string user = uri.user_unescaped();
    if (has_control(user)) return fail(ErrorCode::NotFound, "No account name contains a control octet.");
    std::string key = "sip:";
    if (!user.empty()) key.append(user).append("@");
    if (!uri.host_is_v6()) return key + ascii::lower(uri.host());
    const auto address = IpAddress::parse(uri.host());
    return key + "[" + (address ? address->str() : ascii::lower(uri.host())) + "]";
}

Uri::Uri(const UriView& view) : text_(view.text()), view_(view) {
    if (!view.empty()) view_.rebase(text_.data() - view.text().data());
}

Uri& Uri::operator=(Uri&& other) noexcept {
    const char* before = other.text_.data();
    text_ = std::move(other.text_);
    view_ = other.view_;
    if (!view_.empty()) view_.rebase(text_.data() - before);
    other.view_ = UriView{};
    other.text_.clear();
    return *this;
}

Result<Uri> Uri::parse(std::string_view text) {
    DP_TRY(view, UriView::parse(text));
    return Uri(view);
}

UriBuilder& UriBuilder::user(std::string_view plain) {
    user_ = escape(plain, kUserChar);
    return *this;
}

UriBuilder& UriBuilder::host(std::string_view host) {
    const bool bare_v6 = host.find(':') != std::string_view::npos && !host.starts_with('[');
    host_ = bare_v6 ? "[" + std::string(host) + "]" : std::string(host);
    return *this;
}

UriBuilder& UriBuilder::port(std::uint16_t port) {
    port_ = port;
    return *this;
}

UriBuilder& UriBuilder::param(std::string_view name) {
    tail_.append(";").append(escape(name, kParamChar));
    return *this;
}

UriBuilder& UriBuilder::param(std::string_view name, std::string_view plain_value) {
    tail_.append(";").append(escape(name, kParamChar)).append("=").append(escape(plain_value, kParamChar));
    return *this;
}

UriBuilder& UriBuilder::header(std::string_view name, std::string_view plain_value) {
    headers_.append(headers_.empty() ? "?" : "&");
    headers_.append(escape(name, kHostChar)).append("=").append(escape(plain_value, kHostChar));
    return *this;
}

std::string UriBuilder::str() const {
    std::string out = scheme_ == UriScheme::Sips ? "sips:" : scheme_ == UriScheme::Tel ? "tel:" : "sip:";
    out.append(user_);
    if (scheme_ != UriScheme::Tel) {
        if (!user_.empty()) out += '@';
        for (char c : host_)
            if (is_class(c, kHostChar) || c == '[' || c == ']' || c == ':') out += c;
    }
    if (port_ != 0) out.append(":").append(std::to_string(port_));
    return out.append(tail_).append(headers_);
}

Result<Uri> UriBuilder::build() const {
    for (char c : host_)
        if (!is_class(c, kHostChar) && c != '[' && c != ']' && c != ':')
            return fail(ErrorCode::InvalidValue, "The host of a URI contains an octet that no host name has.");
    return Uri::parse(str());
}

}  // namespace dp::sip

#include "sip/via.hpp"

#include "base/endpoint.hpp"
#include "sip/limits.hpp"

namespace dp::sip {
namespace {

Span16 span(std::size_t begin, std::size_t end) {
    return {static_cast<std::uint16_t>(begin), static_cast<std::uint16_t>(end - begin)};
}

std::size_t skip_space(std::string_view text, std::size_t pos) {
    while (pos < text.size() && ascii::is_space(text[pos])) ++pos;
    return pos;
}

std::size_t skip_token(std::string_view text, std::size_t pos) {
    while (pos < text.size() && is_class(text[pos], kToken)) ++pos;
    return pos;
}

// A token and the slash behind it.
bool take_slashed(std::string_view text, std::size_t& pos, std::string_view& token) {
    const std::size_t end = skip_token(text, pos);
    token = text.substr(pos, end - pos);
    pos = skip_space(text, end);
    if (pos >= text.size() || text[pos] != '/') return false;
    pos = skip_space(text, pos + 1);
    return true;
}

std::string_view without_brackets(std::string_view host) {
    if (host.size() >= 2 && host.front() == '[' && host.back() == ']') return host.substr(1, host.size() - 2);
    return host;
}

// Without a port the transport decides; an unknown transport keeps 0, equal only to itself.
std::uint16_t effective_port(const Via& via) {
    if (via.port()) return *via.port();
    const auto transport = via.transport();
    return transport ? default_port(*transport) : std::uint16_t{0};
}

bool same_host(std::string_view a, std::string_view b) {
    a = without_brackets(a);
    b = without_brackets(b);
    if (ascii::iequals(a, b)) return true;
    const auto left = IpAddress::parse(a);
    const auto right = IpAddress::parse(b);
    return left && right && *left == *right;
}

}  // namespace

Result<Via> Via::parse(std::string_view value) {
    Via out;
    const std::string_view problem = parse_into(value, out);
    if (!problem.empty()) return fail(ErrorCode::MalformedInput, std::string(problem));
    return out;
}

std::string_view Via::parse_into(std::string_view value, Via& out) {
    value = ascii::trim(value);
    out = Via{};
    if (value.size() > limits::kHeaderLine) return "Via too long";
    out.base_ = value.data();
    out.size_ = static_cast<std::uint16_t>(value.size());
    std::size_t pos = 0;
    if (auto problem = out.parse_protocol(pos); !problem.empty()) return problem;
    if (auto problem = out.parse_sent_by(pos); !problem.empty()) return problem;
    out.params_ = span(pos, value.size());
    std::string_view rest = value.substr(pos);
    std::size_t seen = 0;
    while (!rest.empty()) {
        Param param;
        if (rest.front() != ';' || ++seen > limits::kParameters || !take_param(rest, param))
            return "malformed Via parameter";
        if (out.branch_.size != 0 || !ascii::iequals(param.name, "branch") || param.value.empty()) continue;
        const auto begin = static_cast<std::size_t>(param.value.data() - out.base_);
        out.branch_ = span(begin, begin + param.value.size());
    }
    if (out.branch_.size > limits::kIdentifier) return "branch too long";
    return out.other_version_ ? "Via of another version" : std::string_view{};
}

// sent-protocol = "SIP" SLASH "2.0" SLASH transport, where SLASH may have white space around it. Another version is a
// fault, but the rest is read: the 505 goes by this Via (RFC 4475 3.1.2.16).
std::string_view Via::parse_protocol(std::size_t& pos) {
    const std::string_view all = text();
    std::string_view version = "2.0";
    if (all.starts_with("SIP/2.0/")) {
        pos = 8;
    } else {
        std::string_view name;
        if (!take_slashed(all, pos, name) || !take_slashed(all, pos, version)) return "malformed Via";
        if (!ascii::iequals(name, "SIP")) return "Via of another protocol";
    }
    other_version_ = version != "2.0";
    const std::size_t end = skip_token(all, pos);
    transport_ = span(pos, end);
    pos = skip_space(all, end);
    return transport_.size == 0 || pos == end ? "malformed Via" : std::string_view{};
}

std::string_view Via::parse_sent_by(std::size_t& pos) {
    const std::string_view all = text();
    if (pos < all.size() && all[pos] == '[') {
        const std::size_t close = all.find(']', pos);
        if (close == std::string_view::npos) return "malformed Via host";
        host_ = span(pos + 1, close);
        host_is_v6_ = true;
        pos = close + 1;
        for (char c : host())
            if (!ascii::is_hex(c) && c != ':' && c != '.') return "malformed Via host";
    } else {
        const std::size_t begin = pos;
        while (pos < all.size() && is_class(all[pos], kHostChar)) ++pos;
        host_ = span(begin, pos);
    }
    if (host_.size == 0) return "Via without host";
    pos = skip_space(all, pos);
    if (pos >= all.size() || all[pos] != ':') return {};
    const std::size_t begin = skip_space(all, pos + 1);
    pos = begin;
    while (pos < all.size() && ascii::is_digit(all[pos])) ++pos;
    const auto port = ascii::parse_decimal<std::uint16_t>(all.substr(begin, pos - begin));
    if (!port || *port == 0) return "malformed Via port";
    port_ = *port;
    pos = skip_space(all, pos);
    return {};
}

std::optional<TransportKind> Via::transport() const {
    for (auto kind :
         {TransportKind::Udp, TransportKind::Tcp, TransportKind::Tls, TransportKind::Ws, TransportKind::Wss})
        if (ascii::iequals(transport_text(), via_name(kind))) return kind;
    return std::nullopt;
}

bool Via::has_3261_branch() const {
    return branch().size() > kBranchCookie.size() && branch().starts_with(kBranchCookie);
}

bool Via::wants_rport() const {
    const auto rport = params().find("rport");
    return rport && !rport->has_value;
}

std::string_view Via::received() const {
    return without_brackets(params().value("received"));
}

bool Via::same_sent_by(const Via& other) const {
    return same_host(host(), other.host()) && effective_port(*this) == effective_port(other);
}

bool Via::same_sent_by(std::string_view host_name, std::uint16_t port_number) const {
    return same_host(host(), host_name) && effective_port(*this) == port_number;
}

}  // namespace dp::sip

#include "telephony/sites/ice_server_uri.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/ascii.hpp"
#include "base/endpoint.hpp"

namespace dp::telephony {
namespace {

constexpr std::size_t kMaxHost = 253;
constexpr std::uint16_t kPort = 3478, kSecurePort = 5349;

struct SchemeRow {
    std::string_view name;
    IceScheme scheme;
};
constexpr std::array kSchemes{SchemeRow{"stun", IceScheme::Stun}, SchemeRow{"stuns", IceScheme::Stuns},
                              SchemeRow{"turn", IceScheme::Turn}, SchemeRow{"turns", IceScheme::Turns}};

bool is_host_name(std::string_view text) {
    return !text.empty() && text.size() <= kMaxHost && text.front() != '.' && text.front() != '-' &&
           std::ranges::all_of(text, [](char c) { return ascii::is_alnum(c) || c == '.' || c == '-' || c == '_'; });
}

/// `host`, `host:port` or `[v6]:port`; the port is what follows, with its colon.
bool split_host(std::string_view text, std::string_view& host, std::string_view& rest) {
    const bool bracket = text.starts_with('[');
    const std::size_t end = bracket ? text.find(']') : text.find(':');
    if (bracket && end == std::string_view::npos) return false;
    host = bracket ? text.substr(1, end - 1) : text.substr(0, end);
    rest = text.substr(std::min(bracket ? end + 1 : end, text.size()));
    if (!bracket) return is_host_name(host);
    const auto address = IpAddress::parse(host);
    return address && !address->is_v4();
}

bool take_query(std::string_view query, IceServerUri& out) {
    constexpr std::string_view kTransport = "transport=";
    if (!out.is_turn() || !query.starts_with(kTransport)) return false;
    const auto value = ascii::lower(query.substr(kTransport.size()));
    if (value != "udp" && value != "tcp") return false;
    out.transport = value == "tcp" ? IceTransport::Tcp : IceTransport::Udp;
    return !out.is_secure() || value == "tcp";  // TURN over DTLS is not offered by browsers
}

}  // namespace

std::optional<IceServerUri> parse_ice_server_uri(std::string_view text) {
    const auto colon = text.find(':');
    if (colon == std::string_view::npos) return std::nullopt;
    const auto row = std::ranges::find(kSchemes, ascii::lower(text.substr(0, colon)), &SchemeRow::name);
    if (row == kSchemes.end()) return std::nullopt;
    IceServerUri out;
    out.scheme = row->scheme;
    out.port = out.is_secure() ? kSecurePort : kPort;
    out.transport = out.is_secure() ? IceTransport::Tcp : IceTransport::Udp;

    std::string_view rest = text.substr(colon + 1);
    if (const auto mark = rest.find('?'); mark != std::string_view::npos) {
        if (!take_query(rest.substr(mark + 1), out)) return std::nullopt;
        rest = rest.substr(0, mark);
    }
    std::string_view host, port;
    if (!split_host(rest, host, port)) return std::nullopt;
    if (!port.empty()) {
        const auto number = port.front() == ':' ? ascii::parse_decimal<std::uint16_t>(port.substr(1)) : std::nullopt;
        if (!number || *number == 0) return std::nullopt;
        out.port = *number;
    }
    out.host = host;
    return out;
}

std::string IceServerUri::str() const {
    const auto& name = std::ranges::find(kSchemes, scheme, &SchemeRow::scheme)->name;
    const bool v6 = host.find(':') != std::string::npos;
    auto out = fmt::format("{}:{}{}{}:{}", name, v6 ? "[" : "", host, v6 ? "]" : "", port);
    if (is_turn()) out += transport == IceTransport::Tcp ? "?transport=tcp" : "?transport=udp";
    return out;
}

}  // namespace dp::telephony

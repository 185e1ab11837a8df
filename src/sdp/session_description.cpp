#include "sdp/session_description.hpp"

#include <algorithm>

#include "base/ascii.hpp"

namespace dp::sdp {
namespace {

/// RFC 3264 6.1 example aside, port 9 with ICE only says "see the candidates" (RFC 8840 4.1.1).
constexpr std::uint16_t kDiscardPort = 9;

bool is_multicast(const IpAddress& address) {
    const auto& b = address.bytes();
    return address.is_v4() ? (b[12] & 0xF0U) == 0xE0U : b[0] == 0xFF;
}

std::optional<IpAddress> unicast(const std::optional<Connection>& connection) {
    if (!connection || !connection->address) return std::nullopt;
    if (connection->address->is_unspecified() || is_multicast(*connection->address)) return std::nullopt;
    return connection->address;
}

}  // namespace

std::optional<Endpoint> MediaSection::rtp_endpoint() const {
    const auto address = unicast(connection);
    if (!address || port == 0 || (ice && port == kDiscardPort)) return std::nullopt;
    return Endpoint{*address, port};
}

std::optional<Endpoint> MediaSection::rtcp_endpoint() const {
    const auto rtp = rtp_endpoint();
    if (rtcp && rtcp->port != 0) {
        const auto address = rtcp->address ? unicast(Connection::of(*rtcp->address)) : unicast(connection);
        if (!address || (ice && rtcp->port == kDiscardPort)) return std::nullopt;
        return Endpoint{*address, rtcp->port};
    }
    if (!rtp || rtp->port == 0xFFFF) return std::nullopt;
    return Endpoint{rtp->address, static_cast<std::uint16_t>(rtp->port + 1)};
}

Direction MediaSection::effective_direction() const {
    const bool nowhere = connection && connection->address && connection->address->is_unspecified();
    return nowhere && !ice ? direction_of(sends(direction), false) : direction;
}

const Format* MediaSection::find(std::uint8_t payload_type) const {
    const auto it = std::ranges::find(formats, payload_type, &Format::payload_type);
    return it == formats.end() ? nullptr : &*it;
}

const MediaSection* SessionDescription::find_audio() const {
    const auto it =
        std::ranges::find_if(media, [](const MediaSection& m) { return m.kind == "audio" && !m.refused(); });
    return it == media.end() ? nullptr : &*it;
}

std::optional<std::string_view> fmtp_value(std::string_view fmtp, std::string_view name) {
    while (!fmtp.empty()) {
        const std::string_view item = fmtp.substr(0, fmtp.find(';'));
        fmtp.remove_prefix(std::min(item.size() + 1, fmtp.size()));
        const std::size_t equals = item.find('=');
        if (equals == std::string_view::npos) continue;
        if (ascii::iequals(ascii::trim(item.substr(0, equals)), name)) return ascii::trim(item.substr(equals + 1));
    }
    return std::nullopt;
}

}  // namespace dp::sdp

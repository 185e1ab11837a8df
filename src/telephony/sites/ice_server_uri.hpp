#pragma once
/// @file IceServerUri: one `stun:`, `stuns:`, `turn:` or `turns:` URI in its parts.
///
/// Threads: values. Source: RFC 7064 section 3.1 (stun), RFC 7065 section 3.1 (turn, `?transport=`), default ports of
/// RFC 8489 and RFC 8656.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace dp::telephony {

enum class IceScheme : std::uint8_t { Stun, Stuns, Turn, Turns };
enum class IceTransport : std::uint8_t { Udp, Tcp };

struct IceServerUri {
    IceScheme scheme = IceScheme::Stun;
    std::string host;  ///< a name or a numeric address, IPv6 without brackets
    std::uint16_t port = 3478;
    IceTransport transport = IceTransport::Udp;  ///< between client and server; TLS runs over Tcp

    bool is_turn() const { return scheme == IceScheme::Turn || scheme == IceScheme::Turns; }
    bool is_secure() const { return scheme == IceScheme::Stuns || scheme == IceScheme::Turns; }
    /// Port and, for TURN, transport always written.
    std::string str() const;
    bool operator==(const IceServerUri&) const = default;
};

/// Nothing when it breaks the grammar; a port of 0 and an unknown transport do.
std::optional<IceServerUri> parse_ice_server_uri(std::string_view text);

}  // namespace dp::telephony

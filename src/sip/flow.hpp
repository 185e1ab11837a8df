#pragma once
/// @file Flow: where a message came from and where its answers and later requests go (RFC 5626: "flow"). A stream is
/// its connection, whatever addresses it has; a datagram flow is its 5-tuple.
///
/// Threads: a value. The I/O side gives out connection numbers; a number may be reused, the generation then differs.

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/endpoint.hpp"

namespace dp::sip {

enum class TransportKind : std::uint8_t { Udp, Tcp, Tls, Ws, Wss };

constexpr bool is_reliable(TransportKind kind) {
    return kind != TransportKind::Udp;
}
constexpr bool is_websocket(TransportKind kind) {
    return kind == TransportKind::Ws || kind == TransportKind::Wss;
}
constexpr bool is_secure(TransportKind kind) {
    return kind == TransportKind::Tls || kind == TransportKind::Wss;
}
/// As in a Via: `UDP`, `TCP`, `TLS`, `WS`, `WSS`.
std::string_view via_name(TransportKind kind);
/// As in `;transport=`: RFC 7118 5.2.1 knows `ws` only, for both kinds of WebSocket.
std::string_view uri_name(TransportKind kind);
/// 5060, 5061 (TLS), 80, 443: what a missing port in a sent-by means.
std::uint16_t default_port(TransportKind kind);

struct Flow {
    TransportKind kind = TransportKind::Udp;
    std::uint32_t generation = 0;  ///< streams only
    std::uint64_t connection = 0;  ///< streams only; 0 = not connected yet (outgoing request that wants a connection)
    Endpoint local;
    Endpoint remote;

    bool is_connected() const { return kind == TransportKind::Udp || connection != 0; }
    std::string str() const;
    /// The same way back: connection and generation for connected streams, else both endpoints.
    friend bool operator==(const Flow& a, const Flow& b) {
        if (a.kind != b.kind || a.connection != b.connection || a.generation != b.generation) return false;
        return a.connection != 0 || (a.local == b.local && a.remote == b.remote);
    }
};

}  // namespace dp::sip

template <>
struct std::hash<dp::sip::Flow> {
    std::size_t operator()(const dp::sip::Flow& flow) const noexcept;
};

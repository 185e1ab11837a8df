#include "sip/flow.hpp"

namespace dp::sip {

std::string_view via_name(TransportKind kind) {
    switch (kind) {
        case TransportKind::Udp:
            return "UDP";
        case TransportKind::Tcp:
            return "TCP";
        case TransportKind::Tls:
            return "TLS";
        case TransportKind::Ws:
            return "WS";
        case TransportKind::Wss:
            return "WSS";
    }
    return {};
}

std::string_view uri_name(TransportKind kind) {
    switch (kind) {
        case TransportKind::Udp:
            return "udp";
        case TransportKind::Tcp:
            return "tcp";
        case TransportKind::Tls:
            return "tls";
        case TransportKind::Ws:
        case TransportKind::Wss:
            return "ws";
    }
    return {};
}

std::uint16_t default_port(TransportKind kind) {
    switch (kind) {
        case TransportKind::Udp:
        case TransportKind::Tcp:
            return 5060;
        case TransportKind::Tls:
            return 5061;
        case TransportKind::Ws:
            return 80;
        case TransportKind::Wss:
            return 443;
    }
    return 0;
}

std::string Flow::str() const {
    std::string out(via_name(kind));
    out.append(" ").append(remote.str());
    if (kind != TransportKind::Udp)
        out.append(" #").append(std::to_string(connection)).append(".").append(std::to_string(generation));
    return out;
}

}  // namespace dp::sip

std::size_t std::hash<dp::sip::Flow>::operator()(const dp::sip::Flow& flow) const noexcept {
    if (flow.connection != 0)
        return std::hash<std::uint64_t>{}(flow.connection * 0x9E3779B97F4A7C15ULL + flow.generation);
    return std::hash<dp::Endpoint>{}(flow.remote) * 31 + std::hash<dp::Endpoint>{}(flow.local);
}

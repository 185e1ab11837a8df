#include <array>

#include "net/stream_connection.hpp"

namespace dp::net {

std::string_view label(CloseReason reason) {
    static constexpr std::array<std::string_view, 11> kLabels{
        "local_close",       "peer_closed",  "peer_reset",  "connect_failed", "connect_timeout", "handshake_failed",
        "handshake_timeout", "idle_timeout", "slow_reader", "protocol_error", "shutdown"};
    return kLabels[static_cast<std::size_t>(reason)];
}

void StreamHandler::on_end(StreamConnection& connection) {
    connection.close_after_flush(CloseReason::PeerClosed);
}

}  // namespace dp::net

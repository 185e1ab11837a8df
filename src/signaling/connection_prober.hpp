#pragma once
/// @file ConnectionProber: the port by which a trunk's test opens a connection of its own and lets it go again, so that
/// connecting and the TLS handshake have times of their own.
///
/// Two users: net's streams and simulation.

#include <functional>
#include <string>

#include "base/clock.hpp"
#include "sip/transport.hpp"

namespace dp::signaling {

struct ConnectionProbe {
    bool connected = false;
    Duration connect_time{};
    bool secured = false;  ///< TLS targets only
    Duration handshake_time{};
    std::string failure;  ///< why the first thing that failed did
};
using ProbeReply = std::move_only_function<void(const ConnectionProbe&)>;

class ConnectionProber {
public:
    virtual ~ConnectionProber() = default;
    /// For TCP and TLS targets. `done` runs once, on the control shard, never from inside this call, within 10 s.
    virtual void probe(const sip::Target& target, ProbeReply done) = 0;
};

}  // namespace dp::signaling

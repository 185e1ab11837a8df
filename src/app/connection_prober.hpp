#pragma once
/// @file StreamProber: opens a connection to a carrier, measures, and lets go: for the test of a trunk.
///
/// Threads: probe() on the control thread, connections on the I/O loop, answers on the control thread. Lifetime: both
/// loops outlive it; nothing refers to it once probe() has returned.

#include "base/mailbox.hpp"
#include "net/event_loop.hpp"
#include "net/tls_context.hpp"
#include "signaling/connection_prober.hpp"

namespace dp::app {

class StreamProber final : public signaling::ConnectionProber {
public:
    /// `tls`: as outgoing SIP connections have it; without one TLS targets fail.
    StreamProber(net::EventLoop& io, Executor& control, net::TlsContext tls)
        : io_(io), control_(control), tls_(std::move(tls)) {}

    void probe(const sip::Target& target, signaling::ProbeReply done) override;

private:
    net::EventLoop& io_;
    Executor& control_;
    net::TlsContext tls_;
};

}  // namespace dp::app

#pragma once
/// @file SipTransport: the port through which the SIP core leaves the control thread. Two real users: the product (UDP
/// sockets of the control shard, stream connections of the I/O threads) and the simulated network of the tests.
///
/// Threads: called from the control thread only. Errors: a flow that cannot take the message is an answer (false),
/// never a wait. What arrives goes the other way, by calls: UserAgent::receive, UserAgent::flow_closed,
/// UserAgent::datagram_refused.

#include <string>
#include <string_view>

#include "base/endpoint.hpp"
#include "sip/flow.hpp"

namespace dp::sip {

/// One place a request may be sent to: what RFC 3263 resolution ends in. The stack never resolves a name.
struct Target {
    TransportKind transport = TransportKind::Udp;
    Endpoint remote;
    std::string server_name;  ///< what a TLS certificate must be for; empty over UDP and TCP
};

class SipTransport {
public:
    virtual ~SipTransport() = default;

    /// Takes one whole SIP message. False when the flow is gone or its queue is full: the transaction reports a
    /// transport failure. A message for a flow that is still connecting is queued (bounded). Must not call back into
    /// the UserAgent.
    [[nodiscard]] virtual bool send(const Flow& flow, std::string_view message) = 0;

    /// The flow to `target`: a live connection is reused, else a new one begins to connect; the flow is usable at once.
    /// A failed connect is reported later by UserAgent::flow_closed. Must not call back into the UserAgent.
    virtual Flow open_flow(const Target& target) = 0;

    /// `host:port` by which the other end of this flow reaches us: Via sent-by and Contact host (RFC 3261 §18.1.1). The
    /// text must stay valid until the next call.
    virtual std::string_view advertised(const Flow& flow) const = 0;
};

}  // namespace dp::sip

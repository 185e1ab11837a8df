#pragma once
/// @file FlowTransport: the SIP core's transport, and what signalling in addition wants of it: that connections which
/// carry a registration are not closed for being idle.
///
/// Two users: socket_transport (UDP sockets of the control loop, stream connections of the I/O threads) and the
/// simulated network. Control shard only.

#include "sip/transport.hpp"

namespace dp::signaling {

class FlowTransport : public sip::SipTransport {
public:
    /// A phone is registered over this flow. Nothing for datagrams.
    virtual void keep(const sip::Flow& flow) = 0;
    virtual void unkeep(const sip::Flow& flow) = 0;
};

}  // namespace dp::signaling

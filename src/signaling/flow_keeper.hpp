#pragma once
/// @file FlowKeeper: the port by which signalling says that a flow carries a registration, so that whoever owns a
/// connection does not close it for being idle, and how a phone's packets are marked. Two users: the product's streams
/// and datagram sockets, nobody in simulation. Control shard only.

#include "sip/flow.hpp"

namespace dp::signaling {

class FlowKeeper {
public:
    virtual ~FlowKeeper() = default;
    virtual void keep(const sip::Flow& flow) = 0;
    virtual void unkeep(const sip::Flow& flow) = 0;
    /// What goes out on the flow from now on carries this DSCP (seed 2, "Transport DSCP Value"; RFC 2474).
    virtual void mark(const sip::Flow& flow, std::uint8_t dscp) = 0;
    /// The listener's own value again, where the flow is of datagrams; a connection keeps its mark to its end.
    virtual void unmark(const sip::Flow& flow) = 0;
};

}  // namespace dp::signaling

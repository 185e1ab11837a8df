#pragma once
/// @file FlowKeeper: the port by which signalling says that a connection carries a registration, so that whoever owns
/// it does not close it for being idle. Two users: net::SipStreams in the product, nobody in simulation. Control shard
/// only.

#include "sip/flow.hpp"

namespace dp::signaling {

class FlowKeeper {
public:
    virtual ~FlowKeeper() = default;
    virtual void keep(const sip::Flow& flow) = 0;
    virtual void unkeep(const sip::Flow& flow) = 0;
};

}  // namespace dp::signaling

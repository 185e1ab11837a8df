#pragma once
/// @file CallFlow: what an inbound call hears and may choose before it reaches its target (IVR).

#include <string>

#include "telephony/ids.hpp"

namespace dp::telephony {

struct CallFlow {
    CallFlowId id;
    EntityMeta meta;
    std::string name;
    std::string description;
    std::string definition;  ///< the flow's steps in its own language; empty: straight to the target
    bool enabled = true;
};

}  // namespace dp::telephony

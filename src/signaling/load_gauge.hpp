#pragma once
/// @file LoadGauge: the port that says how far the control thread lags behind what waits for it.
///
/// Two users: app's measurement of the control loop and its mailbox, and simulation. Control shard only.

#include "base/clock.hpp"

namespace dp::signaling {

class LoadGauge {
public:
    virtual ~LoadGauge() = default;
    /// Standing delay between something being due (a timer, a posted task) and its being done. A short burst is none.
    virtual Duration lag() const = 0;
};

}  // namespace dp::signaling

#pragma once
/// @file Queue: the users among whom an inbound call is shared out.

#include <chrono>
#include <string>
#include <vector>

#include "telephony/ids.hpp"

namespace dp::telephony {

struct Queue {
    QueueId id;
    EntityMeta meta;
    std::string name;
    std::string description;
    std::vector<UserId> members;
    std::chrono::seconds ring_timeout{20};  ///< per member
};

}  // namespace dp::telephony

#pragma once
/// @file ProvisioningProgress: how far a job has come, as the provisioner publishes it. Not durable: a new process
/// counts anew.

#include <optional>

#include "telephony/ids.hpp"
#include "telephony/live/live_table.hpp"

namespace dp::telephony {

struct ProvisioningProgress {
    int attempts = 0;
    std::optional<WallTime> next_poll;  ///< absent while nothing is scheduled
};

using LiveProvisioning = LiveTable<NumberId, ProvisioningProgress>;

}  // namespace dp::telephony

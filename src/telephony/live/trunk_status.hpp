#pragma once
/// @file TrunkStatus: registration, health and admission of a trunk as the control shard sees them (product.md, "State
/// machines").

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "telephony/ids.hpp"
#include "telephony/live/live_table.hpp"
#include "telephony/live/trunk_measures.hpp"

namespace dp::telephony {

enum class RegistrationState : std::uint8_t { Unregistered, Registering, Registered, Failed, NotNeeded };
enum class TrunkHealth : std::uint8_t { Unknown, Up, Down };

struct TrunkStatus {
    TrunkId id;
    OrganizationId organization;
    RegistrationState registration = RegistrationState::Unregistered;
    TrunkHealth health = TrunkHealth::Unknown;
    std::int32_t sessions = 0;  ///< calls holding a permit
    int last_sip_status = 0;
    std::string last_error;
    std::optional<std::chrono::milliseconds> registration_latency;
    std::optional<std::chrono::milliseconds> probe_round_trip;
    std::optional<WallTime> registered;
    std::optional<WallTime> changed;
    std::optional<WallTime> probed;  ///< when the last probe ended
    CallCounts inbound, outbound;    ///< since the process started
    std::shared_ptr<const TrunkMeasures> measures = std::make_shared<const TrunkMeasures>();
};

std::string_view to_string(RegistrationState state);
std::string_view to_string(TrunkHealth health);

using LiveTrunks = LiveTable<TrunkId, TrunkStatus>;

}  // namespace dp::telephony

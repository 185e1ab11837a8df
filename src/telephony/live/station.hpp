#pragma once
/// @file Station: where a phone is reachable now. Derived from registrations and browser sessions by the control shard,
/// published here.

#include <cstdint>
#include <optional>
#include <string>

#include "telephony/ids.hpp"
#include "telephony/live/live_table.hpp"
#include "telephony/phones/base_settings.hpp"

namespace dp::telephony {

enum class StationState : std::uint8_t { Offline, Online, InUse };

struct Station {
    StationId id;
    OrganizationId organization;
    PhoneId phone;
    UserId user;
    StationState state = StationState::Offline;
    std::string transport;  ///< `udp`, `tcp`, `tls`, `ws`, `wss`
    std::string remote_address;
    std::string user_agent;
    std::size_t registrations = 0;
    std::optional<WallTime> registered;
    std::optional<WallTime> expires;
    std::int64_t base_settings_version =
        0;  ///< what the session logged in with; older than the present one = re-login due
};

std::string_view to_string(StationState state);

using LiveStations = LiveTable<StationId, Station>;

}  // namespace dp::telephony

#pragma once
/// @file Station: where a phone is reachable now. Derived from registrations and browser sessions by the control shard,
/// published here.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "telephony/ids.hpp"
#include "telephony/live/live_table.hpp"
#include "telephony/phones/bound_settings.hpp"

namespace dp::telephony {

enum class StationState : std::uint8_t { Offline, Online, InUse };

/// What the media engine saw of one call on a station's leg, as of its last report.
struct CallQuality {
    ConversationId conversation;
    WallTime observed{};
    std::uint64_t packets_received = 0;
    std::uint64_t packets_lost = 0;  ///< what we miss of the phone's
    double jitter_ms = 0;            ///< ours
    std::optional<double> round_trip_ms;
    std::optional<double> remote_loss_percent;  ///< what the phone misses of ours
    std::uint64_t packets_sampled = 0;          ///< whose loudness was looked at: one a second, where it can be
    std::uint64_t packets_silent = 0;           ///< of these: no louder than a muted microphone
    bool one_way = false;                       ///< we sent for seconds and nothing came

    double loss_percent() const;
};

inline constexpr std::size_t kRecentCalls = 5;

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
    Ptr<BoundSettings> bound;               ///< what the newest session logged in with; null when offline
    std::vector<CallQuality> recent_calls;  ///< newest last, at most kRecentCalls

    bool online() const { return state != StationState::Offline; }
};

std::string_view to_string(StationState state);

using LiveStations = LiveTable<StationId, Station>;

}  // namespace dp::telephony

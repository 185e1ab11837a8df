#pragma once
/// @file StationDiagnosis: seed 2's troubleshooting table, each row decided from what the platform knows of one phone at
/// this moment: its record, its session, its site's regions and routes, and the media of its last calls.
///
/// Pure: live values are handed in. Every row is always answered, the ones that apply marked as found, with the
/// evidence.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "telephony/config/snapshot.hpp"
#include "telephony/dialing/router.hpp"
#include "telephony/live/round_trip.hpp"
#include "telephony/live/station.hpp"

namespace dp::telephony {

inline constexpr std::size_t kTroubles = 7;

/// One row of the seed's table, and whether it applies.
struct Finding {
    std::string_view code;        ///< `persistentConnection.notApplied`, …
    std::string_view issue;       ///< the seed's words
    std::string_view cause;       ///< the seed's words
    std::string_view resolution;  ///< the seed's words
    std::vector<std::string> evidence;
    bool found() const { return !evidence.empty(); }
};

struct StationFacts {
    const OrganizationConfig& config;
    const Phone& phone;
    Ptr<Station> station;  ///< null: never seen
    const TrunkConditions& trunks;
    const LiveRoundTrips& round_trips;
    WallTime now;
};

/// What counts as poor: beyond these a listener notices (ITU-T G.107 at packet loss, G.114 at 200 ms one way; jitter
/// beyond the playout buffers of phones).
inline constexpr double kPoorLossPercent = 3.0;
inline constexpr double kPoorJitterMs = 50.0;
inline constexpr double kPoorRoundTripMs = 400.0;
/// So many looks at a call, all silent, make a microphone that hears nothing: people pause for less.
inline constexpr std::uint64_t kSilentLooks = 5;

/// In the order of the seed's table: always kTroubles rows.
std::vector<Finding> diagnose(const StationFacts& facts);

}  // namespace dp::telephony

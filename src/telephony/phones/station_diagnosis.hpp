#pragma once
/// @file StationDiagnosis: seed 2's troubleshooting table, each row decided from what the platform knows of one phone at
/// this moment: its record, its session, its site's regions and routes. The two rows about what a call sounds like are
/// not among them: nothing of a call's media is kept yet.
///
/// Pure: live values are handed in. Every row is always answered, the ones that apply marked as found, with the
/// evidence.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "telephony/config/snapshot.hpp"
#include "telephony/dialing/router.hpp"
#include "telephony/live/station.hpp"

namespace dp::telephony {

inline constexpr std::size_t kTroubles = 5;

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
};

/// In the order of the seed's table: always kTroubles rows.
std::vector<Finding> diagnose(const StationFacts& facts);

}  // namespace dp::telephony

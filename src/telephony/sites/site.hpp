#pragma once
/// @file Site: where phones live: media regions, relay behaviour, caller ID, and the routes by which its calls leave.
///
/// Source: seed 2 "Site-Level WebRTC Media Settings"; genesys-api 1.2 (number plans, outbound routes).

#include <cstdint>
#include <string>
#include <vector>

#include "telephony/ids.hpp"

namespace dp::telephony {

enum class RelayBehavior : std::uint8_t {
    AnySiteRegion,  ///< "Any media region set on this site"
    LowestLatency,  ///< "Lowest latency via Geo-Lookup"
};

enum class DestinationClass : std::uint8_t { Emergency, Network, National, International, Extension };
enum class RouteDistribution : std::uint8_t { Sequential, Random };
/// Who rings first when a call is placed through the API.
enum class DialOrder : std::uint8_t { AgentFirst, DestinationFirst };

/// Tried in the order of the list. Empty `classes` = every class but Emergency.
struct OutboundRoute {
    std::string id;
    std::string name;
    bool enabled = true;
    std::vector<DestinationClass> classes;
    RouteDistribution distribution = RouteDistribution::Sequential;
    std::vector<TrunkId> trunks;  ///< empty: every enabled trunk, by name
};

/// First match classifies and normalises. `pattern` is RE2 over the E.164 or dialled text.
struct NumberPlan {
    std::string id;
    std::string name;
    std::string pattern;
    DestinationClass destination_class = DestinationClass::National;
    std::string definition;  ///< JSON of the Genesys shape from which `pattern` was made; empty: `pattern` is all
    /// What is dialled instead, `$1` to `$9` for the pattern's groups; empty: as it was asked for. The agent's own dial
    /// rules come first.
    std::string normalized;
};

struct Site {
    SiteId id;
    EntityMeta meta;
    std::string name;
    LocationId location;
    std::vector<MediaRegionId> media_regions;  ///< in order of preference
    RelayBehavior relay = RelayBehavior::AnySiteRegion;
    bool force_turn = false;
    std::string caller_id;  ///< E.164 or empty
    std::string caller_name;
    std::vector<NumberPlan> number_plans;
    std::vector<OutboundRoute> outbound_routes;  ///< empty: every enabled trunk, by name
    std::chrono::seconds agent_ring_timeout{30};
    DialOrder dial_order = DialOrder::AgentFirst;
};

}  // namespace dp::telephony

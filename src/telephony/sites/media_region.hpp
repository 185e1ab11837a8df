#pragma once
/// @file MediaRegion: a named, ordered set of STUN and TURN servers that sites hand out to browser phones (seed 2,
/// "Site-Level WebRTC Media Settings").
///
/// Sites name regions in order of preference; the Genesys shape lists their ids by tier.

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "telephony/ids.hpp"
#include "telephony/ports/secrets.hpp"
#include "telephony/sites/network_configuration.hpp"

namespace dp::telephony {

enum class RegionTier : std::uint8_t { Home, Core, Satellite };

struct MediaRegion {
    MediaRegionId id;
    EntityMeta meta;
    std::string name;
    RegionTier tier = RegionTier::Core;
    std::vector<std::string> servers;  ///< `stun:`, `stuns:`, `turn:` and `turns:` URIs, preferred first
    Sealed turn_secret;                ///< shared with the TURN servers (turn_credential.hpp); empty: none
    std::chrono::seconds turn_credential_lifetime{kTurnCredentialLifetime};
};

/// What a turn_secret is sealed for.
std::string turn_secret_context(const MediaRegionId& id);

/// Names the field and the rule that is broken.
Result<void> validate(const MediaRegion& region);

}  // namespace dp::telephony

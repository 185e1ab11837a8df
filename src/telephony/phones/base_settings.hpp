#pragma once
/// @file PhoneBaseSettings: the profile that phones share (seed 2, "Base Settings Fields").

#include <chrono>
#include <cstdint>
#include <string>

#include "base/result.hpp"
#include "telephony/codec.hpp"
#include "telephony/ids.hpp"

namespace dp::telephony {

enum class PhoneModel : std::uint8_t { WebRtc, GenericSip };

inline constexpr const char* kWebRtcModelName = "Genesys Cloud WebRTC Phone";
inline constexpr const char* kGenericSipModelName = "Generic SIP Phone";

std::string_view model_name(PhoneModel model);

struct PersistentConnection {
    bool enabled = false;
    std::chrono::seconds timeout{600};  ///< how long the connection stays up after a call
};

struct PhoneBaseSettings {
    PhoneBaseSettingsId id;
    EntityMeta meta;
    std::string name;
    PhoneModel model = PhoneModel::WebRtc;
    PersistentConnection persistent_connection;
    std::uint8_t transport_dscp = 24;  ///< 0–63, SIP signalling
    std::uint8_t media_dscp = 46;      ///< 0–63, RTP
    bool auto_answer = false;
};

/// Names the field and the rule that is broken.
Result<void> validate(const PhoneBaseSettings& settings);

}  // namespace dp::telephony

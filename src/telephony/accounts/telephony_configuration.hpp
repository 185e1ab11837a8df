#pragma once
/// @file TelephonyConfiguration: an account at a carrier: its credentials, and whether outbound calls use it by default
/// (seed 4). Its caller IDs are the Numbers that name it.
///
/// At most one of an organization is the default. Threads: values.

#include <string>
#include <vector>

#include "telephony/ids.hpp"
#include "telephony/ports/secrets.hpp"

namespace dp::telephony {

/// One value of `config`; which names there are is the carrier's (carrier_catalogue.hpp).
struct CarrierSetting {
    std::string name;
    std::string value;  ///< booleans as `true` and `false`
    bool operator==(const CarrierSetting&) const = default;
};

struct SealedSetting {
    std::string name;
    Sealed value;
    /// What stands for the value in answers, and may come back to keep it: stars and a keyed fingerprint, so that it
    /// tells neither length nor ending, and a mask of an older secret is known to be old.
    std::string mask;
};

struct TelephonyConfiguration {
    TelephonyConfigurationId id;
    EntityMeta meta;
    std::string name;     ///< unique in the organization, 1 to 64 characters
    std::string carrier;  ///< key in the catalogue; never changes
    std::vector<CarrierSetting> settings;
    std::vector<SealedSetting> secrets;
    bool default_outbound = false;
};

/// Null when it is not set.
const std::string* setting_of(const TelephonyConfiguration& configuration, std::string_view name);
const SealedSetting* secret_of(const TelephonyConfiguration& configuration, std::string_view name);
bool has_value(const TelephonyConfiguration& configuration, std::string_view name);

}  // namespace dp::telephony

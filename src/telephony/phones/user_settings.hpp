#pragma once
/// @file UserTelephonySettings: the `webRtc` and `sofia` objects of one user (seed 0, section 3). Both are always
/// present.

#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "telephony/codec.hpp"
#include "telephony/ids.hpp"
#include "telephony/sites/network_configuration.hpp"

namespace dp::telephony {

struct DialRule {
    std::string pattern;  ///< RE2, at most kMaxDialRulePattern characters
    std::string prefix;   ///< put before the destination when the pattern matches
    std::string description;
};

inline constexpr std::size_t kMaxDialRules = 64;
inline constexpr std::size_t kMaxDialRulePattern = 256;

struct EndpointSettings {
    bool enabled = true;
    std::vector<DialRule> dial_rules;
    NetworkConfigurationId network_config;  ///< empty: none
    CodecList codecs;                       ///< empty: the platform's order
    std::vector<std::string> stun_servers;  ///< empty: those of the network configuration
    std::optional<IceTransportPolicy> ice_transport_policy;
};

struct UserTelephonySettings {
    UserId id;  ///< the user's id: one settings object each
    EntityMeta meta;
    EndpointSettings web_rtc;
    EndpointSettings sofia;  ///< SIP endpoint
};

Result<void> validate(const DialRule& rule, const std::string& field);
/// Names the field (`webRtc.dialRules[1].pattern`) and the rule that is broken. References are checked by the service.
Result<void> validate(const UserTelephonySettings& settings);

}  // namespace dp::telephony

#pragma once
/// @file BoundSettings: what a phone's session logged in with and keeps until it logs in again, whatever becomes of the
/// base settings meanwhile (seed 2, "Persistent Connection": log out and back in).
///
/// Immutable; shared by the session's station, its contact and its calls. A log-in is a browser phone's session or the
/// boot of a SIP phone: one Call-ID of REGISTER requests (RFC 3261 section 10.2.4), however often its connection is
/// lost. The user's codecs and dial rules are no part of it: they hold from the next call on (seed 0).

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "telephony/ids.hpp"
#include "telephony/phones/base_settings.hpp"

namespace dp::telephony {

struct BoundSettings {
    PhoneBaseSettingsId base_settings;
    std::string name;
    std::int64_t version = 0;  ///< of the base settings
    WallTime logged_in{};
    PersistentConnection persistent_connection;
    std::uint8_t transport_dscp = 24;
    std::uint8_t media_dscp = 46;
    bool auto_answer = false;
};

Ptr<BoundSettings> bind_settings(const PhoneBaseSettings& settings, WallTime now);

/// The API's names of what the next log-in would change; empty: none is due.
std::vector<std::string_view> changes_due(const BoundSettings& bound, const PhoneBaseSettings& present);

}  // namespace dp::telephony

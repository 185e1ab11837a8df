#pragma once
/// @file PhoneSessions: which settings each registered phone logged in with, kept over lost connections and refreshed
/// registrations until the phone logs out or boots anew (telephony/phones/bound_settings.hpp).
///
///     binding added, its Call-ID unknown        a log-in: the present settings are bound
///     binding added, its Call-ID lost before    the same session on a new connection: it keeps its settings
///     refreshed under another Call-ID           the phone has booted: a log-in
///     removed by the phone, replaced            a log-out
///     expired, disconnected                     lost: remembered, the kRemembered newest of an address of record
///
/// Threads: control shard.

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "sip/registrar.hpp"
#include "telephony/phones/bound_settings.hpp"

namespace dp::signaling {

class PhoneSessions {
public:
    static constexpr std::size_t kRemembered = 4;

    /// `present`: the phone's base settings as they are now; null: it has none.
    void take(const sip::RegistrarEvent& event, const telephony::Ptr<telephony::PhoneBaseSettings>& present,
              WallTime now);
    /// Null: no such binding, or a phone without base settings.
    telephony::Ptr<telephony::BoundSettings> of(sip::BindingId binding) const;
    /// The account is gone: what it lost is not remembered.
    void forget(const std::string& aor) { lost_.erase(aor); }

private:
    struct Session {
        std::string call_id;
        telephony::Ptr<telephony::BoundSettings> settings;
    };
    void log_in(const sip::Binding& binding, const telephony::Ptr<telephony::PhoneBaseSettings>& present, WallTime now);
    void lose(const sip::Binding& binding);

    std::unordered_map<std::uint64_t, Session> live_;             ///< by binding
    std::unordered_map<std::string, std::vector<Session>> lost_;  ///< by address of record, oldest first
};

}  // namespace dp::signaling

#pragma once
/// @file MediaWiring: the media legs of one call: opened with a negotiation each, configured from what was agreed,
/// joined, put on tones, closed. Does nothing for legs whose media bypasses us.
///
/// Threads: control shard. Errors: Unavailable when the engine has no port or capacity left.

#include "call/call_leg.hpp"
#include "call/leg_profile.hpp"
#include "call/media_engine.hpp"

namespace dp::call {

class MediaWiring {
public:
    explicit MediaWiring(MediaEngine& engine) : engine_(engine) {}

    /// Allocates the leg's address and keys and starts its negotiation.
    Result<void> open(CallLeg& leg, const LegProfile& profile, LegId beside, std::uint64_t session_id);
    /// Tells the engine what the leg's negotiation has agreed on.
    void apply(const CallLeg& leg);
    /// New ICE credentials of ours for the answer to an ICE restart.
    void restart_ice(CallLeg& leg);

    /// Both ways between two legs, ending tones; holds and mutes stay in force.
    void join(CallLeg& a, CallLeg& b);
    /// A hold or a mute has come or gone on one of two joined legs.
    void gate(CallLeg& a, CallLeg& b);
    void part(CallLeg& leg);
    void ringback(const CallLeg& leg, const std::string& country);
    void silence(const CallLeg& leg);
    void announce(const CallLeg& leg, std::shared_ptr<const audio::Recording> recording, std::uint32_t ticket);
    /// What can be spoken to the leg with: its codecs that the engine can encode.
    Codecs speakable(const CallLeg& leg) const;
    bool has_telephone_event(const CallLeg& leg) const;
    /// RFC 4733 towards the leg; false when it has not agreed on telephone-event.
    bool send_digit(const CallLeg& leg, char digit, std::chrono::milliseconds duration);
    void close(CallLeg& leg);

    CanTranscode transcoder() const;

private:
    void let_hear(CallLeg& listener, const CallLeg& speaker);

    MediaEngine& engine_;
};

/// Codecs agreed for the leg (what we send first), else those its peer has offered.
Codecs agreed_codecs(const CallLeg& leg);

}  // namespace dp::call

#pragma once
/// @file IceSessions: what browser phones reported of their search for a media path, the newest of each user.
///
/// Threads: the API thread alone. Bounds: kPerUser reports a user, kInAll in all (the oldest go first); gone with a
/// restart. Source: seed 0 edge case 2 (`ICE_FAILED`, `CANDIDATE_GATHERING_TIMEOUT`).

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "telephony/ids.hpp"

namespace dp::telephony {

enum class IceOutcome : std::uint8_t { Connected, Failed, GatheringTimeout };

/// `ICE_FAILED`, `CANDIDATE_GATHERING_TIMEOUT`; empty when connected.
std::string_view diagnostic_code(IceOutcome outcome);

struct IceServerError {
    std::string url;
    std::int64_t code = 0;  ///< a STUN error, or 701: the server was not reached
    std::string text;
};

struct IceCandidateCounts {
    std::int64_t host = 0, srflx = 0, prflx = 0, relay = 0;
};

struct IceSession {
    OrganizationId organization;
    UserId user;
    ConversationId conversation;  ///< empty: the page did not know
    WallTime time{};
    IceOutcome outcome = IceOutcome::Connected;
    std::string ice_state;  ///< RTCIceConnectionState
    std::optional<std::int64_t> gathering_ms;
    IceCandidateCounts candidates;
    std::vector<IceServerError> errors;
    std::string local, remote, protocol;  ///< of the pair in use; empty: none
};

/// A sentence on what most likely went wrong; empty when connected.
std::string likely_cause(const IceSession& session);

class IceSessions {
public:
    static constexpr std::size_t kPerUser = 20;
    static constexpr std::size_t kInAll = 10'000;

    void add(IceSession session);
    /// Newest first; `user` empty: of everybody in the organization.
    std::vector<IceSession> newest(const OrganizationId& organization, const UserId& user, std::size_t limit) const;
    std::size_t size() const { return sessions_.size(); }

private:
    std::deque<IceSession> sessions_;  ///< in order of arrival
};

}  // namespace dp::telephony

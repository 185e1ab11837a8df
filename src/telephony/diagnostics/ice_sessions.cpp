#include "telephony/diagnostics/ice_sessions.hpp"

#include <algorithm>

namespace dp::telephony {

std::string_view diagnostic_code(IceOutcome outcome) {
    switch (outcome) {
        case IceOutcome::Connected:
            return "";
        case IceOutcome::Failed:
            return "ICE_FAILED";
        case IceOutcome::GatheringTimeout:
            return "CANDIDATE_GATHERING_TIMEOUT";
    }
    return "";
}

std::string likely_cause(const IceSession& session) {
    if (session.outcome == IceOutcome::Connected) return {};
    if (session.outcome == IceOutcome::GatheringTimeout)
        return "No candidate was found in time: with iceTransportPolicy relay the TURN servers did not answer, else "
               "the "
               "browser has no network.";
    if (session.candidates.relay > 0)
        return "Candidates were found, the relay's among them, and none reached the server: the relay may not send to "
               "it, or the server's address is not the one that is advertised.";
    if (!session.errors.empty())
        return "STUN or TURN servers did not answer (" + session.errors.front().url +
               "), and without a relay no packet came through: UDP is blocked on the way.";
    return "No packet came through and there was no relay to try: UDP is blocked on the way and no TURN server is "
           "configured.";
}

void IceSessions::add(IceSession session) {
    const auto is_theirs = [&](const IceSession& other) {
        return other.user == session.user && other.organization == session.organization;
    };
    if (std::ranges::count_if(sessions_, is_theirs) >= static_cast<std::ptrdiff_t>(kPerUser))
        sessions_.erase(std::ranges::find_if(sessions_, is_theirs));
    if (sessions_.size() >= kInAll) sessions_.pop_front();
    sessions_.push_back(std::move(session));
}

std::vector<IceSession> IceSessions::newest(const OrganizationId& organization, const UserId& user,
                                            std::size_t limit) const {
    std::vector<IceSession> out;
    for (auto it = sessions_.rbegin(); it != sessions_.rend() && out.size() < limit; ++it)
        if (it->organization == organization && (user.empty() || it->user == user)) out.push_back(*it);
    return out;
}

}  // namespace dp::telephony

#include "media/announced_addresses.hpp"

namespace dp::media {

bool AnnouncedAddresses::is_free(const Endpoint& remote, TimePoint now) const {
    const auto at = uses_.find(remote);
    return at == uses_.end() || (!at->second.leg.valid() && at->second.until <= now);
}

AnnouncedAddresses::Claim AnnouncedAddresses::claim(call::LegId leg, const Endpoint& remote, TimePoint now) {
    if (const auto own = of_leg_.find(leg); own != of_leg_.end()) {
        if (own->second == remote) return {.granted = true};
        release(leg, now);
    }
    Use& use = uses_[remote];
    if (use.contested && use.until > now) return {};
    if (use.leg.valid()) {
        const call::LegId holder = use.leg;
        of_leg_.erase(holder);
        use = {.contested = true, .until = now + kContested};
        return {.granted = false, .holder = holder};
    }
    use = {.leg = leg};
    of_leg_[leg] = remote;
    return {.granted = true};
}

void AnnouncedAddresses::release(call::LegId leg, TimePoint now) {
    forget_rested(now);
    const auto own = of_leg_.find(leg);
    if (own == of_leg_.end()) return;
    uses_[own->second] = {.until = now + rest_};
    resting_.emplace_back(now + rest_, own->second);
    of_leg_.erase(own);
}

void AnnouncedAddresses::forget_rested(TimePoint now) {
    while (!resting_.empty() && resting_.front().first <= now) {
        const auto at = uses_.find(resting_.front().second);
        if (at != uses_.end() && !at->second.leg.valid() && at->second.until <= now) uses_.erase(at);
        resting_.pop_front();
    }
}

}  // namespace dp::media

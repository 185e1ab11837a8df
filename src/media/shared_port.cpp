#include "media/shared_port.hpp"

#include <algorithm>
#include <ranges>

namespace dp::media {

SharedPort::SharedPort(PortPair pair, std::uint8_t dscp)
    : rtp_(std::move(pair.rtp), dscp), rtcp_(std::move(pair.rtcp), dscp) {
    rtp_.never_fragment();
}

std::optional<SharedPort::Former> SharedPort::listen(Leg& leg, const Sources& sources, TimePoint now) {
    // RTCP addresses are not claimed on control: the first leg keeps one that two have announced.
    if (sources.rtcp && !rtcp_.legs().by_remote(*sources.rtcp)) rtcp_.legs().add_remote(*sources.rtcp, leg);
    if (!sources.rtp) return std::nullopt;
    rtp_.legs().add_remote(*sources.rtp, leg);
    for (const auto& [remote, former] : former_ | std::views::reverse)
        if (remote == *sources.rtp && former.until > now) return former;
    return std::nullopt;
}

void SharedPort::leave(const Leg& leg, const Sources& sources, std::optional<std::uint32_t> ssrc, TimePoint now) {
    if (sources.rtcp) rtcp_.legs().remove_remote(*sources.rtcp, leg);
    if (!sources.rtp) return;
    rtp_.legs().remove_remote(*sources.rtp, leg);
    while (!former_.empty() && former_.front().second.until <= now) former_.pop_front();
    if (ssrc) former_.push_back({*sources.rtp, {*ssrc, now + kRest}});
}

}  // namespace dp::media

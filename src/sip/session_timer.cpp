#include "sip/session_timer.hpp"

#include <algorithm>

namespace dp::sip {

SessionTimerHeaders SessionTimerHeaders::of(const MessageView& message) {
    SessionTimerHeaders headers;
    headers.supported =
        message.has_token(HeaderId::Supported, "timer") || message.has_token(HeaderId::Require, "timer");
    if (auto expires = session_expires(message)) headers.expires = *expires;
    if (auto min_se = number(message, HeaderId::MinSe)) headers.min_se = std::chrono::seconds(*min_se);
    return headers;
}

SessionTimerAnswer answer_session_timer(const SessionTimerHeaders& asked, const SessionTimerPolicy& policy) {
    if (!asked.supported) {
        if (!asked.expires) return {};
        return {.interval = asked.expires->interval, .refresher = Refresher::Uas};
    }
    if (!asked.expires) {
        if (policy.interval.count() == 0) return {};
        const auto interval = std::max(policy.interval, asked.min_se);
        return {.interval = interval, .refresher = Refresher::Uac, .require_timer = true};
    }
    if (asked.expires->interval < policy.min_interval) return {.too_brief = true};
    const bool peer_refreshes = asked.expires->refresher != Refresher::Uas;
    return {.interval = asked.expires->interval,
            .refresher = peer_refreshes ? Refresher::Uac : Refresher::Uas,
            .require_timer = peer_refreshes};
}

void SessionTimer::agree(std::chrono::seconds interval, Refresher refresher, As role) {
    interval_ = interval;
    const bool uac_refreshes = refresher != Refresher::Uas;  // §7.2: a 2xx without the parameter leaves it to the UAC
    we_refresh_ = uac_refreshes == (role == As::Uac);
}

Duration SessionTimer::expire_after() const {
    const Duration interval(interval_);
    return interval - std::min<Duration>(std::chrono::seconds(32), interval / 3);
}

std::string session_expires_value(std::chrono::seconds interval, Refresher refresher) {
    std::string value = std::to_string(interval.count());
    if (refresher != Refresher::Unset) value += refresher == Refresher::Uac ? ";refresher=uac" : ";refresher=uas";
    return value;
}

}  // namespace dp::sip

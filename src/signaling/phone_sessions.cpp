#include "signaling/phone_sessions.hpp"

#include <algorithm>

namespace dp::signaling {

void PhoneSessions::take(const sip::RegistrarEvent& event, const telephony::Ptr<telephony::PhoneBaseSettings>& present,
                         WallTime now) {
    using Kind = sip::RegistrarEvent::Kind;
    switch (event.kind) {
        case Kind::Added:
        case Kind::Refreshed:
        case Kind::FlowChanged:
            return log_in(event.binding, present, now);
        case Kind::FlowLost:
            return;
        case Kind::Expired:
        case Kind::Disconnected:
            return lose(event.binding);
        case Kind::Removed:
        case Kind::Replaced:
            live_.erase(event.binding.id.value());
            return;
    }
}

void PhoneSessions::log_in(const sip::Binding& binding, const telephony::Ptr<telephony::PhoneBaseSettings>& present,
                           WallTime now) {
    Session& session = live_[binding.id.value()];
    if (session.call_id == binding.call_id) return;
    session = {binding.call_id, nullptr};
    if (const auto remembered = lost_.find(binding.aor); remembered != lost_.end()) {
        auto& sessions = remembered->second;
        const auto same = std::ranges::find(sessions, binding.call_id, &Session::call_id);
        if (same != sessions.end()) {
            session = std::move(*same);
            sessions.erase(same);
        }
    }
    if (!session.settings && present) session.settings = telephony::bind_settings(*present, now);
}

void PhoneSessions::lose(const sip::Binding& binding) {
    auto ended = live_.extract(binding.id.value());
    if (ended.empty()) return;
    auto& sessions = lost_[binding.aor];
    if (sessions.size() == kRemembered) sessions.erase(sessions.begin());
    sessions.push_back(std::move(ended.mapped()));
}

telephony::Ptr<telephony::BoundSettings> PhoneSessions::of(sip::BindingId binding) const {
    const auto found = live_.find(binding.value());
    return found == live_.end() ? nullptr : found->second.settings;
}

}  // namespace dp::signaling

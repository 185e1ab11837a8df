#include "telephony/phones/registration_permit.hpp"

#include <algorithm>

namespace dp::telephony {

std::optional<RegistrationRefusal> registration_refusal(const OrganizationConfig& config, const UserId& user,
                                                        PhoneTransport transport) {
    const auto& settings = config.settings_of(user);
    if (!settings) return std::nullopt;
    if (transport == PhoneTransport::WebSocket) {
        if (settings->web_rtc.enabled) return std::nullopt;
        return RegistrationRefusal{"webRtc", "webRtc.disabled", "WebRTC is disabled in the user's telephony settings."};
    }
    if (!settings->sofia.enabled)
        return RegistrationRefusal{"sofia", "sofia.disabled",
                                   "The SIP endpoint is disabled in the user's telephony settings."};
    const auto& network = config.network_configuration(settings->sofia.network_config);
    if (transport == PhoneTransport::Stream || !network || !network->force_tcp) return std::nullopt;
    return RegistrationRefusal{
        "sofia", "sofia.forceTcp",
        "The network configuration '" + network->id.str() + "' forces TCP: register over TCP or TLS."};
}

std::vector<RegistrationRefusal> registration_refusals(const OrganizationConfig& config, const UserId& user) {
    std::vector<RegistrationRefusal> out;
    for (const auto transport : {PhoneTransport::WebSocket, PhoneTransport::Stream, PhoneTransport::Datagram}) {
        auto refusal = registration_refusal(config, user, transport);
        if (refusal && std::ranges::find(out, refusal->code, &RegistrationRefusal::code) == out.end())
            out.push_back(std::move(*refusal));
    }
    return out;
}

}  // namespace dp::telephony

#include "telephony/trunks/trunk.hpp"

#include <algorithm>

#include "base/ascii.hpp"

namespace dp::telephony {
namespace {

// A host name or an address literal, as it will stand in a SIP URI: nothing that could break out of one.
bool is_host(std::string_view text) {
    return !text.empty() && text.size() <= 253 && std::ranges::all_of(text, [](char c) {
        return ascii::is_alnum(c) || c == '.' || c == '-' || c == '_' || c == ':' || c == '[' || c == ']';
    });
}

// RFC 3261 section 25.1: user = unreserved / escaped / user-unreserved; we take it without escapes.
bool is_sip_user(std::string_view text) {
    return text.size() <= 128 && std::ranges::all_of(text, [](char c) {
               return ascii::is_alnum(c) || std::string_view("-_.!~*'()&=+$,;?/@").contains(c);
           });
}

Result<void> required(bool present, const char* field) {
    if (present) return {};
    return fail(ErrorCode::MissingField, std::string(field) + " is required.", field);
}

Result<void> check_registration(const TrunkRegistration& registration, bool has_gateways) {
    if (registration.type == RegistrationType::None && has_gateways && registration.host.empty()) return {};
    if (registration.host.empty())
        return fail(ErrorCode::MissingField, "registration.host is required.", "registration.host");
    if (!is_host(registration.host))
        return fail(ErrorCode::InvalidValue, "registration.host must be a host name or an address.",
                    "registration.host");
    if (!is_sip_user(registration.username))
        return fail(ErrorCode::InvalidValue, "registration.username must be the user part of a SIP address.",
                    "registration.username");
    return {};
}

}  // namespace

Result<void> validate(const Trunk& trunk) {
    DP_CHECK(required(!trunk.name.empty(), "name"));
    DP_CHECK(required(!trunk.edge_group.empty(), "edgeGroupId"));
    DP_CHECK(required(!trunk.sip_profile.empty(), "sipProfileId"));
    if (trunk.max_concurrent_sessions < 1 || trunk.max_concurrent_sessions > kMaxTrunkSessions)
        return fail(ErrorCode::InvalidValue, "maxConcurrentSessions must be between 1 and 2000.",
                    "maxConcurrentSessions");
    DP_CHECK(check_registration(trunk.registration, !trunk.gateways.empty()));
    for (const TrunkGateway& gateway : trunk.gateways)
        if (!is_host(gateway.host))
            return fail(ErrorCode::InvalidValue, "gateways[].host must be a host name or an address.", "gateways");
    const auto interval = trunk.health_probe.interval;
    if (trunk.health_probe.enabled && (interval < std::chrono::seconds(1) || interval > std::chrono::hours(1)))
        return fail(ErrorCode::InvalidValue, "healthProbe.intervalSeconds must be between 1 and 3600.",
                    "healthProbe.intervalSeconds");
    if (trunk.media_encryption != MediaEncryption::None && trunk.media == MediaPolicy::Bypass)
        return fail(ErrorCode::InvalidValue, "mediaEncryption must be none where mediaPolicy is bypass.",
                    "mediaEncryption");
    if (trunk.number_types.empty())
        return fail(ErrorCode::InvalidValue, "numberTypes must name at least one of pstn and sip.", "numberTypes");
    return {};
}

std::vector<TrunkGateway> gateways_of(const Trunk& trunk) {
    if (trunk.gateways.empty()) return {{.host = trunk.registration.host, .port = trunk.registration.port}};
    std::vector<TrunkGateway> ordered;
    for (const TrunkGateway& gateway : trunk.gateways)
        ordered.insert(std::ranges::upper_bound(ordered, gateway.priority, {}, &TrunkGateway::priority), gateway);
    return ordered;
}

const CodecList& codecs_of(const Trunk& trunk, const SipProfile& profile) {
    return trunk.codecs.empty() ? profile.codecs : trunk.codecs;
}

std::string password_context(const TrunkId& trunk) {
    return "trunk/" + trunk.str();
}

}  // namespace dp::telephony

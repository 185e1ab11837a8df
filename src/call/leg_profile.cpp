#include "call/leg_profile.hpp"

namespace dp::call {
namespace {

const Codecs& platform_order() {
    static const Codecs order = {sdp::Codec::Opus, sdp::Codec::G722, sdp::Codec::Pcmu, sdp::Codec::Pcma,
                                 sdp::Codec::G729};
    return order;
}

Codecs or_platform_order(Codecs codecs) {
    return codecs.empty() ? platform_order() : codecs;
}

SourcePolicy source_policy_of(MediaTransport transport) {
    return transport == MediaTransport::Webrtc ? SourcePolicy::Ice : SourcePolicy::Nat;
}

LegProfile plain_profile(MediaTransport transport, Codecs codecs) {
    LegProfile profile;
    profile.transport = transport;
    profile.source = source_policy_of(transport);
    profile.codecs = or_platform_order(std::move(codecs));
    return profile;
}

/// On a shared port a peer is told from others by what it announces: nothing else is believed.
LegProfile on_port_of(const telephony::Trunk& trunk, LegProfile profile) {
    if (trunk.media_port != telephony::MediaPort::Shared || profile.transport == MediaTransport::Webrtc) return profile;
    profile.port = PortUse::Shared;
    profile.source = SourcePolicy::Strict;
    profile.carrier = trunk.id.str();
    return profile;
}

/// The media of a carrier's leg. Only `optional` has none of its own: RTP until an agreement says SRTP.
MediaTransport carrier_transport(telephony::MediaEncryption encryption, MediaTransport offered) {
    if (offered == MediaTransport::Webrtc) return offered;
    switch (encryption) {
        case telephony::MediaEncryption::None:
            return offered;
        case telephony::MediaEncryption::Optional:
            return MediaTransport::Rtp;
        case telephony::MediaEncryption::Required:
            return MediaTransport::Srtp;
    }
    return offered;
}

LegProfile carrier_profile(const telephony::Trunk& trunk, MediaTransport offered, Codecs codecs) {
    LegProfile profile = plain_profile(carrier_transport(trunk.media_encryption, offered), std::move(codecs));
    profile.encryption = trunk.media_encryption;
    return on_port_of(trunk, std::move(profile));
}

Codecs codecs_of_user(const telephony::OrganizationConfig& config, const telephony::UserId& user,
                      MediaTransport transport) {
    const auto& settings = config.settings_of(user);
    if (!settings) return {};
    return to_sdp(transport == MediaTransport::Webrtc ? settings->web_rtc.codecs : settings->sofia.codecs);
}

}  // namespace

LegProfile profile_of_phone(const telephony::OrganizationConfig& config, const telephony::PhoneId& id,
                            MediaTransport transport, const telephony::BoundSettings* bound) {
    const auto& phone = config.phone(id);
    if (!phone) return plain_profile(transport, {});
    LegProfile profile = plain_profile(transport, codecs_of_user(config, phone->user, transport));
    if (bound == nullptr) return profile;
    profile.dscp = bound->media_dscp;
    if (bound->auto_answer) profile.answer_mode = AnswerMode::Automatic;
    return profile;
}

LegProfile profile_of_gateway(const telephony::GatewayChoice& choice) {
    return carrier_profile(*choice.trunk, MediaTransport::Rtp, to_sdp(choice.codecs));
}

LegProfile profile_of_trunk(const telephony::OrganizationConfig& config, const telephony::Trunk& trunk,
                            MediaTransport transport) {
    Codecs codecs = to_sdp(trunk.codecs);
    if (const auto& profile = config.sip_profile(trunk.sip_profile); codecs.empty() && profile)
        codecs = to_sdp(profile->codecs);
    return carrier_profile(trunk, transport, std::move(codecs));
}

IpFamily family_of(const IpAddress& address) {
    return address.is_v4() || address.is_unspecified() ? IpFamily::V4 : IpFamily::V6;
}

std::optional<Endpoint> address_in_offer(std::string_view text) {
    const auto description = sdp::parse(text);
    const sdp::MediaSection* audio = description ? description->find_audio() : nullptr;
    return audio ? audio->rtp_endpoint() : std::nullopt;
}

/// Read from the m-line alone: the whole description is parsed only where the leg is anchored.
MediaTransport transport_of_offer(std::string_view text) {
    constexpr std::string_view kAudio = "m=audio ";
    std::size_t at = text.find(kAudio);
    if (at == std::string_view::npos) return MediaTransport::Rtp;
    const std::string_view line = text.substr(at, text.find_first_of("\r\n", at) - at);
    if (line.find(" UDP/TLS/RTP/SAVP") != std::string_view::npos) return MediaTransport::Webrtc;
    if (line.find(" RTP/SAVP") == std::string_view::npos) return MediaTransport::Rtp;
    const bool dtls =
        text.find("a=fingerprint:") != std::string_view::npos && text.find("a=crypto:") == std::string_view::npos;
    return dtls ? MediaTransport::Webrtc : MediaTransport::Srtp;
}

namespace {

/// Carriers name AES_CM_128_HMAC_SHA1_80, most of them nothing else; three lines still fit an INVITE over UDP (RFC 3261
/// section 18.1.1). RTP/AVP with keys counts as SRTP here, as the answer repeats both.
void protect_towards_carrier(sdp::Capabilities& capabilities) {
    capabilities.suites = {SrtpSuite::AesCm128HmacSha1_80, SrtpSuite::AeadAes128Gcm, SrtpSuite::AeadAes256Gcm,
                           SrtpSuite::AesCm256HmacSha1_80, SrtpSuite::AesCm128HmacSha1_32};
    capabilities.offered_suites = 3;
    capabilities.accepts.sdes = true;
    capabilities.accepts.optional_sdes = true;
    capabilities.offered_security = sdp::Security::Sdes;
}

}  // namespace

sdp::Capabilities capabilities_of(const LegProfile& profile) {
    sdp::Capabilities capabilities;
    capabilities.codecs = profile.codecs;
    const bool for_carrier = profile.encryption != telephony::MediaEncryption::None;
    if (for_carrier && profile.transport != MediaTransport::Webrtc) protect_towards_carrier(capabilities);
    switch (profile.transport) {
        case MediaTransport::Rtp:
            break;
        case MediaTransport::Srtp:
            capabilities.accepts.plain = false;
            capabilities.accepts.sdes = true;
            capabilities.offered_security = sdp::Security::Sdes;
            break;
        case MediaTransport::Webrtc:
            capabilities.accepts.plain = false;
            capabilities.accepts.dtls = true;
            capabilities.offered_security = sdp::Security::Dtls;
            capabilities.rtcp_mux = true;
            capabilities.rtcp_rsize = true;
            break;
    }
    return capabilities;
}

MediaLegSpec media_spec_of(const LegProfile& profile, LegId beside) {
    const bool browser = profile.transport == MediaTransport::Webrtc;
    return {.transport = profile.transport,
            .policy = profile.source,
            .dscp = profile.dscp,
            .family = browser ? IpFamily::V4 : profile.family,
            .beside = beside,
            .port = profile.port,
            .carrier = profile.carrier,
            .announced = profile.announced};
}

}  // namespace dp::call

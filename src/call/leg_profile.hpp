#pragma once
/// @file LegProfile: what the configuration says about a leg before it is set up: its transport, codecs, DSCP, whom its
/// media engine believes, and whether the phone answers by itself. Pure functions over one organization's
/// configuration.

#include <string_view>

#include "call/codec_policy.hpp"
#include "call/leg_signaling.hpp"
#include "call/media_engine.hpp"
#include "call/phone_directory.hpp"
#include "telephony/config/snapshot.hpp"
#include "telephony/dialing/router.hpp"

namespace dp::call {

struct LegProfile {
    MediaTransport transport = MediaTransport::Rtp;
    SourcePolicy source = SourcePolicy::Nat;
    std::uint8_t dscp = 46;
    Codecs codecs;
    AnswerMode answer_mode = AnswerMode::Person;
    telephony::MediaEncryption encryption = telephony::MediaEncryption::None;  ///< of a trunk; phones say it in SDP
    IpFamily family = IpFamily::V4;  ///< of the signalling; a browser's leg has candidates and stays on IPv4
    PortUse port = PortUse::Own;
    std::string carrier = {};                ///< the trunk, where the port is shared
    std::optional<Endpoint> announced = {};  ///< what the offer says that this leg answers, where the port is shared
};

/// Codecs are those of the user's `webRtc` or `sofia` settings, by the transport; the platform's order where they name
/// none. DSCP and automatic answer are those of the phone's log-in; null: it is not logged in.
LegProfile profile_of_phone(const telephony::OrganizationConfig& config, const telephony::PhoneId& phone,
                            MediaTransport transport, const telephony::BoundSettings* bound);
LegProfile profile_of_gateway(const telephony::GatewayChoice& choice);
/// A trunk that calls us.
LegProfile profile_of_trunk(const telephony::OrganizationConfig& config, const telephony::Trunk& trunk,
                            MediaTransport transport);

/// The family that media of a peer uses who signals from `address`.
IpFamily family_of(const IpAddress& address);

/// Where an offer says that audio goes; nothing when it cannot be read or names no address.
std::optional<Endpoint> address_in_offer(std::string_view sdp);

/// What an offer asks for by its m-line; plain RTP when it cannot be read.
MediaTransport transport_of_offer(std::string_view sdp);

sdp::Capabilities capabilities_of(const LegProfile& profile);
MediaLegSpec media_spec_of(const LegProfile& profile, LegId beside);

}  // namespace dp::call

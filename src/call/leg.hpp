#pragma once
/// @file What a leg is to the call core: one signalling relation with one phone contact or one carrier gateway, named
/// by a LegId.
///
/// A LegId is minted by the call book (slot of the call, ordinal inside the call, generation) and used by both sides of
/// the LegSignaling port and of the MediaEngine port; it is never reused while anything could still speak of it.

#include <cstdint>
#include <string>

#include "base/strong_id.hpp"

namespace dp::call {

struct LegTag;
using LegId = StrongIndex<LegTag>;

/// Ordinals that a call may give out before its ids would be another call's.
inline constexpr std::uint64_t kLegsPerCall = 65'535;

struct ContactTag;
/// One live registration binding of a phone, as the registrar knows it.
using ContactId = StrongIndex<ContactTag>;

struct GatewayTag;
/// One gateway of one trunk, as the trunk clients know it.
using GatewayId = StrongIndex<GatewayTag>;

/// The two ends of a call. The agent is the party inside the organization, the remote party everybody else (for a call
/// between two phones of the organization: the called phone).
enum class Party : std::uint8_t { Agent, Remote };

/// How a leg's media travels. Fixed by who is at the other end, before any SDP is seen.
enum class MediaTransport : std::uint8_t {
    Rtp,     ///< plain RTP/AVP
    Srtp,    ///< RTP/SAVP with SDES keys (RFC 4568)
    Webrtc,  ///< UDP/TLS/RTP/SAVPF with ICE and DTLS
};

}  // namespace dp::call

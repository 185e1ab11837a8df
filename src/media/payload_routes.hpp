#pragma once
/// @file What happens to each payload type a leg receives: passed on, translated octet by octet, decoded, taken as a
/// key press, or dropped. Decided once per negotiation or connection, then one table look-up per packet.
///
/// Thread: pure; tables are built by the leg's worker when something was agreed.

#include <array>
#include <optional>

#include "audio/codec.hpp"
#include "audio/g711.hpp"
#include "sdp/offer_answer.hpp"

namespace dp::media {

std::optional<audio::CodecId> audio_codec(sdp::Codec codec);
/// Same codec, or both ours to decode and encode.
bool can_cross(sdp::Codec from, sdp::Codec to);

struct PayloadRoute {
    enum class Content : std::uint8_t { Unknown, Audio, Digit, ComfortNoise };
    enum class Crossing : std::uint8_t {
        Drop,
        Relay,      ///< payload unchanged
        Translate,  ///< between the laws of G.711
        Decode,     ///< into the peer's audio feed
    };
    Content content = Content::Unknown;
    Crossing crossing = Crossing::Drop;
    sdp::Codec codec = sdp::Codec::Pcmu;
    std::uint8_t out_type = 0;  ///< the peer's number for it
    std::uint32_t clock_rate = 8000;
    const audio::OctetMap* translation = nullptr;
};

using PayloadRoutes = std::array<PayloadRoute, 128>;

/// Contents from what we receive; crossings towards `peer` (null: no bridge, everything audible is dropped).
PayloadRoutes make_routes(const sdp::NegotiatedAudio& ours, const sdp::NegotiatedAudio* peer);

/// Whether any audio of `ours` reaches `peer` only by decoding, or not at all.
struct CrossingSummary {
    bool decodes = false;
    bool impossible = false;  ///< the likely codec cannot be carried over
};
CrossingSummary summarise(const PayloadRoutes& routes, const sdp::NegotiatedAudio& ours);

/// How to encode for this peer: the rate both codecs share, and what its fmtp asks (RFC 7587 section 6.1).
audio::EncoderOptions encoder_for(const sdp::NegotiatedAudio& towards, audio::CodecId from, int opus_complexity);

}  // namespace dp::media

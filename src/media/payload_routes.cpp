#include "media/payload_routes.hpp"

#include <algorithm>

namespace dp::media {
namespace {

using Content = PayloadRoute::Content;
using Crossing = PayloadRoute::Crossing;

const audio::OctetMap* translation(sdp::Codec from, sdp::Codec to) {
    if (from == sdp::Codec::Pcmu && to == sdp::Codec::Pcma) return &audio::ulaw_to_alaw();
    if (from == sdp::Codec::Pcma && to == sdp::Codec::Pcmu) return &audio::alaw_to_ulaw();
    return nullptr;
}

void cross_audio(PayloadRoute& route, const sdp::NegotiatedAudio& peer) {
    const sdp::Codec to = peer.send.codec;
    route.out_type = peer.send.payload_type;
    route.translation = translation(route.codec, to);
    if (route.codec == to)
        route.crossing = Crossing::Relay;
    else if (route.translation)
        route.crossing = Crossing::Translate;
    else if (can_cross(route.codec, to))
        route.crossing = Crossing::Decode;
}

void add(PayloadRoutes& routes, Content content, const sdp::PayloadMapping& mapping) {
    PayloadRoute& route = routes[mapping.payload_type & 0x7F];
    route.content = content;
    route.codec = mapping.codec;
    route.clock_rate = mapping.clock_rate;
}

/// The peer's stream takes over our timeline.
bool audio_passes(const PayloadRoutes& routes, const sdp::NegotiatedAudio& ours) {
    if (ours.receive.empty()) return false;
    const Crossing likely = routes[ours.receive.front().payload_type & 0x7F].crossing;
    return likely == Crossing::Relay || likely == Crossing::Translate;
}

/// A stream has one timeline: a key press passes unchanged only if its clock is that of the audio on both sides.
void cross_digit(PayloadRoute& route, const sdp::NegotiatedAudio& peer, bool passes) {
    if (!peer.send_dtmf) return;
    const bool same =
        passes && route.clock_rate == peer.send_dtmf->clock_rate && route.clock_rate == peer.send.clock_rate;
    route.crossing = same ? Crossing::Relay : Crossing::Decode;
    route.out_type = peer.send_dtmf->payload_type;
}

void cross_noise(PayloadRoute& route, const sdp::NegotiatedAudio& peer, bool passes) {
    const bool same = passes && peer.send_comfort_noise && peer.send.clock_rate == route.clock_rate;
    route.crossing = same ? Crossing::Relay : passes ? Crossing::Drop : Crossing::Decode;
    route.out_type = peer.send_comfort_noise.value_or(0);
}

}  // namespace

std::optional<audio::CodecId> audio_codec(sdp::Codec codec) {
    switch (codec) {
        case sdp::Codec::Pcmu:
            return audio::CodecId::Pcmu;
        case sdp::Codec::Pcma:
            return audio::CodecId::Pcma;
        case sdp::Codec::G722:
            return audio::CodecId::G722;
        case sdp::Codec::Opus:
            return audio::CodecId::Opus;
        default:
            return std::nullopt;
    }
}

bool can_cross(sdp::Codec from, sdp::Codec to) {
    return from == to || (audio_codec(from) && audio_codec(to));
}

PayloadRoutes make_routes(const sdp::NegotiatedAudio& ours, const sdp::NegotiatedAudio* peer) {
    PayloadRoutes routes{};
    for (const auto& mapping : ours.receive) add(routes, Content::Audio, mapping);
    for (const auto& mapping : ours.receive_dtmf_other) add(routes, Content::Digit, mapping);
    if (ours.receive_dtmf) add(routes, Content::Digit, *ours.receive_dtmf);
    if (ours.receive_comfort_noise)
        add(routes, Content::ComfortNoise, {*ours.receive_comfort_noise, sdp::Codec::ComfortNoise, 8000});
    if (!peer) return routes;
    for (PayloadRoute& route : routes)
        if (route.content == Content::Audio) cross_audio(route, *peer);
    const bool passes = audio_passes(routes, ours);
    for (PayloadRoute& route : routes) {
        if (route.content == Content::Digit) cross_digit(route, *peer, passes);
        if (route.content == Content::ComfortNoise) cross_noise(route, *peer, passes);
    }
    return routes;
}

CrossingSummary summarise(const PayloadRoutes& routes, const sdp::NegotiatedAudio& ours) {
    CrossingSummary summary;
    summary.decodes = std::ranges::any_of(routes, [](const PayloadRoute& route) {
        return route.content == Content::Audio && route.crossing == Crossing::Decode;
    });
    summary.impossible =
        !ours.receive.empty() && routes[ours.receive.front().payload_type & 0x7F].crossing == Crossing::Drop;
    return summary;
}

audio::EncoderOptions encoder_for(const sdp::NegotiatedAudio& towards, audio::CodecId from, int opus_complexity) {
    audio::EncoderOptions options;
    options.codec = audio_codec(towards.send.codec).value_or(audio::CodecId::Pcmu);
    options.rate = audio::common_rate(from, options.codec);
    if (options.codec != audio::CodecId::Opus) return options;
    const std::uint32_t wanted = towards.opus.max_playback_rate;
    options.rate = std::min(options.rate, wanted >= 48000 ? 48000U : wanted >= 16000 ? 16000U : 8000U);
    options.bitrate = options.rate == 8000 ? 16000 : options.rate == 16000 ? 24000 : 32000;
    if (towards.opus.max_average_bitrate)
        options.bitrate = std::min(options.bitrate, *towards.opus.max_average_bitrate);
    options.bitrate = std::max(options.bitrate, 6000U);  // RFC 7587 section 6.1: the least Opus has
    options.complexity = opus_complexity;
    options.in_band_fec = towards.opus.in_band_fec;
    options.constant_bitrate = towards.opus.cbr;
    return options;
}

}  // namespace dp::media

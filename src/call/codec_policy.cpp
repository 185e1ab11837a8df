#include "call/codec_policy.hpp"

#include <algorithm>

#include "telephony/sdp_codec.hpp"

namespace dp::call {
namespace {

bool has(const Codecs& codecs, sdp::Codec codec) {
    return std::ranges::find(codecs, codec) != codecs.end();
}

/// `own` with those that `other` has in front, in the order of `other`; the rest keep their order.
Codecs ordered(const Codecs& own, const Codecs& other) {
    Codecs out;
    for (auto codec : other)
        if (has(own, codec) && !has(out, codec)) out.push_back(codec);
    for (auto codec : own)
        if (!has(out, codec)) out.push_back(codec);
    return out;
}

}  // namespace

sdp::Codec to_sdp(telephony::Codec codec) {
    return telephony::to_sdp(codec);
}

telephony::Codec to_telephony(sdp::Codec codec) {
    return telephony::codec_of(codec).value_or(telephony::Codec::Pcmu);
}

Codecs to_sdp(const telephony::CodecList& codecs) {
    Codecs out;
    for (auto codec : codecs) out.push_back(telephony::to_sdp(codec));
    return out;
}

Codecs fewest_of(const Codecs& codecs) {
    for (const auto codec : codecs)
        if (codec == sdp::Codec::Pcmu || codec == sdp::Codec::Pcma) return {codec};
    return codecs.empty() ? codecs : Codecs{codecs.front()};
}

Codecs favouring(const Codecs& own, const Codecs& liked) {
    Codecs common;
    for (auto codec : own)
        if (has(liked, codec)) common.push_back(codec);
    return ordered(own, common);
}

Codecs offer_towards(const Codecs& own, const Codecs& other, const CanTranscode& can_transcode) {
    Codecs out = ordered(own, other);
    std::erase_if(out, [&](sdp::Codec codec) {
        if (has(other, codec)) return false;
        return std::ranges::none_of(other, [&](sdp::Codec far) { return can_transcode(codec, far); });
    });
    return out;
}

Codecs answer_towards(const Codecs& own, const Codecs& far, const CanTranscode& can_transcode) {
    return offer_towards(own, far, can_transcode);
}

}  // namespace dp::call

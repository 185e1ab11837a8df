#include "call/codec_policy.hpp"

#include <algorithm>

namespace dp::call {
namespace {

bool has(const Codecs& codecs, sdp::Codec codec) {
    return std::ranges::find(codecs, codec) != codecs.end();
}

}  // namespace

sdp::Codec to_sdp(telephony::Codec codec) {
    switch (codec) {
        case telephony::Codec::Opus:
            return sdp::Codec::Opus;
        case telephony::Codec::G722:
            return sdp::Codec::G722;
        case telephony::Codec::Pcmu:
            return sdp::Codec::Pcmu;
        case telephony::Codec::Pcma:
            return sdp::Codec::Pcma;
        case telephony::Codec::G729:
            return sdp::Codec::G729;
        case telephony::Codec::Gsm:
            return sdp::Codec::Gsm;
    }
    return sdp::Codec::Pcmu;
}

telephony::Codec to_telephony(sdp::Codec codec) {
    switch (codec) {
        case sdp::Codec::Opus:
            return telephony::Codec::Opus;
        case sdp::Codec::G722:
            return telephony::Codec::G722;
        case sdp::Codec::Pcma:
            return telephony::Codec::Pcma;
        case sdp::Codec::G729:
            return telephony::Codec::G729;
        case sdp::Codec::Gsm:
            return telephony::Codec::Gsm;
        case sdp::Codec::Pcmu:
        case sdp::Codec::ComfortNoise:
        case sdp::Codec::TelephoneEvent:
            break;
    }
    return telephony::Codec::Pcmu;
}

Codecs to_sdp(const telephony::CodecList& codecs) {
    Codecs out;
    for (auto codec : codecs) out.push_back(to_sdp(codec));
    return out;
}

Codecs ordered(const Codecs& own, const Codecs& liked) {
    Codecs out;
    for (auto codec : liked)
        if (has(own, codec) && !has(out, codec)) out.push_back(codec);
    for (auto codec : own)
        if (!has(out, codec)) out.push_back(codec);
    return out;
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

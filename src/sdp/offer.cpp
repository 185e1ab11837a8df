/// make_offer: first offers and re-offers of offer_answer.hpp.

#include <algorithm>

#include "base/ascii.hpp"
#include "sdp/formats.hpp"
#include "sdp/offer_answer.hpp"
#include "sdp/origin.hpp"
#include "sdp/protection.hpp"

namespace dp::sdp {
namespace {

/// Index of the section that carries our audio: the one in use, else the first that was ever audio.
std::optional<std::size_t> audio_index(const SessionDescription* description) {
    if (!description) return std::nullopt;
    for (const bool in_use : {true, false})
        for (std::size_t i = 0; i < description->media.size(); ++i)
            if (description->media[i].kind == "audio" && (!in_use || !description->media[i].refused())) return i;
    return std::nullopt;
}

const MediaSection* section_at(const SessionDescription* description, std::size_t index) {
    if (!description || index >= description->media.size() || description->media[index].kind != "audio") return nullptr;
    return &description->media[index];
}

MediaSection offer_section(const Capabilities& capabilities, const LocalMedia& local, const MediaSection* before,
                           const MediaSection* remote) {
    MediaSection out;
    const bool keeps_protocol = before && !before->refused() && before->protocol != Protocol::Other;
    out.protocol = keeps_protocol ? before->protocol : offer_protocol(capabilities, local);
    out.formats = offer_formats(capabilities, before, remote);
    out.direction = capabilities.direction;
    out.ptime = capabilities.ptime;
    out.rtcp_mux = capabilities.rtcp_mux || local.ice.has_value() || capabilities.offered_security == Security::Dtls;
    out.rtcp_rsize = capabilities.rtcp_rsize;
    // RFC 5763 5: an offer is actpass, also in a re-offer: a fixed role there breaks browsers.
    put_transport(out, local, capabilities.offered_security, local.ice.has_value(), Setup::ActPass);
    if (capabilities.offered_security == Security::Sdes) out.crypto = offer_crypto(capabilities, local);
    if (before && before->mid)
        out.mid = before->mid;
    else if (local.ice)
        out.mid = "0";
    return out;
}

MediaSection refused_again(const MediaSection& before) {
    MediaSection out = before;
    return refuse(std::move(out));
}

}  // namespace

SessionDescription make_offer(const Capabilities& capabilities, const LocalMedia& local, const DialogState& state) {
    SessionDescription out;
    out.origin = state.origin;
    out.origin.address = local.rtp.address.str();
    const std::size_t index = audio_index(state.local).value_or(0);
    // RFC 3264 8: a re-offer has every section of before, in place.
    if (state.local)
        for (const MediaSection& before : state.local->media) out.media.push_back(refused_again(before));
    if (out.media.size() <= index) out.media.resize(index + 1);
    out.media[index] =
        offer_section(capabilities, local, section_at(state.local, index), section_at(state.remote, index));
    finish_session(out, index, local.ice.has_value());
    return with_version(std::move(out), state.local);
}

}  // namespace dp::sdp

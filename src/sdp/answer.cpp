/// make_answer and accept_answer of offer_answer.hpp.

#include <fmt/format.h>

#include <algorithm>

#include "sdp/formats.hpp"
#include "sdp/offer_answer.hpp"
#include "sdp/origin.hpp"
#include "sdp/protection.hpp"

namespace dp::sdp {
namespace {

const MediaSection* section_at(const SessionDescription* description, std::size_t index) {
    return description && index < description->media.size() ? &description->media[index] : nullptr;
}

std::string names_of(const std::vector<Format>& formats) {
    std::string out;
    for (const Format& format : formats)
        out += fmt::format("{}{}", out.empty() ? "" : ", ",
                           format.encoding.empty() ? std::to_string(format.payload_type) : format.encoding);
    return out.empty() ? "nothing" : out;
}

/// The first codec of ours that the offer has.
const Format* choose_codec(const MediaSection& offered, const Capabilities& capabilities) {
    for (Codec codec : capabilities.codecs)
        if (const Format* format = find_format(offered, codec, facts(codec).clock_rate)) return format;
    return nullptr;
}

/// The answered form of an offered format: the offerer's number, our fmtp.
Format answered(const Format& offered, OpusProfile opus) {
    Format out = local_format(*offered.codec, offered.clock_rate, offered.payload_type, opus);
    out.encoding = offered.encoding;
    out.channels = offered.channels;
    // A list of events is said only to who said one.
    if (offered.codec == Codec::TelephoneEvent && offered.fmtp.empty()) out.fmtp.clear();
    return out;
}

struct Chosen {
    const Format* audio = nullptr;
    const Format* dtmf = nullptr;
    const Format* comfort_noise = nullptr;
};

Result<Chosen> choose_formats(const MediaSection& offered, const Capabilities& capabilities) {
    Chosen out;
    out.audio = choose_codec(offered, capabilities);
    if (!out.audio)
        return fail(ErrorCode::UnsupportedMedia,
                    fmt::format("No codec in common; offered: {}.", names_of(offered.formats)), "m");
    if (capabilities.telephone_event) out.dtmf = find_telephone_event(offered, out.audio->clock_rate);
    if (capabilities.comfort_noise && out.audio->clock_rate == 8000)
        out.comfort_noise = find_format(offered, Codec::ComfortNoise, 8000);
    return out;
}

void note_formats(const Chosen& chosen, NegotiatedAudio& out) {
    out.send = mapping_of(*chosen.audio);
    out.receive = {out.send};
    if (chosen.dtmf) out.send_dtmf = out.receive_dtmf = mapping_of(*chosen.dtmf);
    if (chosen.comfort_noise) out.send_comfort_noise = out.receive_comfort_noise = chosen.comfort_noise->payload_type;
    if (chosen.audio->codec == Codec::Opus) out.opus = opus_parameters(chosen.audio->fmtp);
}

void note_direction(const MediaSection& remote, Direction wanted, const Capabilities& capabilities,
                    NegotiatedAudio& out) {
    const Direction theirs = remote.effective_direction();
    out.direction = both(wanted, reversed(theirs));
    out.held_by_peer = !receives(theirs);
    out.send_ptime = send_ptime(remote, capabilities.ptime);
}

struct AnsweredSection {
    MediaSection section;
    NegotiatedAudio audio;
};

void put_formats(const Chosen& chosen, OpusProfile opus, MediaSection& out) {
    for (const Format* format : {chosen.audio, chosen.comfort_noise, chosen.dtmf})
        if (format) out.formats.push_back(answered(*format, opus));
}

/// RFC 4568 5.1.2: one line, the chosen tag, our own key.
void put_crypto(const MediaSection& offered, const Capabilities& capabilities, const LocalMedia& local,
                AnsweredSection& out) {
    const CryptoAttribute* line = choose_crypto(offered, capabilities.suites);
    const SrtpKey ours = local.srtp_keys.of(line->key->suite);
    out.section.crypto = {{.tag = line->tag, .key = ours, .mki_size = 0}};
    out.audio.srtp = SrtpPair{.local = ours, .remote = *line->key, .remote_mki_size = line->mki_size};
}

Result<AnsweredSection> answer_section(const MediaSection& offered, bool offerer_lite, const Capabilities& capabilities,
                                       const LocalMedia& local, const MediaSection* previous_local,
                                       const MediaSection* previous_remote) {
    AnsweredSection out;
    DP_TRY(security, security_of_offer(offered, capabilities, local));
    DP_TRY(chosen, choose_formats(offered, capabilities));
    const bool with_ice = offered.ice && local.ice;
    out.audio.security = security;
    out.audio.local_setup = answer_setup(offered, previous_local, previous_remote);
    note_formats(chosen, out.audio);
    note_direction(offered, capabilities.direction, capabilities, out.audio);
    // One DTLS association keys one port: without multiplexing, RTCP would need another (RFC 5764 4.1).
    const bool mux = offered.rtcp_mux && (with_ice || security == Security::Dtls || capabilities.rtcp_mux);
    read_transport(offered, offerer_lite, with_ice, mux, out.audio);
    out.audio.rtcp_rsize = offered.rtcp_rsize && capabilities.rtcp_rsize;

    out.section.protocol = offered.protocol;
    out.section.mid = offered.mid;
    out.section.direction = out.audio.direction;
    out.section.rtcp_mux = mux;
    out.section.rtcp_rsize = out.audio.rtcp_rsize;
    if (offered.ptime || !with_ice) out.section.ptime = capabilities.ptime;
    put_formats(chosen, capabilities.opus, out.section);
    put_transport(out.section, local, security, with_ice, out.audio.local_setup);
    if (security == Security::Sdes) put_crypto(offered, capabilities, local, out);
    return out;
}

/// The first audio section that can be answered; the reason of the first that could not, otherwise.
Result<AnsweredSection> answer_first(const SessionDescription& offer, const Capabilities& capabilities,
                                     const LocalMedia& local, const DialogState& state) {
    std::optional<Error> reason;
    for (std::size_t i = 0; i < offer.media.size(); ++i) {
        const MediaSection& offered = offer.media[i];
        if (offered.kind != "audio" || offered.refused()) continue;
        auto done = answer_section(offered, offer.ice_lite, capabilities, local, section_at(state.local, i),
                                   section_at(state.remote, i));
        if (done) {
            done->audio.section = i;
            return done;
        }
        if (!reason) reason = std::move(done).error();
    }
    if (reason) return std::unexpected(std::move(*reason));
    return fail(ErrorCode::UnsupportedMedia, "The offer has no audio.", "m");
}

bool group_has(const SessionDescription& description, const std::optional<std::string>& mid) {
    return mid && std::ranges::any_of(description.bundle,
                                      [&](const auto& group) { return std::ranges::find(group, *mid) != group.end(); });
}

// --- accepting
// ------------------------------------------------------------------------------------------------------------------------

Result<std::size_t> offered_audio(const SessionDescription& our_offer) {
    const MediaSection* audio = our_offer.find_audio();
    if (!audio) return fail(ErrorCode::Internal, "Our own offer has no audio.");
    return static_cast<std::size_t>(audio - our_offer.media.data());
}

/// Our offered format that an answered one means: same number and codec, else same codec and clock (numbers may differ
/// per direction).
const Format* offered_counterpart(const MediaSection& ours, const Format& answered) {
    if (!answered.codec) return nullptr;
    const Format* same = ours.find(answered.payload_type);
    if (same && same->codec == answered.codec && same->clock_rate == answered.clock_rate) return same;
    return find_format(ours, *answered.codec, answered.clock_rate);
}

/// A number without rtpmap means what our offer said it means: some gateways answer dynamic types without repeating the
/// map.
MediaSection with_our_names(MediaSection answered, const MediaSection& ours) {
    for (Format& format : answered.formats) {
        const Format* same = ours.find(format.payload_type);
        if (!same || !format.encoding.empty()) continue;
        format.codec = same->codec;
        format.encoding = same->encoding;
        format.clock_rate = same->clock_rate;
    }
    return answered;
}

void accept_audio_formats(const MediaSection& ours, const MediaSection& theirs, NegotiatedAudio& out) {
    for (const Format& answered : theirs.formats) {
        const Format* mine = offered_counterpart(ours, answered);
        if (!mine || *mine->codec == Codec::TelephoneEvent || *mine->codec == Codec::ComfortNoise) continue;
        if (out.receive.empty()) {
            out.send = mapping_of(answered);
            if (answered.codec == Codec::Opus) out.opus = opus_parameters(answered.fmtp);
        }
        out.receive.push_back(mapping_of(*mine));
    }
}

void accept_other_formats(const MediaSection& ours, const MediaSection& theirs, NegotiatedAudio& out) {
    if (const Format* dtmf = find_telephone_event(theirs, out.send.clock_rate))
        if (const Format* mine = offered_counterpart(ours, *dtmf)) {
            out.send_dtmf = mapping_of(*dtmf);
            out.receive_dtmf = mapping_of(*mine);
        }
    for (const Format& format : ours.formats)
        if (format.codec == Codec::TelephoneEvent && out.receive_dtmf &&
            format.payload_type != out.receive_dtmf->payload_type)
            out.receive_dtmf_other.push_back(mapping_of(format));
    const Format* noise = find_format(theirs, Codec::ComfortNoise, 8000);
    const Format* mine = noise ? find_format(ours, Codec::ComfortNoise, 8000) : nullptr;
    if (mine && out.send.clock_rate == 8000) {
        out.send_comfort_noise = noise->payload_type;
        out.receive_comfort_noise = mine->payload_type;
    }
}

/// What our offered section is protected with.
Security security_of(const MediaSection& ours) {
    if (!ours.fingerprints.empty()) return Security::Dtls;
    return ours.crypto.empty() ? Security::None : Security::Sdes;
}

bool is_plain(Protocol protocol) {
    return protocol == Protocol::RtpAvp || protocol == Protocol::RtpAvpf;
}

/// A peer that has no SRTP leaves the keys of an RTP/AVP offer unanswered.
bool declines_keys(const MediaSection& ours, const MediaSection& theirs, const Capabilities& capabilities) {
    return capabilities.accepts.plain && is_plain(ours.protocol) && is_plain(theirs.protocol) && theirs.crypto.empty();
}

/// The answer must be protected as offered: nothing may be taken away on the way, but what was offered as optional.
Result<void> accept_security(const MediaSection& ours, const MediaSection& theirs, const Capabilities& capabilities,
                             NegotiatedAudio& out) {
    out.security = security_of(ours);
    if (out.security == Security::Sdes && declines_keys(ours, theirs, capabilities)) out.security = Security::None;
    const bool is_protected = !is_plain(theirs.protocol);
    if (out.security == Security::None && is_protected)
        return fail(ErrorCode::MalformedInput, "The answer asks for protected media where plain RTP was offered.", "m");
    if (out.security == Security::Sdes) {
        DP_TRY(pair, accept_crypto(ours, theirs));
        out.srtp = pair;
    }
    if (out.security == Security::Dtls && strong_fingerprints(theirs).empty())
        return fail(ErrorCode::UnsupportedMedia, "The answer carries no usable fingerprint.", "m");
    // RFC 5763 5: the answerer chose; without a word it is active.
    out.local_setup = theirs.setup == Setup::Passive ? Setup::Active : Setup::Passive;
    return {};
}

}  // namespace

Result<Answer> make_answer(const SessionDescription& offer, const Capabilities& capabilities, const LocalMedia& local,
                           const DialogState& state) {
    DP_TRY(chosen, answer_first(offer, capabilities, local, state));
    SessionDescription out;
    out.origin = state.origin;
    out.origin.address = local.rtp.address.str();
    for (const MediaSection& offered : offer.media) out.media.push_back(refuse(offered));
    const std::size_t index = chosen.audio.section;
    const bool with_ice = chosen.section.ice.has_value();
    out.media[index] = std::move(chosen.section);
    finish_session(out, index, with_ice);
    out.bundle.clear();
    // RFC 9143 7.3.3: only what is accepted stays in the group, and only if it was offered in one.
    if (group_has(offer, out.media[index].mid)) out.bundle = {{*out.media[index].mid}};
    return Answer{with_version(std::move(out), state.local), std::move(chosen.audio)};
}

Result<void> check_protection(const SessionDescription& offer, const Capabilities& capabilities,
                              const LocalMedia& local) {
    Result<void> verdict;
    for (const MediaSection& offered : offer.media) {
        if (offered.kind != "audio" || offered.refused()) continue;
        const auto security = security_of_offer(offered, capabilities, local);
        if (security) return {};
        if (verdict) verdict = std::unexpected(security.error());
    }
    return verdict;
}

Result<NegotiatedAudio> accept_answer(const SessionDescription& our_offer, const SessionDescription& answer,
                                      const Capabilities& capabilities, const LocalMedia& local) {
    DP_TRY(index, offered_audio(our_offer));
    const MediaSection& ours = our_offer.media[index];
    if (index >= answer.media.size())
        return fail(ErrorCode::MalformedInput, "The answer lacks the offered audio section.", "m");
    if (answer.media[index].refused())
        return fail(ErrorCode::UnsupportedMedia, "The peer refused the audio section.", "m");
    const MediaSection theirs = with_our_names(answer.media[index], ours);
    NegotiatedAudio out;
    out.section = index;
    accept_audio_formats(ours, theirs, out);
    if (out.receive.empty())
        return fail(ErrorCode::UnsupportedMedia,
                    fmt::format("The answer has no offered codec; answered: {}.", names_of(theirs.formats)), "m");
    accept_other_formats(ours, theirs, out);
    DP_CHECK(accept_security(ours, theirs, capabilities, out));
    note_direction(theirs, ours.direction, capabilities, out);
    const bool with_ice = theirs.ice && local.ice && ours.ice;
    read_transport(theirs, answer.ice_lite, with_ice, ours.rtcp_mux && theirs.rtcp_mux, out);
    out.rtcp_rsize = ours.rtcp_rsize && theirs.rtcp_rsize;
    return out;
}

std::vector<Codec> offered_codecs(const SessionDescription& offer) {
    std::vector<Codec> out;
    const MediaSection* audio = offer.find_audio();
    if (!audio) return out;
    for (const Format& format : audio->formats) {
        const bool is_audio =
            format.codec && facts(*format.codec).audio_rate != 0 && *format.codec != Codec::ComfortNoise;
        if (is_audio && std::ranges::find(out, *format.codec) == out.end()) out.push_back(*format.codec);
    }
    return out;
}

bool transport_changed(const NegotiatedAudio& previous, const NegotiatedAudio& next) {
    if (next.remote_rtp && next.remote_rtp != previous.remote_rtp) return true;
    if (!next.remote_ice) return false;
    return !previous.remote_ice || previous.remote_ice->ufrag != next.remote_ice->ufrag ||
           previous.remote_ice->pwd != next.remote_ice->pwd;
}

}  // namespace dp::sdp

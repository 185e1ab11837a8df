#include "sdp/formats.hpp"

#include <algorithm>
#include <array>

#include "base/ascii.hpp"

namespace dp::sdp {
namespace {

constexpr std::uint8_t kFirstDynamic = 96;
constexpr std::uint8_t kTypes = 128;
constexpr std::uint8_t kWideTelephoneEvent = 110;  ///< what browsers use for 48000; 101 is the habit for 8000

struct Wanted {
    Codec codec;
    std::uint32_t clock_rate;
    std::uint8_t default_type;
};

bool has_codec(const Capabilities& capabilities, Codec codec) {
    return std::ranges::find(capabilities.codecs, codec) != capabilities.codecs.end();
}

bool has_narrow_clock(const Capabilities& capabilities) {
    return std::ranges::any_of(capabilities.codecs, [](Codec c) { return facts(c).clock_rate == 8000; });
}

/// One telephone-event per clock rate of the audio formats (RFC 4733 4: same clock as the audio).
std::vector<Wanted> wanted_formats(const Capabilities& capabilities) {
    std::vector<Wanted> out;
    for (Codec codec : capabilities.codecs) out.push_back({codec, facts(codec).clock_rate, facts(codec).default_type});
    if (capabilities.comfort_noise) out.push_back({Codec::ComfortNoise, 8000, facts(Codec::ComfortNoise).default_type});
    if (!capabilities.telephone_event) return out;
    if (has_codec(capabilities, Codec::Opus)) out.push_back({Codec::TelephoneEvent, 48000, kWideTelephoneEvent});
    if (has_narrow_clock(capabilities))
        out.push_back({Codec::TelephoneEvent, 8000, facts(Codec::TelephoneEvent).default_type});
    return out;
}

/// Which payload numbers mean what in this dialog so far.
class Numbering {
public:
    Numbering(const MediaSection* local, const MediaSection* remote) : local_(local), remote_(remote) {
        for (const MediaSection* section : {local, remote})
            if (section)
                for (const Format& format : section->formats) taken_[format.payload_type] = true;
    }

    std::uint8_t choose(const Wanted& wanted) {
        for (const MediaSection* section : {local_, remote_}) {
            const Format* known = section ? find_format(*section, wanted.codec, wanted.clock_rate) : nullptr;
            if (known && is_usable_type(known->payload_type) && !given_[known->payload_type])
                return give(known->payload_type);
        }
        return give(free_type(wanted.default_type));
    }

private:
    std::uint8_t give(std::uint8_t type) {
        given_[type] = true;
        return type;
    }
    bool is_free(std::uint8_t type) const { return !taken_[type] && !given_[type]; }
    std::uint8_t free_type(std::uint8_t preferred) const {
        if (is_free(preferred) || preferred < kFirstDynamic) return preferred;
        for (std::uint8_t type = kFirstDynamic; type < kTypes; ++type)
            if (is_free(type)) return type;
        return preferred;
    }

    const MediaSection* local_;
    const MediaSection* remote_;
    std::array<bool, kTypes> taken_{};
    std::array<bool, kTypes> given_{};
};

std::string opus_fmtp(OpusProfile profile) {
    // RFC 7587 6.1. A narrower far leg asks the browser for what can be heard: decoding falls to a quarter.
    const std::string common = "minptime=10;useinbandfec=1";
    switch (profile) {
        case OpusProfile::FullBand:
            return common;
        case OpusProfile::WideBand:
            return common +
                   ";stereo=0;sprop-stereo=0;maxplaybackrate=16000;sprop-maxcapturerate=16000;maxaveragebitrate=28000";
        case OpusProfile::NarrowBand:
            return common +
                   ";stereo=0;sprop-stereo=0;maxplaybackrate=8000;sprop-maxcapturerate=8000;maxaveragebitrate=20000";
    }
    return common;
}

std::string local_fmtp(Codec codec, OpusProfile profile) {
    switch (codec) {
        case Codec::Opus:
            return opus_fmtp(profile);
        // Frames are relayed between legs negotiated apart: no leg may send the other silence frames it did not agree
        // to.
        case Codec::G729:
            return "annexb=no";
        case Codec::TelephoneEvent:
            return "0-15";
        default:
            return {};
    }
}

template <class Number>
std::optional<Number> number_in(const std::string& fmtp, std::string_view name) {
    const auto text = fmtp_value(fmtp, name);
    return text ? ascii::parse_decimal<Number>(*text) : std::nullopt;
}

bool flag_in(const std::string& fmtp, std::string_view name) {
    return fmtp_value(fmtp, name) == "1";
}

}  // namespace

OpusProfile opus_profile_for(Codec far_leg) {
    switch (far_leg) {
        case Codec::Opus:
            return OpusProfile::FullBand;
        case Codec::G722:
            return OpusProfile::WideBand;
        default:
            return OpusProfile::NarrowBand;
    }
}

Format local_format(Codec codec, std::uint32_t clock_rate, std::uint8_t payload_type, OpusProfile opus) {
    return {.payload_type = payload_type,
            .codec = codec,
            .encoding = std::string(facts(codec).encoding),
            .clock_rate = clock_rate,
            .channels = facts(codec).channels,
            .fmtp = local_fmtp(codec, opus)};
}

PayloadMapping mapping_of(const Format& format) {
    return {format.payload_type, format.codec.value_or(Codec::Pcmu), format.clock_rate};
}

std::vector<Format> offer_formats(const Capabilities& capabilities, const MediaSection* local,
                                  const MediaSection* remote) {
    Numbering numbering(local, remote);
    std::vector<Format> out;
    for (const Wanted& wanted : wanted_formats(capabilities))
        out.push_back(local_format(wanted.codec, wanted.clock_rate, numbering.choose(wanted), capabilities.opus));
    return out;
}

const Format* find_format(const MediaSection& section, Codec codec, std::uint32_t clock_rate) {
    for (const Format& format : section.formats)
        if (format.codec == codec && format.clock_rate == clock_rate && is_usable_type(format.payload_type))
            return &format;
    return nullptr;
}

bool is_usable_type(std::uint8_t payload_type) {
    return payload_type < 64 || (payload_type >= 96 && payload_type < kTypes);
}

const Format* find_telephone_event(const MediaSection& section, std::uint32_t audio_clock) {
    if (const Format* exact = find_format(section, Codec::TelephoneEvent, audio_clock)) return exact;
    for (const Format& format : section.formats)
        if (format.codec == Codec::TelephoneEvent && is_usable_type(format.payload_type)) return &format;
    return nullptr;
}

OpusSendParameters opus_parameters(const std::string& fmtp) {
    OpusSendParameters out;
    if (const auto rate = number_in<std::uint32_t>(fmtp, "maxplaybackrate"))
        out.max_playback_rate = std::clamp<std::uint32_t>(*rate, 8000, 48000);
    if (const auto rate = number_in<std::uint32_t>(fmtp, "maxaveragebitrate"))
        out.max_average_bitrate = std::clamp<std::uint32_t>(*rate, 6000, 510000);
    out.in_band_fec = flag_in(fmtp, "useinbandfec");
    out.dtx = flag_in(fmtp, "usedtx");
    out.cbr = flag_in(fmtp, "cbr");
    out.stereo = flag_in(fmtp, "stereo");
    return out;
}

std::chrono::milliseconds send_ptime(const MediaSection& remote, std::chrono::milliseconds ours) {
    auto chosen = remote.ptime.value_or(ours).count();
    if (remote.maxptime) chosen = std::min(chosen, remote.maxptime->count());
    return std::chrono::milliseconds(std::clamp<long>(chosen / 10 * 10, 10, 60));
}

}  // namespace dp::sdp

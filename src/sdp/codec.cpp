#include "sdp/codec.hpp"

#include <array>
#include <cstddef>

#include "base/ascii.hpp"

namespace dp::sdp {
namespace {

struct Spelling {
    std::string_view user_settings;
    std::string_view trunk_body;  ///< empty: not one of the seed's five
    std::string_view genesys;
};

struct Row {
    CodecFacts facts;
    Spelling spelling;
};

// Order of the enumeration.
constexpr std::array<Row, kCodecs> kTable{{
    {{Codec::Pcmu, "PCMU", 8000, 8000, 1, 0, 0}, {"PCMU", "G711u", "audio/pcmu"}},
    {{Codec::Pcma, "PCMA", 8000, 8000, 1, 8, 8}, {"PCMA", "G711a", "audio/pcma"}},
    {{Codec::Gsm, "GSM", 8000, 8000, 1, 3, 3}, {"GSM", "GSM", "audio/gsm"}},
    {{Codec::G722, "G722", 8000, 16000, 1, 9, 9}, {"G722", "", "audio/g722"}},
    {{Codec::G729, "G729", 8000, 8000, 1, 18, 18}, {"G729", "G729", "audio/g729"}},
    {{Codec::Opus, "opus", 48000, 48000, 2, std::nullopt, 111}, {"OPUS", "Opus", "audio/opus"}},
    {{Codec::ComfortNoise, "CN", 8000, 8000, 1, 13, 13}, {"CN", "", "audio/cn"}},
    {{Codec::TelephoneEvent, "telephone-event", 8000, 0, 1, std::nullopt, 101},
     {"telephone-event", "", "audio/telephone-event"}},
}};

constexpr bool is_audio(Codec codec) {
    return codec != Codec::ComfortNoise && codec != Codec::TelephoneEvent;
}

bool names(const Row& row, std::string_view name, CodecFamily family) {
    const Spelling& s = row.spelling;
    switch (family) {
        case CodecFamily::UserSettings:
            return ascii::iequals(s.user_settings, name);
        case CodecFamily::TrunkBody:
            return !name.empty() && s.trunk_body == name;
        case CodecFamily::Genesys:
            return ascii::iequals(s.genesys, name);
    }
    return false;
}

bool names_leniently(const Row& row, std::string_view name) {
    const Spelling& s = row.spelling;
    if (name.empty()) return false;
    return ascii::iequals(row.facts.encoding, name) || ascii::iequals(s.user_settings, name) ||
           ascii::iequals(s.trunk_body, name) || ascii::iequals(s.genesys, name);
}

}  // namespace

const CodecFacts& facts(Codec codec) {
    return kTable[static_cast<std::size_t>(codec)].facts;
}

std::optional<Codec> codec_from_rtpmap(std::string_view encoding, std::uint32_t clock_rate) {
    for (const Row& row : kTable) {
        if (!ascii::iequals(row.facts.encoding, encoding)) continue;
        // RFC 4733 4: telephone-event takes the clock of the audio it accompanies.
        const bool any_clock = row.facts.codec == Codec::TelephoneEvent && clock_rate >= 8000 && clock_rate <= 48000;
        if (any_clock || row.facts.clock_rate == clock_rate) return row.facts.codec;
    }
    return std::nullopt;
}

std::optional<Codec> codec_from_static_type(std::uint8_t payload_type) {
    for (const Row& row : kTable)
        if (row.facts.static_type == payload_type) return row.facts.codec;
    return std::nullopt;
}

std::string_view codec_name(Codec codec, CodecFamily family) {
    const Spelling& s = kTable[static_cast<std::size_t>(codec)].spelling;
    switch (family) {
        case CodecFamily::UserSettings:
            return s.user_settings;
        case CodecFamily::TrunkBody:
            return s.trunk_body;
        case CodecFamily::Genesys:
            return s.genesys;
    }
    return {};
}

std::optional<Codec> codec_from_name(std::string_view name, CodecFamily family) {
    for (const Row& row : kTable)
        if (is_audio(row.facts.codec) && names(row, name, family)) return row.facts.codec;
    return std::nullopt;
}

std::optional<Codec> codec_from_name(std::string_view name) {
    for (const Row& row : kTable)
        if (is_audio(row.facts.codec) && names_leniently(row, name)) return row.facts.codec;
    return std::nullopt;
}

}  // namespace dp::sdp

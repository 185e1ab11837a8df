#include "telephony/codec.hpp"

#include <algorithm>
#include <array>
#include <iterator>

#include "base/ascii.hpp"
#include "telephony/sdp_codec.hpp"

namespace dp::telephony {
namespace {

// Order of the enumeration.
constexpr std::array kFormats{sdp::Codec::Opus, sdp::Codec::G722, sdp::Codec::Pcmu,
                              sdp::Codec::Pcma, sdp::Codec::G729, sdp::Codec::Gsm};
static_assert(kFormats.size() == static_cast<std::size_t>(Codec::Gsm) + 1);

// Nothing for SDP itself: there the format's own name counts.
std::optional<sdp::CodecFamily> family_of(CodecSpelling spelling) {
    switch (spelling) {
        case CodecSpelling::Sdp:
            return std::nullopt;
        case CodecSpelling::Settings:
            return sdp::CodecFamily::UserSettings;
        case CodecSpelling::Trunk:
            return sdp::CodecFamily::TrunkBody;
        case CodecSpelling::Genesys:
            return sdp::CodecFamily::Genesys;
    }
    return std::nullopt;
}

std::optional<sdp::Codec> format_of_encoding(std::string_view name) {
    const auto found = std::ranges::find_if(
        kFormats, [&](sdp::Codec format) { return ascii::iequals(sdp::facts(format).encoding, name); });
    return found == kFormats.end() ? std::nullopt : std::optional(*found);
}

}  // namespace

sdp::Codec to_sdp(Codec codec) {
    return kFormats[static_cast<std::size_t>(codec)];
}

std::optional<Codec> codec_of(sdp::Codec codec) {
    const auto found = std::ranges::find(kFormats, codec);
    if (found == kFormats.end()) return std::nullopt;
    return static_cast<Codec>(std::distance(kFormats.begin(), found));
}

std::string_view name_of(Codec codec, CodecSpelling spelling) {
    const auto family = family_of(spelling);
    return family ? sdp::codec_name(to_sdp(codec), *family) : sdp::facts(to_sdp(codec)).encoding;
}

std::optional<Codec> codec_from(std::string_view name, CodecSpelling spelling) {
    const auto family = family_of(spelling);
    const auto format = family ? sdp::codec_from_name(name, *family) : format_of_encoding(name);
    return format ? codec_of(*format) : std::nullopt;
}

std::optional<Codec> codec_from_any(std::string_view name) {
    for (auto spelling : {CodecSpelling::Settings, CodecSpelling::Trunk, CodecSpelling::Genesys})
        if (auto codec = codec_from(name, spelling)) return codec;
    return std::nullopt;
}

}  // namespace dp::telephony

#include "telephony/codec.hpp"

#include <array>

#include "base/ascii.hpp"

namespace dp::telephony {
namespace {

struct Row {
    std::array<std::string_view, 4> names;  // by CodecSpelling
};

constexpr std::array<Row, 6> kRows{{
    {{"opus", "OPUS", "Opus", "audio/opus"}},
    {{"G722", "G722", "", "audio/g722"}},
    {{"PCMU", "PCMU", "G711u", "audio/pcmu"}},
    {{"PCMA", "PCMA", "G711a", "audio/pcma"}},
    {{"G729", "G729", "G729", "audio/g729"}},
    {{"GSM", "GSM", "GSM", "audio/gsm"}},
}};
static_assert(kRows.size() == static_cast<std::size_t>(Codec::Gsm) + 1);

}  // namespace

std::string_view name_of(Codec codec, CodecSpelling spelling) {
    return kRows[static_cast<std::size_t>(codec)].names[static_cast<std::size_t>(spelling)];
}

std::optional<Codec> codec_from(std::string_view name, CodecSpelling spelling) {
    if (name.empty()) return std::nullopt;
    for (std::size_t i = 0; i < kRows.size(); ++i) {
        const std::string_view known = kRows[i].names[static_cast<std::size_t>(spelling)];
        if (spelling == CodecSpelling::Trunk ? known == name : ascii::iequals(known, name))
            return static_cast<Codec>(i);
    }
    return std::nullopt;
}

std::optional<Codec> codec_from_any(std::string_view name) {
    for (auto spelling : {CodecSpelling::Settings, CodecSpelling::Trunk, CodecSpelling::Genesys})
        if (auto codec = codec_from(name, spelling)) return codec;
    return std::nullopt;
}

}  // namespace dp::telephony

#pragma once
/// @file The one table of audio codec names: each API family spells them its own way, the domain knows one enum.
///
/// Threads: pure functions. Source: product.md "Codec names"; seed 0 (`OPUS`, `PCMU`), seed 1 (`Opus`, `G711u`,
/// case-sensitive), Genesys (`audio/opus`), RFC 4855 names in SDP.

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace dp::telephony {

enum class Codec : std::uint8_t { Opus, G722, Pcmu, Pcma, G729, Gsm };

enum class CodecSpelling : std::uint8_t {
    Sdp,       ///< `opus`, `PCMU` (any case accepted)
    Settings,  ///< seed 0: `OPUS`, `PCMU` (any case accepted)
    Trunk,     ///< seed 1: exactly `G711u`, `G711a`, `G729`, `Opus`, `GSM`
    Genesys,   ///< `audio/opus`, `audio/pcmu` (any case accepted)
};

/// Empty when the family has no name for it (G.722 in seed 1's five).
std::string_view name_of(Codec codec, CodecSpelling spelling);
std::optional<Codec> codec_from(std::string_view name, CodecSpelling spelling);
/// The first family that knows the name decides.
std::optional<Codec> codec_from_any(std::string_view name);

using CodecList = std::vector<Codec>;  ///< in order of preference

}  // namespace dp::telephony

#pragma once
/// @file The one table of audio formats: RTP facts (RFC 3551, 7587, 3389, 4733) and the spelling each API family uses
/// for them.
///
/// Threads: constant tables, any thread. Spellings come from the seeds (user settings `OPUS`, trunk body `G711u`) and
/// from the Genesys API (`audio/opus`); rates in Hz.

#include <cstdint>
#include <optional>
#include <string_view>

namespace dp::sdp {

enum class Codec : std::uint8_t { Pcmu, Pcma, Gsm, G722, G729, Opus, ComfortNoise, TelephoneEvent };

inline constexpr std::size_t kCodecs = 8;

struct CodecFacts {
    Codec codec;
    std::string_view encoding;                ///< rtpmap spelling
    std::uint32_t clock_rate;                 ///< RTP timestamps per second; 8000 for G.722 (RFC 3551 4.5.2)
    std::uint32_t audio_rate;                 ///< samples per second of the decoded audio; 0 when it is not audio
    std::uint8_t channels;                    ///< as announced in rtpmap: 2 for Opus always (RFC 7587 4.1)
    std::optional<std::uint8_t> static_type;  ///< RFC 3551 table 4
    std::uint8_t default_type;                ///< number we offer it under
};

const CodecFacts& facts(Codec codec);

/// The audio codec or format an rtpmap names: `opus`, 48000. Case does not matter (RFC 4855 3).
std::optional<Codec> codec_from_rtpmap(std::string_view encoding, std::uint32_t clock_rate);
/// RFC 3551 static payload types without an rtpmap.
std::optional<Codec> codec_from_static_type(std::uint8_t payload_type);

/// Who is spoken to. Each family has its own spelling of the same codec.
enum class CodecFamily : std::uint8_t {
    UserSettings,  ///< seed 0: OPUS, G722, PCMU, PCMA
    TrunkBody,     ///< seed 1: exactly G711u, G711a, G729, Opus, GSM, case-sensitive
    Genesys,       ///< real API: audio/opus, audio/pcmu …
};

std::string_view codec_name(Codec codec, CodecFamily family);
/// Strict: only what this family accepts (TrunkBody by case, the others without).
std::optional<Codec> codec_from_name(std::string_view name, CodecFamily family);
/// Lenient: any known spelling of any family, or the RTP name, without regard to case.
std::optional<Codec> codec_from_name(std::string_view name);

}  // namespace dp::sdp

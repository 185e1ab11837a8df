#pragma once
/// @file The sandbox carrier's magic numbers: +1 415 555 0110 to 0199, each with the behaviour a caller can rely on.
/// The one table behind the document, `dialplane sandbox --help` and the console.

#include <chrono>
#include <cstdint>
#include <span>
#include <string_view>

#include "sdp/codec.hpp"

namespace dp::sandbox {

/// What is heard once the call has been answered.
enum class Sound : std::uint8_t { SpeechThenEcho, Echo, Tone, Silence, ReadBack, Callback };

/// How one call is played, in order: silence, ringing, early media, then a refusal or an answer, then what ends it.
struct Script {
    bool no_reply = false;              ///< not even 100 Trying
    std::chrono::milliseconds ring{0};  ///< 180 for this long before the outcome; zero: no 180
    bool early_media = false;           ///< 183 with speech instead of 180
    int refuse = 0;                     ///< final status, 0 = answer
    int q850 = 0;                       ///< Reason header with the refusal or the BYE
    int retry_after = 0;                ///< seconds
    bool never_answer = false;          ///< rings until the caller gives up
    Sound sound = Sound::SpeechThenEcho;
    std::chrono::milliseconds hang_up{0};    ///< after the answer; zero: the caller's business
    std::chrono::milliseconds hold{0};       ///< sends a hold re-INVITE after this, and resumes 2 s later
    std::chrono::milliseconds mute{0};       ///< sends no RTP from this moment on
    const sdp::Codec* only_codec = nullptr;  ///< answers with this codec or 488
};

struct MagicNumber {
    std::string_view number;     ///< E.164
    std::string_view behaviour;  ///< one sentence for documents and the console
    Script script;
};

std::span<const MagicNumber> magic_numbers();

/// The script for a dialled user part: visual separators, `tel:`-style prefixes and a dialled 9 before `+` are ignored.
/// Numbers that are not magic ring for a second, then answer with speech and an echo.
const Script& script_for(std::string_view dialled);

}  // namespace dp::sandbox

#pragma once
/// @file What the sandbox says: phrases made at build time, resampled once to the rates that codecs want. Where no
/// speech synthesiser was there at build time a phrase is a tone of its own pitch.
///
/// Threads: built once at start; read by the sandbox's loop. Samples are 16-bit mono.

#include <cstdint>
#include <map>
#include <span>
#include <string_view>
#include <vector>

#include "audio/pcm.hpp"

namespace dp::sandbox {

enum class Phrase : std::uint8_t { Greeting, Agent, Early, Readback, Goodbye, Callback };

class Voice {
public:
    /// Empty never.
    audio::Pcm phrase(Phrase phrase, std::uint32_t rate);
    audio::Pcm digit(char digit, std::uint32_t rate);

private:
    audio::Pcm cached(int key, std::uint32_t rate, std::span<const unsigned char> file);
    std::map<std::pair<int, std::uint32_t>, std::vector<audio::Sample>> cache_;
};

/// The embedded WAV file; empty when the build had no speech synthesiser.
std::span<const unsigned char> phrase_file(Phrase phrase);
std::span<const unsigned char> digit_file(char digit);

}  // namespace dp::sandbox

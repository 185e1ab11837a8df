#pragma once
/// @file Tones: what a telephone network sounds like (ITU-T E.180 and national tables), and DTMF (Q.23).
///
/// Threads: one owner; no allocation. Levels in dBm0 (full-scale sine = +3.14), durations in milliseconds of the
/// generated signal.

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "audio/pcm.hpp"

namespace dp::audio {

enum class ToneKind : std::uint8_t { Silence, Dial, Ringback, Busy, Congestion };

/// Up to two frequencies, sounding and silent in turns. All-zero cadence: sounds without end.
struct ToneSpec {
    std::array<float, 2> hertz{};
    std::array<float, 2> level_dbm0{-13.0F, -13.0F};
    std::array<std::uint16_t, 4> cadence_ms{};  ///< on, off, on, off; then from the start
};

/// `country` is ISO 3166 upper case; unknown ones get the 425 Hz tones that E.180 recommends.
ToneSpec network_tone(ToneKind kind, std::string_view country);
/// `0-9*#A-D`, low group −8, high group −6 dBm0; nothing for another character.
std::optional<ToneSpec> dtmf_tone(char digit);

class ToneGenerator {
public:
    ToneGenerator(const ToneSpec& spec, std::uint32_t rate);

    /// The next samples, with 5 ms ramps at every edge.
    void fill(PcmOut out);

private:
    float envelope() const;
    void step_cadence();

    struct Oscillator {
        float cosine = 1;
        float sine = 0;
        float turn_cosine = 1;
        float turn_sine = 0;
        float amplitude = 0;
    };
    std::array<Oscillator, 2> oscillators_{};
    std::array<std::uint32_t, 4> cadence_{};  ///< in samples
    std::uint32_t ramp_;
    std::size_t phase_ = 0;
    std::uint32_t position_ = 0;  ///< samples into the phase
    bool endless_ = false;
};

}  // namespace dp::audio

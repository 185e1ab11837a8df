#pragma once
/// @file Measuring audio: levels, the strength of one frequency (Goertzel), and how far a tone stands above everything
/// else.
///
/// Threads: pure functions. Amplitudes relative to full scale (0…1), levels in dB relative to full scale.

#include "audio/pcm.hpp"

namespace dp::audio {

/// Peak amplitude of the sine at `hertz`.
double tone_amplitude(Pcm samples, double hertz, double rate);
double root_mean_square(Pcm samples);
/// RFC 6464 scale: 0 is the loudest sine or square possible, 127 silence.
int minus_dbov(Pcm samples);
/// Power of the tone over the power of all else, in dB; −99 when there is no tone, capped at 99.
double tone_snr_db(Pcm samples, double hertz, double rate);
/// The middle half of a recording: what a verdict about flowing audio is taken from.
inline Pcm middle_half(Pcm samples) {
    return samples.subspan(samples.size() / 4, samples.size() / 2);
}

}  // namespace dp::audio

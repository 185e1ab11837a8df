#pragma once
/// @file G.711: µ-law and A-law by table, and from one to the other without going through a decoder.
///
/// Threads: pure functions over constant tables. One sample is one octet at 8000 Hz. Source: ITU-T G.711, G.191
/// reference.

#include <array>

#include "audio/pcm.hpp"

namespace dp::audio {

std::uint8_t ulaw_encode(Sample sample);
std::uint8_t alaw_encode(Sample sample);
Sample ulaw_decode(std::uint8_t code);
Sample alaw_decode(std::uint8_t code);

/// Whole frames; `out` is as long as `in`.
void ulaw_encode(Pcm in, MutableBytes out);
void alaw_encode(Pcm in, MutableBytes out);
void ulaw_decode(Bytes in, PcmOut out);
void alaw_decode(Bytes in, PcmOut out);

using OctetMap = std::array<std::uint8_t, 256>;
const OctetMap& ulaw_to_alaw();
const OctetMap& alaw_to_ulaw();

}  // namespace dp::audio

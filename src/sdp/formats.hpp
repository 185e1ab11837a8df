#pragma once
/// @file The format part of offer/answer: payload numbers, fmtp, packet times. Used by offer_answer only.
///
/// Threads: pure functions. Source: RFC 3264 5.1, 6.1, 8.3.2; RFC 7587 6.1; RFC 7261 (G.729 Annex B).

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "sdp/offer_answer.hpp"

namespace dp::sdp {

/// A format of ours under `payload_type`, with the fmtp we attach to it.
Format local_format(Codec codec, std::uint32_t clock_rate, std::uint8_t payload_type, OpusProfile opus);
PayloadMapping mapping_of(const Format& format);

/// Everything we offer, numbered as the dialog numbers it already, else by default, never reusing a number for
/// something else.
std::vector<Format> offer_formats(const Capabilities& capabilities, const MediaSection* local,
                                  const MediaSection* remote);

/// Same codec at the same clock.
const Format* find_format(const MediaSection& section, Codec codec, std::uint32_t clock_rate);
/// A number RTP may use: 64–95 collide with RTCP on a shared port (RFC 5761 4).
bool is_usable_type(std::uint8_t payload_type);
/// telephone-event at the clock of the audio, else at any clock.
const Format* find_telephone_event(const MediaSection& section, std::uint32_t audio_clock);

OpusSendParameters opus_parameters(const std::string& fmtp);
/// The packet time to send with: what the peer asks, in 10 ms steps between 10 and 60, within its maxptime.
std::chrono::milliseconds send_ptime(const MediaSection& remote, std::chrono::milliseconds ours);

}  // namespace dp::sdp

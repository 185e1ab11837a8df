#pragma once
/// @file WAV files: 16-bit PCM, read and written whole. For announcements, voices and test material, not for recording
/// calls.
///
/// Threads: any. Errors: MalformedInput names what is wrong; NotFound and TransportFailed for the file system. A data
/// length of 0xFFFFFFFF or beyond the file (a recording that was never closed) means "to the end".

#include <string>
#include <vector>

#include "audio/pcm.hpp"
#include "base/result.hpp"

namespace dp::audio {

struct Wav {
    std::uint32_t rate = 8000;
    std::uint16_t channels = 1;
    std::vector<Sample> samples;  ///< interleaved
};

Result<Wav> parse_wav(Bytes file);
Result<Wav> read_wav(const std::string& path);
Result<void> write_wav(const std::string& path, const Wav& wav);
/// The average of all channels.
std::vector<Sample> mono(const Wav& wav);

}  // namespace dp::audio

#include "audio/recording.hpp"

#include <algorithm>

namespace dp::audio {

// Between two rates that are multiples of each other a straight line is enough for speech of 4 kHz.
void RecordingPlayer::fill(PcmOut out, std::uint32_t rate) {
    const Pcm samples = recording_->samples();
    const std::size_t factor = std::max<std::size_t>(1, rate / Recording::kRate);
    for (std::size_t i = 0; i < out.size(); ++i) {
        const std::size_t at = at_ + i / factor;
        if (at >= samples.size()) {
            out[i] = 0;
            continue;
        }
        const int here = samples[at];
        const int next = at + 1 < samples.size() ? samples[at + 1] : 0;
        const int part = static_cast<int>(i % factor);
        out[i] = static_cast<Sample>(here + (next - here) * part / static_cast<int>(factor));
    }
    if (recording_->ready()) at_ += out.size() / factor;
}

}  // namespace dp::audio

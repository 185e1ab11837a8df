#include "media/loudness_probe.hpp"

#include <algorithm>
#include <utility>

#include "audio/measure.hpp"

namespace dp::media {

void LoudnessProbe::keep(audio::CodecId codec, rtp::Bytes payload) {
    if (payload.size() > payload_.size()) return;
    std::ranges::copy(payload, payload_.begin());
    size_ = payload.size();
    codec_ = codec;
    wants_ = false;
}

void LoudnessProbe::look() {
    if (size_ == 0) return;
    const auto payload = rtp::Bytes(payload_).first(std::exchange(size_, 0));
    // A decoder of its own for each look: what came a second ago would colour the level.
    auto decoder = audio::Decoder::create(codec_, 8000);
    if (!decoder) return;
    static thread_local std::array<audio::Sample, audio::kMaxFrameSamples> samples;
    const std::size_t count = decoder->decode(payload, samples);
    wants_ = true;
    if (count == 0) return;
    ++sampled_;
    if (audio::minus_dbov(audio::Pcm(samples).first(count)) >= kSilence)
        ++silent_;
    else
        wants_ = false;  // the question is answered
    if (sampled_ == kMostLooks) wants_ = false;
}

}  // namespace dp::media

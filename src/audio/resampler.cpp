#include "audio/resampler.hpp"

#include <speex/speex_resampler.h>

namespace dp::audio {
namespace {

SpeexResamplerState* speex(void* state) {
    return static_cast<SpeexResamplerState*>(state);
}
void destroy(void* state) {
    speex_resampler_destroy(speex(state));
}

}  // namespace

Result<Resampler> Resampler::create(std::uint32_t from_rate, std::uint32_t to_rate, int quality) {
    int error = RESAMPLER_ERR_SUCCESS;
    if (from_rate == 0 || to_rate == 0) return fail(ErrorCode::InvalidValue, "A sample rate of 0 Hz.", "rate");
    auto* state = speex_resampler_init(1, from_rate, to_rate, std::clamp(quality, 0, 10), &error);
    if (!state) return fail(ErrorCode::InvalidValue, "These sample rates cannot be converted.", "rate");
    return Resampler(from_rate, to_rate, state, destroy);
}

std::size_t Resampler::process(Pcm in, PcmOut out) {
    std::size_t written = 0;
    while (!in.empty() && written < out.size()) {
        auto consumed = static_cast<spx_uint32_t>(in.size());
        auto produced = static_cast<spx_uint32_t>(out.size() - written);
        speex_resampler_process_int(speex(state_.get()), 0, in.data(), &consumed, out.data() + written, &produced);
        if (consumed == 0 && produced == 0) break;
        in = in.subspan(consumed);
        written += produced;
    }
    return written;
}

Result<std::vector<Sample>> resample(Pcm in, std::uint32_t from_rate, std::uint32_t to_rate) {
    int error = RESAMPLER_ERR_SUCCESS;
    if (from_rate == 0 || to_rate == 0) return fail(ErrorCode::InvalidValue, "A sample rate of 0 Hz.", "rate");
    const std::unique_ptr<SpeexResamplerState, decltype(&speex_resampler_destroy)> state(
        speex_resampler_init(1, from_rate, to_rate, 8, &error), speex_resampler_destroy);
    if (!state) return fail(ErrorCode::InvalidValue, "These sample rates cannot be converted.", "rate");
    speex_resampler_skip_zeros(state.get());
    std::vector<Sample> padded(in.begin(), in.end());
    padded.resize(in.size() + static_cast<std::size_t>(speex_resampler_get_input_latency(state.get())));
    std::vector<Sample> out(in.size() * to_rate / from_rate);
    auto consumed = static_cast<spx_uint32_t>(padded.size());
    auto produced = static_cast<spx_uint32_t>(out.size());
    speex_resampler_process_int(state.get(), 0, padded.data(), &consumed, out.data(), &produced);
    out.resize(produced);
    return out;
}

}  // namespace dp::audio

#pragma once
/// @file Sample-rate conversion for files, recordings and mixes (speexdsp). Calls between G.711, G.722 and Opus do not
/// need it: their codecs meet at a common rate.
///
/// Threads: one owner. Memory is taken at create(). Errors: InvalidValue for a rate of 0.

#include <memory>
#include <vector>

#include "audio/pcm.hpp"
#include "base/result.hpp"

namespace dp::audio {

class Resampler {
public:
    /// `quality` 0–10: 3 suits a running call, 8 files.
    static Result<Resampler> create(std::uint32_t from_rate, std::uint32_t to_rate, int quality);

    /// Consumes all of `in`; `out` must hold output_bound(in.size()). Returns samples written.
    std::size_t process(Pcm in, PcmOut out);
    std::size_t output_bound(std::size_t in_samples) const { return in_samples * to_ / from_ + 2; }

private:
    Resampler(std::uint32_t from, std::uint32_t to, void* state, void (*release)(void*))
        : from_(from), to_(to), state_(state, release) {}

    std::uint32_t from_;
    std::uint32_t to_;
    std::unique_ptr<void, void (*)(void*)> state_;
};

/// A whole recording at another rate, without the filter's delay at its start.
Result<std::vector<Sample>> resample(Pcm in, std::uint32_t from_rate, std::uint32_t to_rate);

}  // namespace dp::audio

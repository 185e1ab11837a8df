#pragma once
/// @file Recording: a prompt as 8 kHz samples, made once and played to many, perhaps while it is still being made; and
/// RecordingPlayer: one listener's place in it.
///
/// Threads: fill() once, from any thread; everybody else reads, also before that. No allocation while playing.

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "audio/pcm.hpp"

namespace dp::audio {

class Recording {
public:
    static constexpr std::uint32_t kRate = 8000;

    Recording() = default;
    explicit Recording(std::vector<Sample> samples) { fill(std::move(samples)); }

    /// Once: what is there stays.
    void fill(std::vector<Sample> samples) {
        if (ready_.load(std::memory_order_acquire)) return;
        samples_ = std::move(samples);
        ready_.store(true, std::memory_order_release);
    }
    bool ready() const { return ready_.load(std::memory_order_acquire); }
    /// Empty until ready().
    Pcm samples() const { return ready() ? Pcm(samples_) : Pcm(); }

private:
    std::vector<Sample> samples_;
    std::atomic<bool> ready_{false};
};

class RecordingPlayer {
public:
    explicit RecordingPlayer(std::shared_ptr<const Recording> recording) : recording_(std::move(recording)) {}

    /// The next samples at `rate`, a multiple of 8000; silence before the recording is ready and after its end.
    void fill(PcmOut out, std::uint32_t rate);
    bool finished() const { return recording_->ready() && at_ >= recording_->samples().size(); }

private:
    std::shared_ptr<const Recording> recording_;
    std::size_t at_ = 0;
};

}  // namespace dp::audio

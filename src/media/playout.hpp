#pragma once
/// @file One codec's packets in, a steady stream of samples out: jitter buffer, decoder, concealment and time-stretch
/// of one source.
///
/// Thread: the leg's worker. All memory is taken at create(). Samples at the decoder's rate, timestamps in the codec's
/// RTP clock.

#include <memory>

#include "audio/codec.hpp"
#include "audio/comfort_noise.hpp"
#include "audio/concealer.hpp"
#include "rtp/jitter_buffer.hpp"

namespace dp::media {

class Playout {
public:
    static Result<std::unique_ptr<Playout>> create(audio::CodecId codec, std::uint32_t rate, std::uint32_t clock_rate);

    void insert(const rtp::RtpHeader& header, rtp::Bytes payload, TimePoint now);
    /// RFC 3389 level: the peer is silent on purpose.
    void insert_comfort_noise(const rtp::RtpHeader& header, rtp::Bytes payload, TimePoint now);
    /// Fills the whole frame.
    void pull(audio::PcmOut frame, TimePoint now);
    /// The source will not go on where it stopped (DTMF in between, another source): start over.
    void reset();

    std::uint64_t concealed_samples() const { return concealed_; }
    Duration delay() const { return buffer_.held(); }
    std::uint32_t rate() const { return decoder_.rate(); }

private:
    Playout(audio::Decoder decoder, std::uint32_t clock_rate);

    void take(const rtp::PlayDecision& decision);
    void decode(const rtp::PlayDecision& decision);
    void conceal(std::size_t count);
    void decode_fec(const rtp::PlayDecision& decision, std::size_t count);
    audio::PcmOut room() { return audio::PcmOut(queue_.get() + queued_, capacity_ - queued_); }
    std::size_t samples_of(std::uint32_t ticks) const;
    std::uint32_t ticks_of(std::size_t samples) const;

    audio::Decoder decoder_;
    audio::Concealer concealer_;
    audio::ComfortNoise noise_;
    std::uint32_t clock_rate_;
    rtp::JitterBuffer buffer_;
    std::size_t capacity_;
    std::unique_ptr<audio::Sample[]> queue_;  ///< decoded, not yet played
    std::size_t queued_ = 0;
    std::uint64_t concealed_ = 0;
};

}  // namespace dp::media

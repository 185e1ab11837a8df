#include "media/playout.hpp"

#include <cstring>

#include "audio/time_stretch.hpp"

namespace dp::media {
namespace {

/// Longest packet (Opus: 120 ms) twice, and what is left from before.
constexpr std::size_t kQueueMilliseconds = 300;

rtp::JitterBuffer::Options options_for(audio::CodecId codec, std::uint32_t clock_rate) {
    rtp::JitterBuffer::Options options;
    options.clock_rate = clock_rate;
    options.frame = clock_rate / 50;
    options.fec = codec == audio::CodecId::Opus;
    return options;
}

}  // namespace

Result<std::unique_ptr<Playout>> Playout::create(audio::CodecId codec, std::uint32_t rate, std::uint32_t clock_rate) {
    DP_TRY(decoder, audio::Decoder::create(codec, rate));
    return std::unique_ptr<Playout>(new Playout(std::move(decoder), clock_rate));
}

Playout::Playout(audio::Decoder decoder, std::uint32_t clock_rate)
    : decoder_(std::move(decoder)),
      concealer_(decoder_.rate()),
      clock_rate_(clock_rate),
      buffer_(options_for(decoder_.codec(), clock_rate)),
      capacity_(decoder_.rate() * kQueueMilliseconds / 1000),
      queue_(std::make_unique<audio::Sample[]>(capacity_)) {}

std::size_t Playout::samples_of(std::uint32_t ticks) const {
    return static_cast<std::size_t>(static_cast<std::uint64_t>(ticks) * decoder_.rate() / clock_rate_);
}

std::uint32_t Playout::ticks_of(std::size_t samples) const {
    return static_cast<std::uint32_t>(static_cast<std::uint64_t>(samples) * clock_rate_ / decoder_.rate());
}

void Playout::insert(const rtp::RtpHeader& header, rtp::Bytes payload, TimePoint now) {
    const std::size_t samples = decoder_.samples_in(payload);
    if (samples == 0 || samples > decoder_.rate() * 120 / 1000) return;
    buffer_.insert(header, payload, ticks_of(samples), rtp::JitterBuffer::Kind::Audio, now);
}

void Playout::insert_comfort_noise(const rtp::RtpHeader& header, rtp::Bytes payload, TimePoint now) {
    if (!payload.empty()) noise_.set_level(payload[0] & 0x7F);
    buffer_.insert(header, payload, ticks_of(decoder_.rate() / 50), rtp::JitterBuffer::Kind::ComfortNoise, now);
}

void Playout::pull(audio::PcmOut frame, TimePoint now) {
    while (queued_ < frame.size()) {
        const auto decision = buffer_.next(ticks_of(queued_), now);
        if (decision.action == rtp::PlayAction::Wait) break;
        const std::size_t before = queued_;
        take(decision);
        if (queued_ == before) break;  // nothing could be made of it: silence for the rest
    }
    const std::size_t count = std::min(frame.size(), queued_);
    std::memcpy(frame.data(), queue_.get(), count * sizeof(audio::Sample));
    queued_ -= count;
    std::memmove(queue_.get(), queue_.get() + count, queued_ * sizeof(audio::Sample));
    std::ranges::fill(frame.subspan(count), audio::Sample{0});
}

void Playout::take(const rtp::PlayDecision& decision) {
    const std::size_t count = std::min(samples_of(decision.duration), capacity_ - queued_);
    switch (decision.action) {
        case rtp::PlayAction::Wait:
            return;
        case rtp::PlayAction::Expand:
            return conceal(count);
        case rtp::PlayAction::DecodeFec:
            return decode_fec(decision, count);
        case rtp::PlayAction::ComfortNoise:
            noise_.fill(room().first(count));
            queued_ += count;
            return;
        case rtp::PlayAction::Normal:
        case rtp::PlayAction::Accelerate:
        case rtp::PlayAction::FastAccelerate:
        case rtp::PlayAction::Stretch:
        case rtp::PlayAction::Merge:
            return decode(decision);
    }
}

void Playout::decode(const rtp::PlayDecision& decision) {
    std::size_t count = decoder_.decode(decision.payload, room());
    if (count == 0) return conceal(std::min(samples_of(decision.duration), capacity_ - queued_));
    const audio::PcmOut frame = room().first(count);
    if (!decoder_.conceals()) concealer_.good(frame);
    if (decision.action == rtp::PlayAction::Accelerate || decision.action == rtp::PlayAction::FastAccelerate)
        count = audio::shorten(frame, decoder_.rate());
    else if (decision.action == rtp::PlayAction::Stretch)
        count = audio::lengthen(room(), count, decoder_.rate());
    queued_ += count;
}

void Playout::conceal(std::size_t count) {
    const audio::PcmOut frame = room().first(count);
    concealed_ += count;
    if (!decoder_.conceals() || decoder_.conceal(frame) != count) concealer_.conceal(frame);
    queued_ += count;
}

void Playout::decode_fec(const rtp::PlayDecision& decision, std::size_t count) {
    if (decoder_.decode_fec(decision.payload, room().first(count)) != count) return conceal(count);
    concealed_ += count;
    queued_ += count;
}

void Playout::reset() {
    buffer_.reset();
    queued_ = 0;
}

}  // namespace dp::media

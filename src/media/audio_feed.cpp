#include "media/audio_feed.hpp"

namespace dp::media {

Result<std::unique_ptr<AudioFeed>> AudioFeed::create(const Format& format) {
    DP_TRY(encoder, audio::Encoder::create(format.encoder));
    return std::unique_ptr<AudioFeed>(new AudioFeed(format, std::move(encoder)));
}

AudioFeed::AudioFeed(const Format& format, audio::Encoder encoder)
    : format_(format),
      encoder_(std::move(encoder)),
      samples_(std::make_unique<audio::Sample[]>(format.encoder.rate / 50 * format.frames_per_packet)) {}

Result<void> AudioFeed::prepare(audio::CodecId codec, std::uint32_t clock_rate) {
    auto& playout = playouts_[static_cast<std::size_t>(codec)];
    if (playout) return {};
    DP_TRY(made, Playout::create(codec, format_.encoder.rate, clock_rate));
    playout = std::move(made);
    return {};
}

Playout* AudioFeed::source(audio::CodecId codec) {
    Playout* wanted = playouts_[static_cast<std::size_t>(codec)].get();
    if (wanted && wanted != active_) {
        if (active_) active_->reset();
        active_ = wanted;
    }
    return wanted;
}

void AudioFeed::interrupt() {
    if (active_) active_->reset();
}

AudioFeed::Produced AudioFeed::produce(audio::MutableBytes payload, TimePoint now) {
    pending_ticks_ += frame_ticks();
    if (!tone_ && !player_ && !active_) return {};  // the peer has not said anything yet
    const std::size_t frame = format_.encoder.rate / 50;
    const audio::PcmOut out(samples_.get() + collected_ * frame, frame);
    if (player_)
        player_->fill(out, format_.encoder.rate);
    else if (tone_)
        tone_->fill(out);
    else
        active_->pull(out, now);
    if (++collected_ < format_.frames_per_packet) return {};
    const std::size_t samples = frame * std::exchange(collected_, 0U);
    const std::size_t size = encoder_.encode(audio::Pcm(samples_.get(), samples), payload);
    if (size == 0) return {};
    return {size, std::exchange(pending_ticks_, 0U)};
}

std::uint64_t AudioFeed::concealed_ms() const {
    std::uint64_t total = 0;
    for (const auto& playout : playouts_)
        if (playout) total += playout->concealed_samples() * 1000 / playout->rate();
    return total;
}

}  // namespace dp::media

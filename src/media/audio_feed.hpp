#pragma once
/// @file What a leg hears when packets cannot simply be passed on: a tone, or its peer decoded and encoded again, as
/// one payload per packet time.
///
/// Thread: the leg's worker, every 20 ms. Memory and codec states are taken when the feed is made.

#include <array>
#include <memory>
#include <optional>

#include "audio/codec.hpp"
#include "audio/recording.hpp"
#include "audio/tone.hpp"
#include "media/playout.hpp"

namespace dp::media {

inline constexpr std::chrono::milliseconds kFrame{20};
inline constexpr std::size_t kAudioCodecs = 4;

class AudioFeed {
public:
    struct Format {
        audio::EncoderOptions encoder;
        std::uint32_t clock_rate = 8000;  ///< of the outgoing RTP stream
        unsigned frames_per_packet = 1;   ///< of 20 ms, 1 to 3
    };
    static Result<std::unique_ptr<AudioFeed>> create(const Format& format);

    /// Makes ready for packets of this codec from the peer.
    Result<void> prepare(audio::CodecId codec, std::uint32_t clock_rate);
    /// Where packets of this codec go; null when it was not prepared. Another codec than before starts over.
    Playout* source(audio::CodecId codec);
    Playout* active() const { return active_; }

    void play(const audio::ToneSpec& tone) { tone_.emplace(tone, format_.encoder.rate); }
    /// `player` outlives the feed.
    void play(audio::RecordingPlayer& player) { player_ = &player; }
    bool playing_tone() const { return tone_.has_value(); }
    /// The peer stopped talking to press a key: what is buffered does not continue.
    void interrupt();

    struct Produced {
        std::size_t size = 0;     ///< 0: nothing to send now
        std::uint32_t ticks = 0;  ///< RTP clock units since the previous packet
    };
    Produced produce(audio::MutableBytes payload, TimePoint now);
    /// A frame time in which something else is sent.
    void skip() { pending_ticks_ += frame_ticks(); }

    void expect_loss(int percent) { encoder_.expect_loss(percent); }
    std::uint64_t concealed_ms() const;

private:
    AudioFeed(const Format& format, audio::Encoder encoder);
    std::uint32_t frame_ticks() const { return format_.clock_rate / 50; }

    Format format_;
    audio::Encoder encoder_;
    std::optional<audio::ToneGenerator> tone_;
    audio::RecordingPlayer* player_ = nullptr;
    std::array<std::unique_ptr<Playout>, kAudioCodecs> playouts_;
    Playout* active_ = nullptr;
    std::unique_ptr<audio::Sample[]> samples_;
    unsigned collected_ = 0;  ///< frames waiting for their packet to fill
    std::uint32_t pending_ticks_ = 0;
};

}  // namespace dp::media

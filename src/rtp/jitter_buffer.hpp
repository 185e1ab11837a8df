#pragma once
/// @file Packets in arrival order in, a decision per output frame out: which packet to decode, when to conceal, stretch
/// or compress.
///
/// Problem: only where audio is decoded; the delay must follow the network within the bounds below and shrink again.
/// The decisions are NetEq's, reduced: target = 95 % quantile of the relative arrival delay (histogram of 10 ms
/// buckets, forgetting), the work on samples (time-stretch, concealment, merge) belongs to audio/. Threads: the leg's
/// worker; memory is taken once at construction; time handed in. Timestamps and `duration` in RTP clock units. Bounds:
/// 64 packets, 400 ms. Reset on SSRC change, timestamp break, gap over 500 ms.

#include <array>
#include <cstdint>
#include <memory>
#include <optional>

#include "base/clock.hpp"
#include "rtp/arrival_delay.hpp"
#include "rtp/rtp_packet.hpp"

namespace dp::rtp {

enum class PlayAction : std::uint8_t {
    Wait,            ///< nothing was received yet: silence
    Normal,          ///< decode `packet`
    Accelerate,      ///< decode, then take out one pitch period if one is found
    FastAccelerate,  ///< the same, as often as possible
    Stretch,         ///< decode, then add one pitch period: below target
    Merge,           ///< decode, and cross-fade with what was concealed
    Expand,          ///< conceal one frame
    DecodeFec,       ///< conceal from the FEC of `packet` (the next one), which stays in the buffer
    ComfortNoise,    ///< silence of the peer (DTX): noise, not loss
};

struct PlayDecision {
    PlayAction action = PlayAction::Wait;
    Bytes payload;  ///< valid until the next insert(); for DecodeFec that of the following packet
    std::uint8_t payload_type = 0;
    std::uint32_t timestamp = 0;
    std::uint32_t duration = 0;  ///< clock units to produce
};

struct JitterCounts {
    std::uint64_t inserted = 0;
    std::uint64_t late = 0;  ///< came after they were concealed
    std::uint64_t duplicates = 0;
    std::uint64_t overflow = 0;  ///< thrown out by the bounds
    std::uint64_t concealed_frames = 0;
    std::uint64_t fec_frames = 0;
    std::uint64_t decoded = 0;
    std::uint64_t accelerations = 0;
    std::uint64_t stretches = 0;
    std::uint64_t resets = 0;
};

class JitterBuffer {
public:
    struct Options {
        std::uint32_t clock_rate = 8000;
        std::uint32_t frame = 160;  ///< clock units of an expected packet until the first one tells
        Duration start_delay = std::chrono::milliseconds(40);
        Duration max_target = std::chrono::milliseconds(300);
        Duration bound = std::chrono::milliseconds(400);
        bool fec = false;  ///< the codec carries FEC: hold one more frame when loss exceeds 1 %
    };
    explicit JitterBuffer(const Options& options);

    /// What the packet is for timing: comfort-noise refreshes and packets after a DTX gap stay out of the histogram.
    enum class Kind : std::uint8_t { Audio, ComfortNoise };
    /// `duration`: clock units of audio inside, from the codec (Opus TOC), not from timestamps.
    void insert(const RtpHeader& header, Bytes payload, std::uint32_t duration, Kind kind, TimePoint arrival);
    /// The next piece of audio. `queued`: decoded audio not yet played, in clock units. Ask again while less than a
    /// tick is queued.
    PlayDecision next(std::uint32_t queued, TimePoint now);
    void reset();

    Duration target() const;
    /// Audio held in packets (the caller adds what it has decoded).
    Duration held() const;
    const JitterCounts& counts() const { return counts_; }

private:
    static constexpr std::size_t kSlots = 64;
    static constexpr std::size_t kArena = 24 * 1024;

    struct Slot {
        bool used = false;
        Kind kind = Kind::Audio;
        std::uint8_t payload_type = 0;
        std::uint16_t sequence = 0;
        std::uint32_t timestamp = 0;
        std::uint32_t duration = 0;
        std::uint64_t arena_begin = 0;
        std::uint32_t size = 0;
    };

    // Receiving.
    void learn(const RtpHeader& header, Kind kind, TimePoint arrival);
    bool breaks_stream(const RtpHeader& header, TimePoint arrival) const;
    bool admit(const RtpHeader& header);
    void store(const RtpHeader& header, Bytes payload, std::uint32_t duration, Kind kind);
    std::uint64_t reserve(std::size_t size);
    void enforce_bound();
    void restart();

    // Playing.
    PlayDecision begin(TimePoint now);
    PlayDecision in_order(Slot& slot, std::uint32_t queued, TimePoint now);
    PlayDecision over_gap(Slot& following, TimePoint now);
    PlayDecision underrun();
    PlayDecision play(Slot& slot, PlayAction action);
    PlayDecision conceal(std::uint32_t duration);
    PlayDecision fec(const Slot& following);
    PlayDecision noise();
    PlayAction pace(std::uint32_t timestamp, std::uint32_t queued, TimePoint now) const;
    Duration playout_delay(std::uint32_t timestamp, TimePoint now) const;

    Slot& slot_of(std::uint16_t sequence) { return slots_[sequence % kSlots]; }
    Slot* oldest();
    void release(Slot& slot);
    void note_loss(float missing) { loss_ += (missing - loss_) / 128; }
    Duration need() const;
    Duration time_of(std::int64_t ticks) const;

    Options options_;
    std::unique_ptr<std::uint8_t[]> arena_;  ///< payloads in order of arrival, a ring
    std::uint64_t arena_head_ = 0;
    std::array<Slot, kSlots> slots_{};
    std::size_t used_ = 0;
    DelayHistogram histogram_;
    ArrivalDelay arrival_delay_;
    Duration interval_maximum_{};
    std::optional<TimePoint> interval_end_;
    std::optional<std::uint32_t> ssrc_;
    std::uint32_t newest_timestamp_ = 0;
    TimePoint newest_arrival_{};
    bool playing_ = false;
    std::uint16_t next_sequence_ = 0;  ///< to be played
    std::uint32_t next_timestamp_ = 0;
    std::uint32_t last_duration_;
    bool concealing_ = false;   ///< the last piece was concealment: what follows is merged
    std::uint32_t credit_ = 0;  ///< clock units concealed while the timeline stood still
    bool in_silence_ = false;   ///< the peer pauses: the next talk spurt waits for the target again
    float loss_ = 0;            ///< smoothed share of packets missing when due
    JitterCounts counts_;
};

}  // namespace dp::rtp

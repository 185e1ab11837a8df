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
#include "rtp/rtp_packet.hpp"

namespace dp::rtp {

/// Histogram of relative arrival delays and the delay that covers 95 % of them.
class DelayHistogram {
public:
    static constexpr std::size_t kBuckets = 30;  ///< of 10 ms
    static constexpr Duration kBucket = std::chrono::milliseconds(10);

    DelayHistogram();
    void add(Duration delay);
    Duration quantile() const;

private:
    std::array<float, kBuckets> weight_{};
    std::uint32_t samples_ = 0;
};

/// Arrival minus the earliest relative arrival of the last 2 s.
class ArrivalDelay {
public:
    Duration on_packet(std::uint32_t timestamp, std::uint32_t clock_rate, TimePoint arrival);
    void reset() { *this = {}; }

private:
    struct Slot {
        TimePoint at{};
        Duration offset{};
    };
    std::array<Slot, 20> earliest_{};  ///< minimum per 100 ms
    bool started_ = false;
    std::uint32_t first_timestamp_ = 0;
    std::int64_t ticks_ = 0;  ///< unwrapped, since first_timestamp_
    std::uint32_t last_timestamp_ = 0;
    TimePoint first_arrival_{};
};

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

    Slot& slot_of(std::uint16_t sequence) { return slots_[sequence % kSlots]; }
    const Slot* oldest() const;
    bool store(const RtpHeader& header, Bytes payload, std::uint32_t duration, Kind kind);
    std::optional<std::uint64_t> reserve(std::size_t size);
    void release(Slot& slot);
    void learn(const RtpHeader& header, Kind kind, TimePoint arrival);
    bool breaks_stream(const RtpHeader& header, TimePoint arrival) const;
    void enforce_bound();
    PlayDecision play(Slot& slot, std::uint32_t queued);
    PlayDecision conceal(const Slot* following);
    PlayAction pace(std::uint32_t queued) const;
    std::uint32_t ticks_of(Duration duration) const;
    Duration time_of(std::int64_t ticks) const;

    Options options_;
    std::unique_ptr<std::uint8_t[]> arena_;
    std::uint64_t arena_head_ = 0;
    std::array<Slot, kSlots> slots_{};
    std::size_t used_ = 0;
    DelayHistogram histogram_;
    ArrivalDelay arrival_delay_;
    Duration interval_maximum_{};
    TimePoint interval_end_{};
    bool interval_open_ = false;
    std::optional<std::uint32_t> ssrc_;
    bool playing_ = false;
    std::uint16_t newest_sequence_ = 0;
    std::uint32_t newest_timestamp_ = 0;
    TimePoint newest_arrival_{};
    std::uint16_t next_sequence_ = 0;  ///< to be played
    std::uint32_t next_timestamp_ = 0;
    std::uint32_t last_duration_ = 160;
    std::uint32_t concealed_ = 0;  ///< clock units since the last decoded packet
    bool concealing_ = false;
    bool in_silence_ = false;  ///< the last packet played was comfort noise or a DTX gap follows
    float loss_ = 0;           ///< smoothed share of packets missing when due
    float level_ = 0;          ///< smoothed buffer level in clock units
    JitterCounts counts_;
};

}  // namespace dp::rtp

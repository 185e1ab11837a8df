#pragma once
/// @file What we hear from one leg: sequence validation, loss, reordering, duplicates and jitter per SSRC, and which
/// SSRC is current.
///
/// Threads: the leg's worker; no allocation. Feed only authenticated packets from an allowed source.
/// Source: RFC 3550 6.4.1, A.1, A.3, A.8; media take-over rules: at most 4 SSRCs, a new one after 2 in-order packets.

#include <array>
#include <cstdint>
#include <optional>

#include "base/clock.hpp"
#include "rtp/rtcp.hpp"
#include "rtp/rtp_packet.hpp"

namespace dp::rtp {

/// Counters since the SSRC began; subtract two snapshots for an interval.
struct ReceiverCounts {
    std::uint64_t packets = 0;  ///< received, duplicates excluded
    std::uint64_t octets = 0;   ///< payload
    std::uint64_t duplicates = 0;
    std::uint64_t reordered = 0;
    std::uint64_t expected = 0;  ///< highest − base + 1
    std::int64_t lost() const { return static_cast<std::int64_t>(expected) - static_cast<std::int64_t>(packets); }
};

/// One SSRC.
class SourceStatistics {
public:
    enum class Verdict : std::uint8_t {
        InOrder,
        Reordered,
        Duplicate,
        Restarted,  ///< a jump beyond MAX_DROPOUT, confirmed by the next packet
        Rejected,   ///< such a jump, not yet confirmed
    };

    void start(std::uint32_t ssrc, std::uint32_t clock_rate, std::uint64_t generation);
    /// `timing`: whether the packet's timestamp tells about jitter (not for telephone-event, nor after a DTX gap).
    enum class Timing : std::uint8_t { Regular, Ignore };
    Verdict on_packet(const RtpHeader& header, TimePoint arrival, Timing timing);
    void on_sender_report(const SenderInfo& info, TimePoint arrival);
    ReportBlock report(TimePoint now);

    std::uint32_t ssrc() const { return ssrc_; }
    const ReceiverCounts& counts() const { return counts_; }
    std::uint32_t highest_sequence() const { return cycles_ + highest_; }
    Duration jitter() const;
    Duration max_delta() const { return max_delta_; }
    TimePoint last_arrival() const { return last_arrival_; }
    /// Packets in a row without a gap.
    std::uint32_t run() const { return run_; }
    /// Rises with each SSRC that appears on the leg.
    std::uint64_t generation() const { return generation_; }
    bool in_use() const { return in_use_; }

private:
    Verdict update_sequence(std::uint16_t sequence);
    Verdict advance(std::uint16_t sequence, std::uint16_t ahead);
    Verdict look_back(std::uint16_t behind);
    void restart(std::uint16_t sequence);
    void update_jitter(const RtpHeader& header, TimePoint arrival);

    std::uint32_t ssrc_ = 0;
    std::uint32_t clock_rate_ = 8000;
    bool in_use_ = false;
    bool started_ = false;
    std::uint32_t run_ = 0;
    std::uint64_t generation_ = 0;
    std::uint16_t highest_ = 0;
    std::uint32_t cycles_ = 0;
    std::uint32_t base_ = 0;
    std::uint64_t earlier_expected_ = 0;     ///< before the last restart
    std::optional<std::uint16_t> bad_next_;  ///< sequence that would confirm a restart
    std::uint64_t recent_ = 0;               ///< bit n: highest_ − n was received
    ReceiverCounts counts_;
    std::int64_t jitter_q4_ = 0;  ///< timestamp units × 16
    std::optional<std::uint32_t> last_timestamp_;
    TimePoint last_arrival_{};
    Duration max_delta_{};
    // What stands above is touched by every packet: two cache lines. Reports alone need what follows.
    ReceiverCounts at_last_report_;
    std::uint32_t last_sr_ = 0;
    TimePoint last_sr_arrival_{};
};

/// The SSRCs of one leg and the one that is being listened to.
class ReceiverStatistics {
public:
    explicit ReceiverStatistics(std::uint32_t clock_rate) : clock_rate_(clock_rate) {}

    enum class Outcome : std::uint8_t {
        Play,      ///< from the current source
        Switched,  ///< from a source that has just taken over
        Discard,   ///< duplicate, not yet believed, or late from a source that was replaced
    };
    Outcome on_packet(const RtpHeader& header, TimePoint arrival, SourceStatistics::Timing timing);
    void on_rtcp(const RtcpCompound& compound, TimePoint arrival);
    /// Clock-rate change: every source starts anew.
    void reset(std::uint32_t clock_rate);

    SourceStatistics* current();
    const SourceStatistics* current() const;
    ReceiverCounts totals() const;

private:
    SourceStatistics& state_of(std::uint32_t ssrc);
    bool may_take_over(const SourceStatistics& candidate, TimePoint now) const;

    std::optional<std::uint32_t> current_ssrc_;
    std::array<SourceStatistics, 4>
        sources_{};  ///< in order of appearance, so that a usual leg touches the first alone
    ReceiverCounts retired_;
    std::uint64_t generations_ = 0;
    TimePoint switched_at_{};
    std::uint32_t clock_rate_;
};

}  // namespace dp::rtp

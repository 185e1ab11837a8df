#pragma once
/// @file RTCP: parse a compound, build ours, and what follows from reports (round trip, loss in an interval).
///
/// Threads: one owner; no allocation. Errors: nothing for a datagram that breaks RFC 3550 A.2; unknown packet types are
/// skipped. Source: RFC 3550 6, RFC 5506 (reduced size), RFC 7022 (CNAME is the caller's: random per call). LSR and
/// DLSR in 1/65536 s.

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/clock.hpp"
#include "rtp/rtp_packet.hpp"

namespace dp::rtp {

inline constexpr std::size_t kMaxReportBlocks = 32;

struct ReportBlock {
    std::uint32_t ssrc = 0;              ///< whose stream is reported on
    std::uint8_t fraction_lost = 0;      ///< of 256, since the last report
    std::int32_t cumulative_lost = 0;    ///< signed 24 bits: negative when duplicates outnumber losses
    std::uint32_t highest_sequence = 0;  ///< extended
    std::uint32_t jitter = 0;            ///< timestamp units
    std::uint32_t last_sr = 0;           ///< middle 32 bits of the NTP time of our SR; 0 none
    std::uint32_t delay_since_sr = 0;
    bool operator==(const ReportBlock&) const = default;
};

struct SenderInfo {
    std::uint64_t ntp = 0;  ///< 32.32 seconds since 1900
    std::uint32_t rtp_timestamp = 0;
    std::uint32_t packets = 0;
    std::uint32_t octets = 0;
    bool operator==(const SenderInfo&) const = default;
};

struct RtcpCompound {
    std::uint32_t sender_ssrc = 0;
    std::optional<SenderInfo> sender;
    std::array<ReportBlock, kMaxReportBlocks> block_storage{};
    std::size_t block_count = 0;
    bool bye = false;

    std::span<const ReportBlock> blocks() const { return {block_storage.data(), block_count}; }
};

enum class RtcpForm : std::uint8_t { Compound, ReducedSizeAllowed };
std::optional<RtcpCompound> parse_rtcp(Bytes datagram, RtcpForm form);

/// Appends packets to a buffer; `size()` octets are valid. A packet that does not fit is left out and makes complete()
/// false.
class RtcpWriter {
public:
    explicit RtcpWriter(MutableBytes out) : out_(out) {}
    void sender_report(std::uint32_t ssrc, const SenderInfo& info, std::span<const ReportBlock> blocks);
    void receiver_report(std::uint32_t ssrc, std::span<const ReportBlock> blocks);
    void cname(std::uint32_t ssrc, std::string_view cname);
    void bye(std::uint32_t ssrc);
    std::size_t size() const { return size_; }
    bool complete() const { return complete_; }

private:
    std::uint8_t* reserve(std::size_t octets, std::uint8_t count, std::uint8_t type);
    MutableBytes out_;
    std::size_t size_ = 0;
    bool complete_ = true;
};

/// NTP 32.32 of a wall time plus sub-millisecond offset.
std::uint64_t to_ntp(WallTime wall);
constexpr std::uint32_t middle_of(std::uint64_t ntp) {
    return static_cast<std::uint32_t>(ntp >> 16U);
}

/// Round trip from reports about us. A report counts only if it names one of our last 8 SRs and gives 0 ≤ RTT < 10 s.
class RoundTrip {
public:
    void on_sr_sent(std::uint64_t ntp, TimePoint now);
    std::optional<Duration> on_report(const ReportBlock& block, TimePoint now);
    std::optional<Duration> last() const { return last_; }

private:
    struct Sent {
        std::uint32_t middle = 0;
        TimePoint at{};
    };
    std::array<Sent, 8> sent_{};
    std::size_t next_ = 0;
    std::optional<Duration> last_;
};

/// Loss the peer saw between two reports: difference of cumulative ÷ difference of highest sequence. Cumulative is
/// never a percentage.
struct LossInterval {
    std::uint32_t expected = 0;
    std::int32_t lost = 0;  ///< clamped to 0 … expected by fraction()
    double fraction() const;
};

class ReportedLoss {
public:
    /// Nothing for the first report of an SSRC, a repeat, or one that goes backwards (they become the new base).
    std::optional<LossInterval> on_report(const ReportBlock& block);

private:
    std::optional<ReportBlock> base_;
};

/// When the next report is due: 1 s, then 5 s × [0.5, 1.5] ÷ 1.21828 (RFC 3550 6.3.1). `random` is uniform.
Duration rtcp_interval(std::uint32_t random, bool first);

}  // namespace dp::rtp

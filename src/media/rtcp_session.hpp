#pragma once
/// @file RTCP of one leg: when the next report is due, what it says, and what the peer's reports say about us.
///
/// Thread: the leg's worker; time handed in. Both legs of a call are terminated: nothing is passed on. What we measured
/// and what they report stay apart. Source: RFC 3550 section 6, RFC 7022 (CNAME random per leg).

#include <string>

#include "base/random.hpp"
#include "rtp/receiver_statistics.hpp"
#include "rtp/rtcp.hpp"
#include "rtp/stream_rewriter.hpp"

namespace dp::media {

class RtcpSession {
public:
    RtcpSession(std::string cname, TimePoint now, Random& random);

    bool due(TimePoint now) const { return now >= next_; }

    enum class Ending : std::uint8_t { No, Bye };
    /// SR when anything was sent since the last report, else RR; with SDES, and BYE at the end. Returns octets written.
    std::size_t write(rtp::MutableBytes out, const rtp::StreamRewriter& stream, std::uint64_t octets_sent,
                      rtp::ReceiverStatistics& received, Ending ending, TimePoint now, WallTime wall, Random& random);

    /// Blocks about other streams than `our_ssrc` are ignored.
    void on_report(const rtp::RtcpCompound& compound, std::uint32_t our_ssrc, TimePoint now);

    std::optional<Duration> round_trip() const { return round_trip_.last(); }
    /// Loss of our stream over the peer's last report interval, 0…1.
    std::optional<double> reported_loss() const { return reported_loss_; }

private:
    std::string cname_;
    TimePoint next_;
    std::uint64_t packets_reported_ = 0;
    rtp::RoundTrip round_trip_;
    rtp::ReportedLoss loss_;
    std::optional<double> reported_loss_;
};

}  // namespace dp::media

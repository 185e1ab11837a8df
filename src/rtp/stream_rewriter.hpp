#pragma once
/// @file The one outgoing RTP stream of a leg: own SSRC, unbroken sequence numbers and timestamps, whatever feeds it
/// (the peer's packets, a tone, DTMF, a decoder).
///
/// Problem: timestamps that follow a source backwards mute browsers, a sequence unwound after hold fails SRTP replay,
/// and a delta kept from an earlier SSRC breaks jitter buffers. So out = in + delta, and every jump gets new deltas.
/// Threads: the leg's worker; no allocation. Nothing is returned for a packet whose outgoing index was used already:
/// protecting two payloads under one (SSRC, index) breaks AES-CM and GCM (RFC 3711 9.1). Source: RFC 3550 A.1
/// (MAX_DROPOUT, MAX_MISORDER), RFC 7160 (clock change takes a new SSRC).

#include <cstdint>
#include <optional>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "rtp/replay_window.hpp"
#include "rtp/rtp_packet.hpp"

namespace dp::rtp {

class StreamRewriter {
public:
    /// Random SSRC, timestamp, and a sequence number below 2^15.
    StreamRewriter(Random& random, std::uint32_t clock_rate, Duration frame = std::chrono::milliseconds(20));

    /// What a relayed packet says about time: an event repeats the timestamp of its beginning (RFC 4733 2.5.1.2).
    enum class Content : std::uint8_t { Audio, Event };
    /// The outgoing header for a packet of the peer (same clock rate). Payload type is the caller's to map.
    std::optional<RtpFields> relay(const RtpHeader& in, TimePoint now, Content content = Content::Audio);
    /// The outgoing header for a packet of our own making: sequence + 1, timestamp + `ticks` after the previous own
    /// packet (`ticks` is the length of that one), or re-based by the clock when something else was sent since.
    RtpFields originate(std::uint32_t ticks, TimePoint now);
    /// Sequence + 1 at a given timestamp: events of our own (EventSender, EventRelay). Take the timestamp of the first
    /// packet from timestamp_at(now). Audio that follows is re-based.
    RtpFields originate_at(std::uint32_t timestamp, TimePoint now);
    /// The next packet is from another source (tone to peer, hold, transfer): re-base and set the marker.
    void switch_source() { rebase_ = true; }
    /// Only a change of clock rate takes a new SSRC; also used after a collision (RFC 3550 8.2).
    void renew(Random& random, std::uint32_t clock_rate);

    std::uint32_t ssrc() const { return ssrc_; }
    std::uint32_t clock_rate() const { return clock_rate_; }
    std::uint64_t packets() const { return packets_; }
    /// The outgoing timestamp that stands for `now`: for sender reports and for the beginning of an event.
    std::uint32_t timestamp_at(TimePoint now) const;

private:
    enum class Feed : std::uint8_t { None, Peer, Own };

    enum class Marker : std::uint8_t { Clear, Set };

    RtpFields begin_peer_run(const RtpHeader& in, TimePoint now);
    bool breaks_run(const RtpHeader& in, TimePoint now, Content content) const;
    std::uint32_t run_timestamp(TimePoint now) const;
    std::uint32_t ticks_of(Duration duration) const;
    RtpFields emit(std::uint64_t index, std::uint32_t timestamp, Marker marker, TimePoint now);

    std::uint32_t ssrc_ = 0;
    std::uint32_t clock_rate_ = 8000;
    Duration frame_;
    Feed feed_ = Feed::None;
    bool rebase_ = false;
    std::uint64_t next_index_ = 0;  ///< extended sequence number after the newest sent
    std::uint32_t newest_timestamp_ = 0;
    TimePoint newest_at_{};
    ReplayWindow used_;
    std::uint32_t in_ssrc_ = 0;  ///< of the current run
    std::uint16_t in_highest_ = 0;
    std::uint64_t in_highest_index_ = 0;  ///< outgoing index of in_highest_
    std::uint32_t in_timestamp_ = 0;
    TimePoint in_at_{};
    std::uint32_t timestamp_delta_ = 0;
    std::uint64_t packets_ = 0;
};

}  // namespace dp::rtp

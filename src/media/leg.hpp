#pragma once
/// @file One leg on its worker: everything a datagram of it meets on the way in, and everything it sends.
///
/// Order in, cheapest first and state only after authentication: size, class, leg (the caller found it), source, SRTP,
/// payload type, source lock, SSRC state and statistics, key press, crossing, protection, send. A packet that fails one
/// step is counted and touches nothing behind it. Outgoing: one SSRC, one sequence and one timeline for the leg's whole
/// life, whatever feeds it (StreamRewriter).
///
/// Thread: its worker. No allocation, lock or log per packet. Split over leg.cpp (life and agreement), leg_receive.cpp,
/// leg_send.cpp, leg_browser.cpp (ICE, DTLS).

#include <memory>
#include <optional>

#include "call/media_engine.hpp"
#include "ice/lite_agent.hpp"
#include "ice/source_limiter.hpp"
#include "media/audio_feed.hpp"
#include "media/crossing_queue.hpp"
#include "media/dtls.hpp"
#include "media/leg_host.hpp"
#include "media/leg_transport.hpp"
#include "media/liveness.hpp"
#include "media/loudness_probe.hpp"
#include "media/payload_routes.hpp"
#include "media/rtcp_session.hpp"
#include "media/srtp_session.hpp"
#include "media/stream_guard.hpp"
#include "rtp/receiver_statistics.hpp"
#include "rtp/source_lock.hpp"
#include "rtp/stream_rewriter.hpp"
#include "rtp/telephone_event.hpp"

namespace dp::media {

struct LegSetup {
    call::LegId id;
    call::MediaTransport transport = call::MediaTransport::Rtp;
    call::SourcePolicy policy = call::SourcePolicy::Nat;
    std::optional<ice::Credentials> ice;
    std::string cname;
};

/// Why received datagrams went no further.
struct DropCounts {
    std::uint64_t malformed = 0;
    std::uint64_t unknown_type = 0;
    std::uint64_t foreign_source = 0;
    std::uint64_t authentication = 0;
    std::uint64_t replay = 0;
    std::uint64_t no_key = 0;
    std::uint64_t direction = 0;  ///< held: not asked for
    std::uint64_t duplicate = 0;  ///< duplicates and packets of an SSRC that was replaced
    std::uint64_t crossing = 0;   ///< the peer's worker was behind

    std::uint64_t total() const {
        return malformed + unknown_type + foreign_source + authentication + replay + no_key + direction + duplicate +
               crossing;
    }
};

class alignas(64) Leg {  // cache lines: see the order of the members
public:
    Leg(LegSetup setup, LegTransport transport, LegHost& host, TimePoint now);
    ~Leg();
    Leg(const Leg&) = delete;
    Leg& operator=(const Leg&) = delete;

    // Commands of the call core.
    void configure(const call::MediaPeer& peer, TimePoint now);
    void restart_ice(ice::Credentials fresh, TimePoint now);
    /// Off the shared port, to sockets of its own; configure() with the peer's address follows.
    void move_to(LegTransport own, TimePoint now);
    /// What comes from the peer's address is the leg's no more, until it is configured anew.
    void leave_shared_port(TimePoint now);
    /// Both sides must be told; null ends the connection.
    void set_peer(Leg* peer, TimePoint now);
    /// The peer lives on another worker: what this leg receives goes there. Null: here.
    void send_across(CrossingQueue* to) { across_ = to; }
    /// This leg is the image of one on another worker: it has that one's agreement and no sockets, and passes on what
    /// that one has received (on_crossed). It sends nothing.
    void mirror(const sdp::NegotiatedAudio& agreed);
    void on_crossed(rtp::MutableBytes packet, TimePoint now);
    void play(const audio::ToneSpec& tone);
    void stop_tone();
    void announce(std::shared_ptr<const audio::Recording> recording, std::uint32_t ticket);
    void send_digit(char digit, std::chrono::milliseconds duration);
    /// RTCP BYE and DTLS close_notify.
    void close(TimePoint now);

    // Input.
    enum class Channel : std::uint8_t { Rtp, Rtcp };
    void on_datagram(rtp::MutableBytes datagram, const Endpoint& from, Channel channel, TimePoint now);
    /// `may_refuse` false: this source has had its share of error replies.
    void on_stun(const ice::StunMessage& request, const Endpoint& from, bool may_refuse, TimePoint now);
    /// A datagram of this leg, or one for this leg to send, will follow in a moment: into the cache with what it will
    /// touch, and nothing else. Thousands of legs do not fit there.
    void prefetch_receiving() const;
    void prefetch_sending() const;
    void prefetch_route(std::uint8_t payload_type) const { __builtin_prefetch(&routes_[payload_type & 0x7F]); }
    void on_frame(TimePoint now);
    void on_second(TimePoint now, WallTime wall);
    void step_dtls(TimePoint now);
    TimePoint dtls_deadline() const { return dtls_ ? dtls_->deadline() : kNever; }
    bool has_dtls_input() const { return dtls_ && dtls_->has_input(); }

    call::LegId id() const { return setup_.id; }
    Leg* peer() const { return peer_; }
    LegTransport& transport() { return transport_; }
    call::MediaStatistics statistics() const;
    const DropCounts& drops() const { return drops_; }
    const std::optional<ice::LiteAgent>& ice() const { return ice_; }
    const sdp::NegotiatedAudio* agreed() const { return agreed_ ? &*agreed_ : nullptr; }

private:
    bool is_browser() const { return kind_ == call::MediaTransport::Webrtc; }
    bool is_secure() const { return kind_ != call::MediaTransport::Rtp; }

    // leg.cpp
    void apply_security(const sdp::NegotiatedAudio& next, bool moved, TimePoint now);
    enum class Rtcp : std::uint8_t { Unchanged, Signalled };
    void apply_addresses(const call::MediaPeer& peer, Rtcp rtcp_address, TimePoint now);
    void listen(TimePoint now);
    void rebuild_crossing();
    void rebuild_feed();
    void prepare_feed(const sdp::NegotiatedAudio& source);
    void update_frames();
    void tell_path_up();

    // leg_receive.cpp
    void on_rtp(rtp::MutableBytes datagram, const Endpoint& from, TimePoint now);
    void on_rtcp(rtp::MutableBytes datagram, const Endpoint& from, TimePoint now);
    bool unprotect(rtp::MutableBytes& datagram, TimePoint now);
    bool is_own_stream(std::uint32_t ssrc, TimePoint now);
    bool believe(const rtp::RtpHeader& header, const Endpoint& from, TimePoint now);
    void follow_source(TimePoint now);
    void follow_silence(TimePoint now);
    void cross(rtp::MutableBytes datagram, const rtp::RtpHeader& header, const PayloadRoute& route, TimePoint now);
    void cross_audio(rtp::MutableBytes datagram, const rtp::RtpHeader& header, const PayloadRoute& route,
                     TimePoint now);
    void cross_digit(rtp::MutableBytes datagram, const rtp::RtpHeader& header, const PayloadRoute& route,
                     TimePoint now);
    void report_digit(const rtp::Digit& digit);

    // leg_send.cpp
    bool may_send() const;
    /// `packet` stands in a ring slot, with room behind it.
    void send_rtp(rtp::MutableBytes packet, std::size_t payload_size, TimePoint now);
    void relay(rtp::MutableBytes datagram, const rtp::RtpHeader& header, std::uint8_t type, TimePoint now,
               rtp::StreamRewriter::Content content = rtp::StreamRewriter::Content::Audio);
    void send_event(const rtp::EventOut& event, std::uint8_t type, TimePoint now);
    void originate(const rtp::RtpFields& fields, rtp::Bytes payload, TimePoint now);
    void send_feed(TimePoint now);
    void end_announcement();
    void send_pending_digit(TimePoint now);
    void send_report(RtcpSession::Ending ending, TimePoint now, WallTime wall);
    void finish_lost_events(TimePoint now);

    // leg_browser.cpp
    void on_dtls(rtp::Bytes datagram, const Endpoint& from, TimePoint now);
    void start_association(DtlsRole role, TimePoint now);
    void adopt_dtls_keys(TimePoint now);
    void check_browser_deadlines(TimePoint now);
    void fail(call::MediaFailure reason);

    struct QueuedDigit {
        std::uint8_t event = 0;
        Duration length{};
    };
    static constexpr std::size_t kDigitQueue = 64;

    // What every packet touches stands first, its members' own first fields before all; the rest of a leg stays out of
    // the cache while it is only relayed. prefetch_receiving() and prefetch_sending() know this order.
    Leg* peer_ = nullptr;
    CrossingQueue* across_ = nullptr;
    LegHost& host_;
    call::MediaTransport kind_;  ///< Srtp also while RTP with keys is agreed
    bool on_shared_port_;
    bool hears_ = false;         ///< agreed, and the direction lets the peer send
    bool speaks_ = false;        ///< agreed, and the direction lets us send
    bool playing_tone_ = false;  ///< or an announcement
    bool wants_frames_ = false;
    bool consent_lost_ = false;
    bool wants_loudness_ = false;  ///< the next packet goes to the probe
    std::uint64_t packets_in_ = 0;
    std::uint64_t octets_in_ = 0;
    std::uint64_t octets_out_ = 0;
    std::optional<TimePoint> locked_since_;
    rtp::StreamRewriter stream_;
    LegTransport transport_;
    Liveness liveness_;
    rtp::EventSender digits_out_;
    rtp::EventRelay digits_on_;  ///< from us to the peer
    rtp::SourceLock lock_;
    rtp::ReceiverStatistics received_;
    std::unique_ptr<AudioFeed> feed_;  ///< when the peer is decoded for us, or a tone plays
    SrtpSession srtp_;
    DropCounts drops_;

    LoudnessProbe loudness_;
    PayloadRoutes routes_{};
    LegSetup setup_;
    std::optional<sdp::NegotiatedAudio> agreed_;
    RtcpSession rtcp_;
    audio::ToneSpec tone_;
    std::optional<audio::RecordingPlayer> announcement_;  ///< instead of the tone
    std::uint32_t announcement_ticket_ = 0;
    std::uint32_t announced_ = 0;  ///< ticket whose end was told

    rtp::EventReceiver digits_in_;
    std::uint32_t digits_in_rate_ = 8000;
    std::uint32_t digits_on_in_rate_ = 8000;
    std::uint32_t digits_on_out_rate_ = 8000;
    std::uint8_t digits_on_type_ = 0;
    std::array<QueuedDigit, kDigitQueue> queued_digits_{};
    std::size_t queued_first_ = 0;
    std::size_t queued_count_ = 0;

    SharedPort::Sources listens_to_;  ///< on the shared port
    StreamGuard guard_;               ///< there

    std::optional<ice::LiteAgent> ice_;
    std::optional<std::string> old_ufrag_;  ///< of before an ICE restart, until the new one is used
    std::unique_ptr<DtlsAssociation> dtls_;
    std::optional<Endpoint> dtls_peer_;  ///< where the last DTLS datagram came from
    bool dtls_done_ = false;
    std::optional<TimePoint> ice_deadline_;

    bool path_up_ = false;
    bool failed_ = false;
    bool is_mirror_ = false;
};

}  // namespace dp::media

#pragma once
/// @file MediaEngine: what the call core asks of the media plane, one leg at a time, and MediaEvents: what it is told
/// back.
///
/// Two users: media::Engine (worker threads, real sockets) and the simulated engine of tests/sim. The engine never sees
/// SDP text: it hands out an sdp::LocalMedia to put into descriptions and takes the sdp::NegotiatedAudio that the
/// offer/answer algebra made.
///
/// Thread: both sides on the control shard. Requests never block; all but allocate() are commands in the bounded queue
/// of the leg's worker and take effect in the order given. A queue that refuses one is reported as
/// on_failed(Overloaded). Events are posted, never raised inside a request. A request for a leg that is gone, and an
/// event for one, is ignored. Lifetime: a leg lives from allocate() to release(); its address, SSRC, keys and
/// fingerprint stay the same all that time, through hold, transfer and re-INVITE; the address alone may change on a shared port (on_media_moved). Source: product.md "Connected,
/// failed, disconnected"; RFC 3550, 3711, 5763, 8445.

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "audio/recording.hpp"
#include "base/clock.hpp"
#include "base/endpoint.hpp"
#include "base/result.hpp"
#include "call/leg.hpp"
#include "sdp/offer_answer.hpp"

namespace dp::call {

/// Which sources of RTP a leg believes. Whatever the policy, the source is locked once believed and only signalling
/// opens it again.
enum class SourcePolicy : std::uint8_t {
    Strict,  ///< only the signalled address and port
    Nat,     ///< symmetric RTP: the signalled IP, or the one signalling came from, on any port; confirmed, then locked
    Asymmetric,  ///< send where SDP says, accept from any port of the signalled IP
    Ice,         ///< only addresses validated by STUN with our password
};

/// Where our end of a leg without ICE is.
enum class PortUse : std::uint8_t {
    Own,
    /// One port for all such legs of a worker, told apart by the addresses that their peers announce. Nothing is heard
    /// from a peer before its description.
    Shared,
};

enum class IpFamily : std::uint8_t { V4, V6 };

struct MediaLegSpec {
    MediaTransport transport = MediaTransport::Rtp;
    SourcePolicy policy = SourcePolicy::Nat;
    std::uint8_t dscp = 46;  ///< of everything this leg sends (EF)
    IpFamily family = IpFamily::V4;
    LegId beside{};  ///< another leg of the same call: both live on one worker. Not set for the first leg. (Legs that a
                     ///< transfer brings together may live on two; connect() bridges them at the price of a copy.)
    PortUse port = PortUse::Own;
    /// Shared: whose legs are alike. One of them that had to move makes the next ones begin with ports of their own.
    std::string carrier{};
    /// Shared: where the peer's offer, which this leg will answer, says it is. The leg gets a port of its own where
    /// another leg has that address.
    std::optional<Endpoint> announced{};
};

/// Tones by country (E.180 and national tables); `country` is ISO 3166 upper case, unknown ones sound like "XX" (425
/// Hz).
struct Tone {
    enum class Kind : std::uint8_t { Silence, Ringback, Busy, Congestion, Dial };
    Kind kind = Kind::Ringback;
    std::string country = "US";
};

/// Where a negotiated description came from: lets the Nat policy accept a phone behind NAT that announces a private
/// address.
struct MediaPeer {
    sdp::NegotiatedAudio audio;
    std::optional<IpAddress> signalled_from;  ///< source of the SIP message, when known
};

enum class MediaFailure : std::uint8_t {
    IceFailed,            ///< no authenticated check within 15 s of configure()
    ConsentLost,          ///< RFC 7675: no check for 30 s; sending has stopped
    DtlsFailed,           ///< handshake error or 15 s passed
    FingerprintMismatch,  ///< the certificate is not one of the signalled ones; media was never opened
    NoSrtpProfile,        ///< DTLS came up without a common SRTP profile
    ClosedByPeer,         ///< DTLS close_notify
    IncompatibleCodecs,   ///< connect(): codecs differ and can_transcode() is false
    Overloaded,           ///< a queue refused a command of ours: the leg's state is not what was asked
};

/// One leg's totals since allocate(), and the last interval's quality. Times in milliseconds, loss in percent.
struct MediaStatistics {
    std::uint64_t packets_received = 0;
    std::uint64_t bytes_received = 0;
    std::uint64_t packets_sent = 0;
    std::uint64_t bytes_sent = 0;
    std::uint64_t packets_lost = 0;     ///< what we miss of theirs
    std::uint64_t packets_dropped = 0;  ///< received and refused: foreign source, authentication, replay, unknown type
    double jitter_ms = 0;               ///< ours, RFC 3550 section 6.4.1
    std::optional<double> remote_loss_percent;  ///< theirs of ours, last interval reported
    std::optional<double> round_trip_ms;
    std::uint64_t concealed_ms = 0;     ///< only where the leg is decoded
    std::uint64_t packets_sampled = 0;  ///< received, and their loudness looked at: one a second, where it can be
    std::uint64_t packets_silent = 0;   ///< of these: no louder than a muted microphone
};

class MediaEngine {
public:
    virtual ~MediaEngine() = default;

    /// Binds addresses and makes credentials; what it returns goes into our offer or answer. Unavailable when ports,
    /// legs or the worker's capacity are used up (SIP 503).
    virtual Result<sdp::LocalMedia> allocate(LegId leg, const MediaLegSpec& spec) = 0;

    /// Fresh ICE credentials for a peer that restarted ICE (new ufrag in its offer); the old ones stay valid until the
    /// new ones are used or 10 s have passed. DTLS, SRTP, SSRC and sequence go on. NotFound for a leg without ICE.
    virtual Result<sdp::LocalMedia> restart_ice(LegId leg) = 0;

    /// What was agreed, first or again (183, 200, re-INVITE, UPDATE). A changed address re-opens the source lock; the
    /// same key and fingerprint keep SRTP and DTLS untouched.
    virtual void configure(LegId leg, const MediaPeer& peer) = 0;

    /// Bridges both ways: relays where payloads can cross unchanged, else transcodes. Replaces an earlier connection of
    /// either. Direction (hold) comes from configure(). May come before either leg is configured.
    virtual void connect(LegId a, LegId b) = 0;
    virtual void disconnect(LegId leg) = 0;

    /// The leg hears the tone instead of its peer until stop_tone() or connect().
    virtual void play(LegId leg, const Tone& tone) = 0;
    virtual void stop_tone(LegId leg) = 0;
    /// The leg hears the recording once, from the moment it can be sent to; its end is told as
    /// on_media_played(`ticket`). Another announcement, a tone, stop_tone() or connect() ends it untold.
    virtual void announce(LegId leg, std::shared_ptr<const audio::Recording> recording, std::uint32_t ticket) = 0;

    /// RFC 4733 towards this leg (`0-9*#A-D`); digits queue up, up to 64. Ignored when telephone-event was not
    /// negotiated.
    virtual void send_digit(LegId leg, char digit, std::chrono::milliseconds duration) = 0;

    /// Ends the leg: RTCP BYE, late packets swallowed for 2 s, the port not used again for 60 s.
    virtual void release(LegId leg) = 0;

    /// Whether connect() can carry one codec into the other.
    virtual bool can_transcode(sdp::Codec from, sdp::Codec to) const = 0;
};

/// Implemented by the call book.
class MediaEvents {
public:
    virtual ~MediaEvents() = default;

    /// The leg's media path stands, told once per leg: SDP is complete and an address to send to is known (plain and
    /// SDES: signalled, else the first believed source); with WebRTC in addition ICE is validated and DTLS is up with
    /// the right fingerprint. Says nothing about audio arriving: that is on_one_way().
    virtual void on_media_path_up(LegId leg) = 0;
    virtual void on_media_failed(LegId leg, MediaFailure reason) = 0;
    /// Neither RTP nor RTCP for 30 s from a leg that should send (held legs: 10 minutes). Told once until something
    /// arrives.
    virtual void on_media_timeout(LegId leg) = 0;
    /// We have sent for 5 s and heard nothing from a leg that should send. Told once per configure().
    virtual void on_one_way(LegId leg) = 0;
    /// The peer of this leg pressed a key (RFC 4733), told at its end. Bridged digits are carried on by the engine
    /// itself.
    virtual void on_media_digit(LegId leg, char digit, std::chrono::milliseconds duration) = 0;
    /// The peer's description named an address that another leg of the shared port has: our end is at `local` now, and
    /// the peer, which does not know it, is not heard until it has answered an offer that says so. Told of the other leg
    /// as well.
    virtual void on_media_moved(LegId leg, const sdp::LocalMedia& local) = 0;
    /// announce() with this ticket has come to its end.
    virtual void on_media_played(LegId leg, std::uint32_t ticket) = 0;
    /// Once a second while the leg lives, and a last time after release().
    virtual void on_statistics(LegId leg, const MediaStatistics& statistics) = 0;
};

}  // namespace dp::call

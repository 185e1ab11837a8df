#pragma once
/// @file SDP as a typed value: parse (tolerant, bounded) and serialise (byte-stable). RFC 8866; attributes of 3264,
/// 3605, 4568, 5506, 5761, 8122, 8839, 9143.
///
/// Threads: values. Errors: parse() answers MalformedInput or TooLarge with a sentence; it never throws and never
/// resolves a name. Session-level attributes that a media section inherits (direction, ICE credentials, fingerprints,
/// setup, connection) are resolved into each section while parsing, so users look at the section only. Attributes we do
/// not act on (ssrc, msid, extmap, rtcp-fb) are dropped. `serialise(parse(serialise(x))) == serialise(x)`.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/endpoint.hpp"
#include "base/result.hpp"
#include "sdp/codec.hpp"
#include "sdp/crypto_attribute.hpp"

namespace dp::sdp {

inline constexpr std::size_t kMaxSize = 64 * 1024;
inline constexpr std::size_t kMaxMedia = 16;
inline constexpr std::size_t kMaxFormats = 64;      ///< per media section; more are ignored
inline constexpr std::size_t kMaxCandidates = 32;   ///< per media section; more are ignored
inline constexpr std::size_t kMaxCrypto = 32;       ///< per media section; more are ignored
inline constexpr std::size_t kMaxFingerprints = 8;  ///< per media section; more are ignored

enum class Direction : std::uint8_t { Inactive = 0, SendOnly = 1, RecvOnly = 2, SendRecv = 3 };

constexpr bool sends(Direction d) {
    return (static_cast<unsigned>(d) & 1U) != 0;
}
constexpr bool receives(Direction d) {
    return (static_cast<unsigned>(d) & 2U) != 0;
}
constexpr Direction direction_of(bool sending, bool receiving) {
    return static_cast<Direction>((sending ? 1U : 0U) | (receiving ? 2U : 0U));
}
/// The same stream seen from the other end.
constexpr Direction reversed(Direction d) {
    return direction_of(receives(d), sends(d));
}
constexpr Direction both(Direction a, Direction b) {
    return static_cast<Direction>(static_cast<unsigned>(a) & static_cast<unsigned>(b));
}

enum class Protocol : std::uint8_t {
    RtpAvp,
    RtpAvpf,
    RtpSavp,
    RtpSavpf,
    UdpTlsRtpSavp,
    UdpTlsRtpSavpf,
    Other,  ///< udptl, UDP/DTLS/SCTP …: kept as text so that the line can be refused in place
};

/// RFC 4145, RFC 5763: who sends the ClientHello.
enum class Setup : std::uint8_t { ActPass, Active, Passive, HoldConn };

struct Origin {
    std::string username = "-";
    std::string session_id = "0";  ///< text: devices send more than 64 bits
    std::string version = "0";
    std::string address = "0.0.0.0";  ///< unicast-address as written; says nothing about media
    bool operator==(const Origin&) const = default;
};

/// c=. A name instead of an address is kept as text and never resolved.
struct Connection {
    std::string host;
    std::optional<IpAddress> address;

    static Connection of(const IpAddress& address) { return {address.str(), address}; }
    bool operator==(const Connection&) const = default;
};

struct Format {
    std::uint8_t payload_type = 0;
    std::optional<Codec> codec{};  ///< empty: none of ours
    std::string encoding{};        ///< rtpmap name; from the static table when there is no rtpmap; empty when unknown
    std::uint32_t clock_rate = 0;
    std::uint8_t channels = 1;
    std::string fmtp{};  ///< everything after the payload type
    bool operator==(const Format&) const = default;
};

struct Candidate {
    std::string foundation{};
    std::uint16_t component = 1;
    std::string transport = "udp";  ///< lower case
    std::uint32_t priority = 0;
    std::string host{};                  ///< may be an mDNS name: never resolved
    std::optional<IpAddress> address{};  ///< when `host` is one
    std::uint16_t port = 0;
    std::string type = "host";  ///< host, srflx, prflx, relay
    std::string tcp_type{};     ///< RFC 6544: active, passive, so
    bool operator==(const Candidate&) const = default;
};

struct Fingerprint {
    std::string algorithm;  ///< lower case: sha-256
    std::vector<std::uint8_t> digest;
    bool operator==(const Fingerprint&) const = default;
};

struct IceAttributes {
    std::string ufrag{};
    std::string pwd{};
    std::vector<Candidate> candidates{};
    bool trickle = false;  ///< a=ice-options:trickle
    bool end_of_candidates = false;
    bool operator==(const IceAttributes&) const = default;
};

/// a=rtcp: (RFC 3605).
struct RtcpAddress {
    std::uint16_t port = 0;
    std::optional<IpAddress> address;
    bool operator==(const RtcpAddress&) const = default;
};

struct MediaSection {
    std::string kind = "audio";
    std::uint16_t port = 0;  ///< 0: refused or removed; 9: a placeholder when ICE trickles
    Protocol protocol = Protocol::RtpAvp;
    std::string protocol_text;              ///< as written, for Protocol::Other
    std::vector<Format> formats;            ///< RTP protocols, in order of preference
    std::vector<std::string> format_texts;  ///< other protocols
    std::optional<Connection> connection;   ///< section's own, or the session's
    Direction direction = Direction::SendRecv;
    std::optional<std::chrono::milliseconds> ptime;
    std::optional<std::chrono::milliseconds> maxptime;
    std::optional<RtcpAddress> rtcp;
    bool rtcp_mux = false;
    bool rtcp_rsize = false;
    std::optional<IceAttributes> ice;  ///< present with ufrag and pwd
    std::vector<Fingerprint> fingerprints;
    std::optional<Setup> setup;
    std::vector<CryptoAttribute> crypto;
    std::optional<std::string> mid;

    /// Port 0 without bundle-only: the section is refused or removed, not held.
    bool refused() const { return port == 0; }
    /// Where RTP goes by SDP alone: nothing for a name, port 9 with ICE, 0.0.0.0 or port 0.
    std::optional<Endpoint> rtp_endpoint() const;
    std::optional<Endpoint> rtcp_endpoint() const;
    /// The direction the other end means: `c=0.0.0.0` (or `::`) without ICE takes its receiving away (RFC 3264 8.4).
    Direction effective_direction() const;
    const Format* find(std::uint8_t payload_type) const;
    bool operator==(const MediaSection&) const = default;
};

struct SessionDescription {
    Origin origin;
    std::string session_name = "-";
    std::optional<Connection> connection;  ///< session level; written once, sections that equal it stay silent
    bool ice_lite = false;
    std::vector<std::vector<std::string>> bundle;  ///< a=group:BUNDLE, the mids of each group
    std::vector<MediaSection> media;

    const MediaSection* find_audio() const;  ///< first audio section that is not refused
    bool operator==(const SessionDescription&) const = default;
};

Result<SessionDescription> parse(std::string_view text);
std::string serialise(const SessionDescription& description);

/// The part after `a=candidate:`; nothing when malformed.
std::optional<Candidate> parse_candidate(std::string_view value);
std::string_view protocol_name(Protocol protocol);

/// One value of an fmtp list `a=1;b=2`; names without regard to case. Nothing when absent.
std::optional<std::string_view> fmtp_value(std::string_view fmtp, std::string_view name);

}  // namespace dp::sdp

#pragma once
/// @file One RTP packet in a buffer: what class a datagram is, whether it is valid RTP, and reading or rewriting its
/// header in place.
///
/// Threads: free functions over memory the caller owns; no allocation. Errors: nothing is returned for bytes that are
/// not RTP. Source: RFC 3550 5.1, RFC 7983 (first octet), RFC 5761 4 (RTCP), RFC 8285 (extension block).

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace dp::rtp {

using Bytes = std::span<const std::uint8_t>;
using MutableBytes = std::span<std::uint8_t>;

inline constexpr std::size_t kFixedHeader = 12;

enum class DatagramClass : std::uint8_t { Stun, Dtls, TurnChannel, Rtp, Rtcp, Unknown };

/// By the first octet; looks at two octets of RTP and the cookie of STUN, validates nothing further.
DatagramClass classify(Bytes datagram);

/// A validated header. Sizes in octets: header (with CSRCs and extension) + payload + padding = the datagram.
struct RtpHeader {
    std::uint8_t payload_type = 0;
    bool marker = false;
    std::uint16_t sequence = 0;
    std::uint32_t timestamp = 0;
    std::uint32_t ssrc = 0;
    std::uint16_t header_size = kFixedHeader;
    std::uint16_t payload_size = 0;
    std::uint16_t padding_size = 0;
    bool has_extension = false;
};

/// Octets of fixed header, CSRCs and extension, when they lie inside the datagram: all that can be checked of SRTP.
std::optional<std::size_t> rtp_header_size(Bytes datagram);

/// RFC 3550 A.1 validity: version, CSRC list, extension and padding inside the datagram.
std::optional<RtpHeader> parse_rtp(Bytes datagram);

inline Bytes payload_of(Bytes datagram, const RtpHeader& header) {
    return datagram.subspan(header.header_size, header.payload_size);
}

/// What a packet that we send carries; the writer sets version 2, no padding, no extension, no CSRC.
struct RtpFields {
    std::uint8_t payload_type = 0;
    bool marker = false;
    std::uint16_t sequence = 0;
    std::uint32_t timestamp = 0;
    std::uint32_t ssrc = 0;
};

/// Writes 12 octets at the front of `out`.
void write_header(MutableBytes out, const RtpFields& fields);

/// Turns a received packet into one of ours in place: CSRCs, extension block and padding are stripped (their ids belong
/// to the other leg), the fixed header stands directly before the payload. Returns the part of `datagram` that is the
/// new packet.
MutableBytes rewrite_in_place(MutableBytes datagram, const RtpHeader& header, const RtpFields& fields);

/// RFC 6464 level in -dBov (0 loud … 127) and voice flag from the extension with `id`, if the packet carries one.
struct AudioLevel {
    std::uint8_t minus_dbov = 127;
    bool voice = false;
};
std::optional<AudioLevel> audio_level(Bytes datagram, const RtpHeader& header, std::uint8_t id);

/// Distance from `b` to `a` in modular arithmetic: positive when `a` is newer.
constexpr std::int16_t sequence_distance(std::uint16_t a, std::uint16_t b) {
    return static_cast<std::int16_t>(a - b);
}
constexpr std::int32_t timestamp_distance(std::uint32_t a, std::uint32_t b) {
    return static_cast<std::int32_t>(a - b);
}

}  // namespace dp::rtp

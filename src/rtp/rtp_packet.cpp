#include "rtp/rtp_packet.hpp"

#include "rtp/wire.hpp"

namespace dp::rtp {
namespace {

constexpr std::uint32_t kStunCookie = 0x2112A442;

bool is_rtcp_type(std::uint8_t second_octet) {  // RFC 5761 4: packet types 192 to 223
    const unsigned type = second_octet & 0x7FU;
    return type >= 64 && type <= 95;
}

/// Octets of padding, which the last octet counts; nothing when it does not fit.
std::optional<std::size_t> padding_of(Bytes datagram, std::size_t header_size) {
    if ((datagram[0] & 0x20U) == 0) return 0;
    const std::size_t padding = datagram.back();
    if (padding == 0 || header_size + padding > datagram.size()) return std::nullopt;
    return padding;
}

/// Calls `found(id, data)` for each element of an RFC 8285 block, one-byte or two-byte form; stops when it answers
/// true.
template <class Found>
void each_extension(Bytes block, std::uint16_t profile, Found found) {
    const bool two_byte = (profile & 0xFFF0U) == 0x1000U;
    if (!two_byte && profile != 0xBEDE) return;
    std::size_t at = 0;
    while (at < block.size()) {
        if (block[at] == 0) {  // padding between elements
            ++at;
            continue;
        }
        const unsigned id = two_byte ? block[at] : block[at] >> 4U;
        if (!two_byte && id == 15) return;
        if (two_byte && at + 1 >= block.size()) return;
        const std::size_t size = two_byte ? block[at + 1] : (block[at] & 0x0FU) + 1U;
        at += two_byte ? 2 : 1;
        if (at + size > block.size()) return;
        if (found(id, block.subspan(at, size))) return;
        at += size;
    }
}

}  // namespace

DatagramClass classify(Bytes datagram) {
    if (datagram.empty()) return DatagramClass::Unknown;
    const std::uint8_t first = datagram[0];
    if (first <= 3) {
        const bool stun = datagram.size() >= 20 && wire::load32(datagram.data() + 4) == kStunCookie;
        return stun ? DatagramClass::Stun : DatagramClass::Unknown;
    }
    if (first >= 20 && first <= 63) return DatagramClass::Dtls;
    if (first >= 64 && first <= 79) return DatagramClass::TurnChannel;
    if (first < 128 || first > 191 || datagram.size() < 2) return DatagramClass::Unknown;
    return is_rtcp_type(datagram[1]) ? DatagramClass::Rtcp : DatagramClass::Rtp;
}

std::optional<std::size_t> rtp_header_size(Bytes datagram) {
    if (datagram.size() < kFixedHeader || (datagram[0] & 0xC0U) != 0x80U) return std::nullopt;
    std::size_t size = kFixedHeader + 4U * (datagram[0] & 0x0FU);
    if ((datagram[0] & 0x10U) != 0) {
        if (size + 4 > datagram.size()) return std::nullopt;
        size += 4U + 4U * wire::load16(datagram.data() + size + 2);
    }
    if (size > datagram.size()) return std::nullopt;
    return size;
}

std::optional<RtpHeader> parse_rtp(Bytes datagram) {
    const auto header_size = rtp_header_size(datagram);
    if (!header_size || datagram.size() > 0xFFFF) return std::nullopt;
    const auto padding = padding_of(datagram, *header_size);
    if (!padding) return std::nullopt;
    const std::uint8_t* p = datagram.data();
    return RtpHeader{.payload_type = static_cast<std::uint8_t>(p[1] & 0x7FU),
                     .marker = (p[1] & 0x80U) != 0,
                     .sequence = wire::load16(p + 2),
                     .timestamp = wire::load32(p + 4),
                     .ssrc = wire::load32(p + 8),
                     .header_size = static_cast<std::uint16_t>(*header_size),
                     .payload_size = static_cast<std::uint16_t>(datagram.size() - *header_size - *padding),
                     .padding_size = static_cast<std::uint16_t>(*padding),
                     .has_extension = (p[0] & 0x10U) != 0};
}

void write_header(MutableBytes out, const RtpFields& fields) {
    std::uint8_t* p = out.data();
    p[0] = 0x80;
    p[1] = static_cast<std::uint8_t>((fields.marker ? 0x80U : 0U) | (fields.payload_type & 0x7FU));
    wire::store16(p + 2, fields.sequence);
    wire::store32(p + 4, fields.timestamp);
    wire::store32(p + 8, fields.ssrc);
}

MutableBytes rewrite_in_place(MutableBytes datagram, const RtpHeader& header, const RtpFields& fields) {
    const std::size_t begin = header.header_size - kFixedHeader;
    const MutableBytes out = datagram.subspan(begin, kFixedHeader + header.payload_size);
    write_header(out, fields);
    return out;
}

std::optional<AudioLevel> audio_level(Bytes datagram, const RtpHeader& header, std::uint8_t id) {
    if (!header.has_extension) return std::nullopt;
    const std::size_t begin = kFixedHeader + 4U * (datagram[0] & 0x0FU);
    const std::uint16_t profile = wire::load16(datagram.data() + begin);
    std::optional<AudioLevel> out;
    each_extension(datagram.subspan(begin + 4, header.header_size - begin - 4), profile,
                   [&](unsigned element, Bytes data) {
                       if (element != id || data.empty()) return false;
                       out = AudioLevel{static_cast<std::uint8_t>(data[0] & 0x7FU), (data[0] & 0x80U) != 0};
                       return true;
                   });
    return out;
}

}  // namespace dp::rtp

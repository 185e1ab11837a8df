#include "rtp/rtcp.hpp"

#include <algorithm>
#include <utility>

#include "rtp/wire.hpp"

namespace dp::rtp {
namespace {

constexpr std::uint8_t kSenderReport = 200;
constexpr std::uint8_t kReceiverReport = 201;
constexpr std::uint8_t kSourceDescription = 202;
constexpr std::uint8_t kBye = 203;
constexpr std::uint8_t kCname = 1;
constexpr std::size_t kBlockSize = 24;
constexpr std::size_t kSenderInfoSize = 20;
constexpr std::uint64_t kNtpEpoch = 2'208'988'800;  ///< seconds from 1900 to 1970
constexpr Duration kLongestRoundTrip = std::chrono::seconds(10);

struct Packet {
    std::uint8_t count = 0;
    std::uint8_t type = 0;
    Bytes body;  ///< behind the common header, padding removed
};

/// RFC 3550 6.4.1: cumulative loss is signed 24 bits.
std::int32_t signed24(std::uint32_t value) {
    return static_cast<std::int32_t>(value << 8U) >> 8;
}

/// The next packet of the compound; nothing when its length or padding does not fit.
std::optional<Packet> take_packet(Bytes& rest) {
    if (rest.size() < 4 || (rest[0] & 0xC0U) != 0x80U) return std::nullopt;
    const std::size_t size = 4U + 4U * wire::load16(rest.data() + 2);
    if (size > rest.size()) return std::nullopt;
    Packet out{.count = static_cast<std::uint8_t>(rest[0] & 0x1FU), .type = rest[1], .body = rest.subspan(4, size - 4)};
    if ((rest[0] & 0x20U) != 0) {
        // RFC 3550 6.4.1: padding only in the last packet, whole words, at least its own.
        const std::size_t padding = rest[size - 1];
        if (size != rest.size() || padding == 0 || padding % 4 != 0 || padding > out.body.size()) return std::nullopt;
        out.body = out.body.first(out.body.size() - padding);
    }
    rest = rest.subspan(size);
    return out;
}

ReportBlock read_block(const std::uint8_t* p) {
    return {.ssrc = wire::load32(p),
            .fraction_lost = p[4],
            .cumulative_lost = signed24(wire::load24(p + 5)),
            .highest_sequence = wire::load32(p + 8),
            .jitter = wire::load32(p + 12),
            .last_sr = wire::load32(p + 16),
            .delay_since_sr = wire::load32(p + 20)};
}

bool read_blocks(Bytes body, std::uint8_t count, RtcpCompound& out) {
    if (body.size() < count * kBlockSize) return false;
    for (std::size_t i = 0; i < count && out.block_count < kMaxReportBlocks; ++i)
        out.block_storage[out.block_count++] = read_block(body.data() + i * kBlockSize);
    return true;
}

bool read_sender_report(const Packet& packet, RtcpCompound& out) {
    if (packet.body.size() < 4 + kSenderInfoSize) return false;
    const std::uint8_t* p = packet.body.data() + 4;
    out.sender = SenderInfo{.ntp = wire::load64(p),
                            .rtp_timestamp = wire::load32(p + 8),
                            .packets = wire::load32(p + 12),
                            .octets = wire::load32(p + 16)};
    return read_blocks(packet.body.subspan(4 + kSenderInfoSize), packet.count, out);
}

bool read_packet(const Packet& packet, RtcpCompound& out) {
    switch (packet.type) {
        case kSenderReport:
            return read_sender_report(packet, out);
        case kReceiverReport:
            return packet.body.size() >= 4 && read_blocks(packet.body.subspan(4), packet.count, out);
        case kBye:
            out.bye = packet.body.size() >= packet.count * 4U && packet.count > 0;
            return true;
        default:
            return true;  // SDES, APP, XR, feedback: nothing in them concerns audio
    }
}

void write_block(std::uint8_t* p, const ReportBlock& block) {
    wire::store32(p, block.ssrc);
    p[4] = block.fraction_lost;
    wire::store24(p + 5, static_cast<std::uint32_t>(block.cumulative_lost) & 0xFFFFFFU);
    wire::store32(p + 8, block.highest_sequence);
    wire::store32(p + 12, block.jitter);
    wire::store32(p + 16, block.last_sr);
    wire::store32(p + 20, block.delay_since_sr);
}

std::uint8_t block_count(std::span<const ReportBlock> blocks) {
    return static_cast<std::uint8_t>(std::min<std::size_t>(blocks.size(), 31));
}

Duration from_short_ntp(std::uint32_t units) {
    return Duration(static_cast<std::int64_t>(std::uint64_t{units} * 1'000'000'000U / 65536U));
}

}  // namespace

std::optional<RtcpCompound> parse_rtcp(Bytes datagram, RtcpForm form) {
    if (datagram.size() < 8) return std::nullopt;
    const std::uint8_t first = datagram[1];
    // RFC 3550 A.2: a compound begins with a report; RFC 5506 lifts that where negotiated.
    if (form == RtcpForm::Compound && first != kSenderReport && first != kReceiverReport) return std::nullopt;
    RtcpCompound out;
    out.sender_ssrc = wire::load32(datagram.data() + 4);
    for (Bytes rest = datagram; !rest.empty();) {
        const auto packet = take_packet(rest);
        if (!packet || !read_packet(*packet, out)) return std::nullopt;
    }
    return out;
}

std::uint8_t* RtcpWriter::reserve(std::size_t octets, std::uint8_t count, std::uint8_t type) {
    if (size_ + octets > out_.size()) {
        complete_ = false;
        return nullptr;
    }
    std::uint8_t* p = out_.data() + size_;
    p[0] = static_cast<std::uint8_t>(0x80U | count);
    p[1] = type;
    wire::store16(p + 2, static_cast<std::uint16_t>(octets / 4 - 1));
    size_ += octets;
    return p + 4;
}

void RtcpWriter::sender_report(std::uint32_t ssrc, const SenderInfo& info, std::span<const ReportBlock> blocks) {
    const std::uint8_t count = block_count(blocks);
    std::uint8_t* p = reserve(8 + kSenderInfoSize + count * kBlockSize, count, kSenderReport);
    if (!p) return;
    wire::store32(p, ssrc);
    wire::store64(p + 4, info.ntp);
    wire::store32(p + 12, info.rtp_timestamp);
    wire::store32(p + 16, info.packets);
    wire::store32(p + 20, info.octets);
    for (std::size_t i = 0; i < count; ++i) write_block(p + 24 + i * kBlockSize, blocks[i]);
}

void RtcpWriter::receiver_report(std::uint32_t ssrc, std::span<const ReportBlock> blocks) {
    const std::uint8_t count = block_count(blocks);
    std::uint8_t* p = reserve(8 + count * kBlockSize, count, kReceiverReport);
    if (!p) return;
    wire::store32(p, ssrc);
    for (std::size_t i = 0; i < count; ++i) write_block(p + 4 + i * kBlockSize, blocks[i]);
}

void RtcpWriter::cname(std::uint32_t ssrc, std::string_view cname) {
    const std::string_view text = cname.substr(0, 255);
    // Item header and text, then at least one NUL up to the word boundary (RFC 3550 6.5).
    const std::size_t items = (2 + text.size()) / 4 * 4 + 4;
    std::uint8_t* p = reserve(8 + items, 1, kSourceDescription);
    if (!p) return;
    wire::store32(p, ssrc);
    std::fill_n(p + 4, items, std::uint8_t{0});
    p[4] = kCname;
    p[5] = static_cast<std::uint8_t>(text.size());
    std::ranges::copy(text, p + 6);
}

void RtcpWriter::bye(std::uint32_t ssrc) {
    if (std::uint8_t* p = reserve(8, 1, kBye)) wire::store32(p, ssrc);
}

std::uint64_t to_ntp(WallTime wall) {
    const auto millis = static_cast<std::uint64_t>(wall.time_since_epoch().count());
    const std::uint64_t fraction = ((millis % 1000) << 32U) / 1000;
    return (millis / 1000 + kNtpEpoch) << 32U | fraction;
}

void RoundTrip::on_sr_sent(std::uint64_t ntp, TimePoint now) {
    sent_[next_] = {middle_of(ntp), now};
    next_ = (next_ + 1) % sent_.size();
}

std::optional<Duration> RoundTrip::on_report(const ReportBlock& block, TimePoint now) {
    if (block.last_sr == 0) return std::nullopt;
    const auto sent = std::ranges::find(sent_, block.last_sr, &Sent::middle);
    if (sent == sent_.end()) return std::nullopt;
    const Duration trip = now - sent->at - from_short_ntp(block.delay_since_sr);
    if (trip < Duration::zero() || trip >= kLongestRoundTrip) return std::nullopt;
    last_ = trip;
    return trip;
}

double LossInterval::fraction() const {
    if (expected == 0) return 0;
    return std::clamp(static_cast<double>(lost) / expected, 0.0, 1.0);
}

std::optional<LossInterval> ReportedLoss::on_report(const ReportBlock& block) {
    const auto previous = std::exchange(base_, block);
    if (!previous || previous->ssrc != block.ssrc) return std::nullopt;
    const auto advanced = static_cast<std::int32_t>(block.highest_sequence - previous->highest_sequence);
    if (advanced <= 0) return std::nullopt;
    return LossInterval{static_cast<std::uint32_t>(advanced), block.cumulative_lost - previous->cumulative_lost};
}

Duration rtcp_interval(std::uint32_t random, bool first) {
    if (first) return std::chrono::seconds(1);
    const double factor = 0.5 + static_cast<double>(random) / 4294967296.0;
    return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(5.0 * factor / 1.21828));
}

}  // namespace dp::rtp

#include "media/rtcp_session.hpp"

namespace dp::media {

RtcpSession::RtcpSession(std::string cname, TimePoint now, Random& random)
    : cname_(std::move(cname)), next_(now + rtp::rtcp_interval(random.next_u32(), true)) {}

std::size_t RtcpSession::write(rtp::MutableBytes out, const rtp::StreamRewriter& stream, std::uint64_t octets_sent,
                               rtp::ReceiverStatistics& received, Ending ending, TimePoint now, WallTime wall,
                               Random& random) {
    next_ = now + rtp::rtcp_interval(random.next_u32(), false);
    std::array<rtp::ReportBlock, 1> block;
    std::size_t blocks = 0;
    if (auto* source = received.current()) block[blocks++] = source->report(now);
    const std::span<const rtp::ReportBlock> reports(block.data(), blocks);
    rtp::RtcpWriter writer(out);
    if (stream.packets() != packets_reported_) {
        const std::uint64_t ntp = rtp::to_ntp(wall);
        writer.sender_report(stream.ssrc(),
                             {ntp, stream.timestamp_at(now), static_cast<std::uint32_t>(stream.packets()),
                              static_cast<std::uint32_t>(octets_sent)},
                             reports);
        round_trip_.on_sr_sent(ntp, now);
        packets_reported_ = stream.packets();
    } else {
        writer.receiver_report(stream.ssrc(), reports);
    }
    writer.cname(stream.ssrc(), cname_);
    if (ending == Ending::Bye) writer.bye(stream.ssrc());
    return writer.size();
}

void RtcpSession::on_report(const rtp::RtcpCompound& compound, std::uint32_t our_ssrc, TimePoint now) {
    for (const rtp::ReportBlock& block : compound.blocks()) {
        if (block.ssrc != our_ssrc) continue;
        round_trip_.on_report(block, now);
        if (const auto interval = loss_.on_report(block)) reported_loss_ = interval->fraction();
    }
}

}  // namespace dp::media

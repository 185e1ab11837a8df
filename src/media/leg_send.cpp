#include "media/leg.hpp"

namespace dp::media {

bool Leg::may_send() const {
    return speaks_ && transport_.rtp_destination() && !consent_lost_ && (!is_secure() || srtp_.ready());
}

void Leg::send_rtp(rtp::MutableBytes packet, std::size_t payload_size, TimePoint now) {
    std::size_t size = packet.size();
    if (is_secure()) {
        const auto result = srtp_.protect({packet.data(), size + rtp::kSrtpTailroom}, size);
        if (!result) return;
        size = result.size;
    }
    transport_.send_rtp({packet.data(), size});
    octets_out_ += payload_size;
    liveness_.sent(now);
}

void Leg::relay(rtp::MutableBytes datagram, const rtp::RtpHeader& header, std::uint8_t type, TimePoint now,
                rtp::StreamRewriter::Content content) {
    if (!may_send() || digits_out_.active()) return;
    auto fields = stream_.relay(header, now, content);
    if (!fields) return;
    fields->payload_type = type;
    send_rtp(rtp::rewrite_in_place(datagram, header, *fields), header.payload_size, now);
}

void Leg::originate(const rtp::RtpFields& fields, rtp::Bytes payload, TimePoint now) {
    const rtp::MutableBytes slot = host_.ring.next();
    rtp::write_header(slot, fields);
    std::ranges::copy(payload, slot.begin() + rtp::kFixedHeader);
    send_rtp(slot.first(rtp::kFixedHeader + payload.size()), payload.size(), now);
}

void Leg::send_event(const rtp::EventOut& event, std::uint8_t type, TimePoint now) {
    if (!may_send()) return;
    std::array<std::uint8_t, rtp::kEventPayload> payload{};
    rtp::write_event(payload, event.payload);
    for (unsigned copy = 0; copy < event.copies; ++copy) {
        rtp::RtpFields fields = stream_.originate_at(event.timestamp, now);
        fields.marker = event.marker && copy == 0;
        fields.payload_type = type;
        originate(fields, payload, now);
    }
}

void Leg::on_frame(TimePoint now) {
    finish_lost_events(now);
    send_pending_digit(now);
    if (digits_out_.active() || (peer_ && peer_->digits_on_.active())) {
        if (feed_) feed_->skip();
    } else {
        send_feed(now);
    }
    update_frames();
}

void Leg::send_pending_digit(TimePoint now) {
    if (!agreed_ || !agreed_->send_dtmf) {
        queued_count_ = 0;
        return;
    }
    if (digits_out_.idle() && queued_count_ > 0) {
        const QueuedDigit digit = queued_digits_[queued_first_];
        queued_first_ = (queued_first_ + 1) % kDigitQueue;
        --queued_count_;
        digits_out_.start({.event = digit.event, .length = digit.length}, stream_.timestamp_at(now));
    }
    if (const auto due = digits_out_.next_frame()) send_event(*due, agreed_->send_dtmf->payload_type, now);
}

void Leg::send_feed(TimePoint now) {
    if (!feed_) return;
    if (!may_send()) return feed_->skip();
    const rtp::MutableBytes slot = host_.ring.next();
    const auto produced = feed_->produce(slot.subspan(rtp::kFixedHeader), now);
    if (announcement_ && announcement_->finished()) end_announcement();
    if (produced.size == 0) return;
    rtp::RtpFields fields = stream_.originate(produced.ticks, now);
    fields.payload_type = agreed_->send.payload_type;
    rtp::write_header(slot, fields);
    send_rtp(slot.first(rtp::kFixedHeader + produced.size), produced.size, now);
}

/// Silence goes on as the announcement's feed until the call core says what comes next: the stream keeps its rhythm.
void Leg::end_announcement() {
    if (std::exchange(announced_, announcement_ticket_) != announcement_ticket_)
        host_.played(*this, announcement_ticket_);
}

void Leg::send_report(RtcpSession::Ending ending, TimePoint now, WallTime wall) {
    if (!transport_.rtp_destination() || consent_lost_ || (is_secure() && !srtp_.ready())) return;
    const rtp::MutableBytes slot = host_.ring.next();
    std::size_t size = rtcp_.write(slot, stream_, octets_out_, received_, ending, now, wall, host_.random);
    if (is_secure()) {
        const auto result = srtp_.protect_rtcp({slot.data(), size + rtp::kSrtpTailroom + 4}, size);
        if (!result) return;
        size = result.size;
    }
    transport_.send_rtcp(slot.first(size));
}

}  // namespace dp::media

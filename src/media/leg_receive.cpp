#include "media/leg.hpp"

namespace dp::media {
namespace {

constexpr std::size_t kCacheLine = 64;

void prefetch(const void* begin, std::size_t octets) {
    const char* memory = static_cast<const char*>(begin);
    for (std::size_t at = 0; at < octets; at += kCacheLine) __builtin_prefetch(memory + at);
}

}  // namespace

void Leg::prefetch_receiving() const {
    prefetch(this, kCacheLine);
    prefetch(&liveness_, kCacheLine / 2);
    prefetch(&digits_on_, 1);
    prefetch(&lock_, 2 * kCacheLine);
    prefetch(&received_, 3 * kCacheLine);
    if (on_shared_port_) prefetch(&guard_, 1);
}

void Leg::prefetch_sending() const {
    prefetch(this, kCacheLine);
    prefetch(&stream_, 2 * kCacheLine);
    prefetch(&transport_, kCacheLine);
    prefetch(&liveness_, kCacheLine / 2);
    prefetch(&digits_out_, 1);
}

void Leg::on_datagram(rtp::MutableBytes datagram, const Endpoint& from, Channel channel, TimePoint now) {
    switch (rtp::classify(datagram)) {
        case rtp::DatagramClass::Rtp:
            if (channel == Channel::Rtp) return on_rtp(datagram, from, now);
            break;
        case rtp::DatagramClass::Rtcp:
            return on_rtcp(datagram, from, now);
        case rtp::DatagramClass::Dtls:
            if (is_browser()) return on_dtls(datagram, from, now);
            break;
        case rtp::DatagramClass::Stun:
        case rtp::DatagramClass::TurnChannel:
        case rtp::DatagramClass::Unknown:
            break;
    }
    ++drops_.malformed;
}

bool Leg::unprotect(rtp::MutableBytes& datagram, TimePoint now) {
    if (!srtp_.ready()) {
        ++drops_.no_key;
        return false;
    }
    const auto result = srtp_.unprotect(datagram, now);
    switch (result.status) {
        case rtp::SrtpStatus::Ok:
            datagram = datagram.first(result.size);
            return true;
        case rtp::SrtpStatus::Replayed:
        case rtp::SrtpStatus::TooOld:
            ++drops_.replay;
            return false;
        case rtp::SrtpStatus::AuthFailed:
            ++drops_.authentication;
            return false;
        default:
            ++drops_.malformed;
            return false;
    }
}

/// The tag of SRTP says whose a packet is; without it the address must, which on a shared port may have to be told from
/// another call's.
bool Leg::is_own_stream(std::uint32_t ssrc, TimePoint now) {
    if (is_secure()) return true;
    const auto* current = received_.current();
    return guard_.admits(ssrc, current ? current->last_arrival() : TimePoint{}, now);
}

bool Leg::believe(const rtp::RtpHeader& header, const Endpoint& from, TimePoint now) {
    if (is_browser()) return true;  // only validated addresses reach us, and the tag matched
    const auto verdict = is_secure() ? lock_.on_authenticated(from, srtp_.last_was_newest(), now)
                                     : lock_.on_rtp(from, header.ssrc, header.sequence, now);
    if (verdict == rtp::SourceVerdict::Drop) return false;
    if (verdict == rtp::SourceVerdict::AcceptMoved || !locked_since_) follow_source(now);
    return true;
}

void Leg::follow_source(TimePoint now) {
    if (lock_.locked()) locked_since_ = now;
    const auto to = lock_.destination();
    const bool moved = to != transport_.rtp_destination();
    transport_.set_rtp_destination(to);
    if (moved && to && agreed_ && !agreed_->rtcp_mux && !agreed_->remote_rtcp)
        transport_.set_rtcp_destination(Endpoint{to->address, static_cast<std::uint16_t>(to->port + 1)}, false);
    // Exactly where signalling said: no better source can come.
    const bool exact = agreed_ && to == agreed_->remote_rtp && lock_.locked();
    if (exact && setup_.policy != call::SourcePolicy::Asymmetric) transport_.connect();
    tell_path_up();
}

void Leg::on_rtp(rtp::MutableBytes datagram, const Endpoint& from, TimePoint now) {
    if (is_secure() && !unprotect(datagram, now)) return;
    const auto header = rtp::parse_rtp(datagram);
    if (!header) {
        ++drops_.malformed;
        return;
    }
    const PayloadRoute& route = routes_[header->payload_type];
    if (route.content == PayloadRoute::Content::Unknown || header->payload_size == 0) {
        // RFC 6263 keep-alives among them: never believed, never passed on. Before an agreement every type is unknown.
        ++(agreed_ ? drops_.unknown_type : drops_.no_key);
        return;
    }
    if (!believe(*header, from, now) || (on_shared_port_ && !is_own_stream(header->ssrc, now))) {
        ++drops_.foreign_source;
        return;
    }
    ++packets_in_;
    octets_in_ += header->payload_size;
    liveness_.heard(now);
    liveness_.heard_rtp(now);
    const bool audio = route.content == PayloadRoute::Content::Audio;
    const auto timing = audio ? rtp::SourceStatistics::Timing::Regular : rtp::SourceStatistics::Timing::Ignore;
    if (received_.on_packet(*header, now, timing) == rtp::ReceiverStatistics::Outcome::Discard) {
        ++drops_.duplicate;
        return;
    }
    if (!hears_) {
        ++drops_.direction;
        return;
    }
    if (audio && wants_loudness_) {
        if (const auto codec = audio_codec(route.codec)) loudness_.keep(*codec, rtp::payload_of(datagram, *header));
        wants_loudness_ = false;
    }
    if (across_ == nullptr) return cross(datagram, *header, route, now);
    if (!across_->put(id(), datagram)) ++drops_.crossing;
}

void Leg::cross(rtp::MutableBytes datagram, const rtp::RtpHeader& header, const PayloadRoute& route, TimePoint now) {
    if (route.content == PayloadRoute::Content::Digit)
        cross_digit(datagram, header, route, now);
    else
        cross_audio(datagram, header, route, now);
}

void Leg::on_crossed(rtp::MutableBytes packet, TimePoint now) {
    const auto header = rtp::parse_rtp(packet);
    if (header) cross(packet, *header, routes_[header->payload_type], now);
}

void Leg::cross_audio(rtp::MutableBytes datagram, const rtp::RtpHeader& header, const PayloadRoute& route,
                      TimePoint now) {
    if (!peer_ || peer_->playing_tone_ || digits_on_.active()) return;
    switch (route.crossing) {
        case PayloadRoute::Crossing::Drop:
            return;
        case PayloadRoute::Crossing::Relay:
            return peer_->relay(datagram, header, route.out_type, now);
        case PayloadRoute::Crossing::Translate: {
            const auto payload = datagram.subspan(header.header_size, header.payload_size);
            for (std::uint8_t& octet : payload) octet = (*route.translation)[octet];
            return peer_->relay(datagram, header, route.out_type, now);
        }
        case PayloadRoute::Crossing::Decode:
            break;
    }
    if (!peer_->feed_) return;
    const rtp::Bytes payload = rtp::payload_of(datagram, header);
    if (route.content == PayloadRoute::Content::ComfortNoise) {
        if (auto* playout = peer_->feed_->active()) playout->insert_comfort_noise(header, payload, now);
    } else if (const auto codec = audio_codec(route.codec)) {
        if (auto* playout = peer_->feed_->source(*codec)) playout->insert(header, payload, now);
    }
}

void Leg::report_digit(const rtp::Digit& digit) {
    const auto character = rtp::digit_of(digit.event);
    if (character) host_.digit(*this, *character, std::chrono::duration_cast<std::chrono::milliseconds>(digit.length));
}

void Leg::cross_digit(rtp::MutableBytes datagram, const rtp::RtpHeader& header, const PayloadRoute& route,
                      TimePoint now) {
    const auto event = rtp::parse_event(rtp::payload_of(datagram, header));
    if (!event) {
        ++drops_.malformed;
        return;
    }
    if (!digits_in_.active() && digits_in_rate_ != route.clock_rate) {
        digits_in_ = rtp::EventReceiver(route.clock_rate);
        digits_in_rate_ = route.clock_rate;
    }
    const auto report = digits_in_.on_packet(header, *event, now);
    if (report.begun && peer_ && peer_->feed_) peer_->feed_->interrupt();
    if (report.finished) report_digit(*report.finished);
    if (peer_ && route.crossing == PayloadRoute::Crossing::Relay) {
        peer_->relay(datagram, header, route.out_type, now, rtp::StreamRewriter::Content::Event);
    } else if (peer_ && route.crossing == PayloadRoute::Crossing::Decode) {
        const std::uint32_t out_rate = peer_->agreed_->send_dtmf->clock_rate;
        if (!digits_on_.active() && (digits_on_in_rate_ != route.clock_rate || digits_on_out_rate_ != out_rate)) {
            digits_on_ = rtp::EventRelay(route.clock_rate, out_rate);
            digits_on_in_rate_ = route.clock_rate;
            digits_on_out_rate_ = out_rate;
        }
        digits_on_type_ = route.out_type;
        const auto outs = digits_on_.on_packet(header, *event, peer_->stream_.timestamp_at(now), now);
        for (const rtp::EventOut& out : outs) peer_->send_event(out, route.out_type, now);
    }
    update_frames();
}

void Leg::finish_lost_events(TimePoint now) {
    if (const auto digit = digits_in_.on_time(now)) report_digit(*digit);
    if (const auto out = digits_on_.on_time(now); out && peer_) peer_->send_event(*out, digits_on_type_, now);
}

void Leg::on_rtcp(rtp::MutableBytes datagram, const Endpoint& from, TimePoint now) {
    if (!agreed_) return;
    if (is_secure()) {
        const auto result = srtp_.unprotect_rtcp(datagram);
        if (!result) {
            ++drops_.authentication;
            return;
        }
        datagram = datagram.first(result.size);
    } else if (!lock_.allows_rtcp(from)) {
        ++drops_.foreign_source;
        return;
    }
    const auto compound = rtp::parse_rtcp(datagram, rtp::RtcpForm::ReducedSizeAllowed);
    if (!compound) {
        ++drops_.malformed;
        return;
    }
    liveness_.heard(now);
    received_.on_rtcp(*compound, now);
    rtcp_.on_report(*compound, stream_.ssrc(), now);
    const auto& rtp_to = transport_.rtp_destination();
    if (!agreed_->rtcp_mux && rtp_to && rtp_to->address == from.address && transport_.rtcp_destination() != from)
        transport_.set_rtcp_destination(from, false);
}

}  // namespace dp::media

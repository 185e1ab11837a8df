#include "sandbox/audio_line.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "rtp/rtp_packet.hpp"

namespace dp::sandbox {
namespace {

constexpr std::chrono::milliseconds kFrame{20};
constexpr std::chrono::milliseconds kMostBehind{100};
constexpr std::size_t kMaxDigits = 64;

std::optional<audio::CodecId> codec_id(sdp::Codec codec) {
    switch (codec) {
        case sdp::Codec::Pcmu:
            return audio::CodecId::Pcmu;
        case sdp::Codec::Pcma:
            return audio::CodecId::Pcma;
        case sdp::Codec::G722:
            return audio::CodecId::G722;
        case sdp::Codec::Opus:
            return audio::CodecId::Opus;
        default:
            return std::nullopt;
    }
}

}  // namespace

const std::vector<sdp::Codec>& AudioLine::codecs() {
    static const std::vector<sdp::Codec> list{sdp::Codec::Opus, sdp::Codec::G722, sdp::Codec::Pcmu, sdp::Codec::Pcma};
    return list;
}

AudioLine::AudioLine(net::EventLoop& loop, Random& random)
    : loop_(loop),
      timer_([this] { tick(); }),
      ssrc_(random.next_u32()),
      sequence_(static_cast<std::uint16_t>(random.next_u32() & 0x7FFFU)),
      timestamp_(random.next_u32()) {}

Result<std::unique_ptr<AudioLine>> AudioLine::open(net::EventLoop& loop, const IpAddress& address, Random& random) {
    std::unique_ptr<AudioLine> line(new AudioLine(loop, random));
    net::UdpOptions options{.local = {address, 0},
                            .dscp = 46,
                            .receive_buffer = 1 << 16,
                            .send_buffer = 1 << 16,
                            .max_datagram = 2048,
                            .send_batch = 8};
    DP_TRY(socket, net::UdpSocket::bind(loop, options,
                                        [raw = line.get()](std::span<const std::uint8_t> bytes, const Endpoint& from,
                                                           const Endpoint&) { raw->received(bytes, from); }));
    line->socket_ = std::move(socket);
    return line;
}

sdp::LocalMedia AudioLine::local() const {
    return {.rtp = socket_->local()};
}

void AudioLine::start(const sdp::NegotiatedAudio& audio) {
    const auto codec = codec_id(audio.send.codec);
    if (!codec) return;
    const bool same = audio_ && audio_->send == audio.send;
    audio_ = audio;
    if (audio.remote_rtp) peer_ = *audio.remote_rtp;
    if (!same) {
        rate_ = audio::supports(*codec, 16'000) ? 16'000 : 8'000;
        auto encoder = audio::Encoder::create({.codec = *codec, .rate = rate_, .bitrate = 24'000});
        if (!encoder) return;
        encoder_.emplace(std::move(*encoder));
    }
    if (audio.receive_dtmf && !events_in_) events_in_.emplace(audio.receive_dtmf->clock_rate);
    if (audio.send_dtmf && !events_out_) events_out_.emplace(audio.send_dtmf->clock_rate, kFrame);
    if (timer_.armed()) return;
    next_tick_ = loop_.now() + kFrame;
    loop_.timers().arm(timer_, next_tick_);
}

void AudioLine::play(audio::Pcm samples) {
    queue_.push_back(samples);
}

void AudioLine::send_digits(const std::string& digits) {
    digits_ = (digits_ + digits).substr(0, kMaxDigits);
}

// Symmetric RTP: answers go to where the peer's audio really comes from, once it does.
void AudioLine::received(std::span<const std::uint8_t> bytes, const Endpoint& from) {
    const auto header = rtp::parse_rtp(bytes);
    if (!header || !audio_ || header->payload_size == 0) return;
    peer_ = from;
    const auto payload = rtp::payload_of(bytes, *header);
    if (audio_->receive_dtmf && header->payload_type == audio_->receive_dtmf->payload_type) {
        const auto event = rtp::parse_event(payload);
        if (!event || !events_in_) return;
        const auto report = events_in_->on_packet(*header, *event, loop_.now());
        if (report.finished && digit_heard_)
            if (const auto digit = rtp::digit_of(report.finished->event)) digit_heard_(*digit);
        return;
    }
    const bool ours = std::ranges::any_of(
        audio_->receive, [&](const auto& mapping) { return mapping.payload_type == header->payload_type; });
    if (!ours || !echo_ || muted_ || !queue_.empty() || !digits_.empty() || (events_out_ && events_out_->active()))
        return;
    send(audio_->send.payload_type, header->marker, header->timestamp, payload);
}

bool AudioLine::may_send() const {
    return audio_ && encoder_ && !muted_ && peer_.port != 0 &&
           (audio_->direction == sdp::Direction::SendRecv || audio_->direction == sdp::Direction::SendOnly);
}

/// Frames that are late by more than kMostBehind are left out, as a telephone leaves them out: made up for, they would
/// make each turn of a loop that cannot keep up longer than the turn before, and nothing else would ever run on it.
void AudioLine::skip_late_frames() {
    const Duration behind = loop_.now() - next_tick_;
    if (behind <= kMostBehind) return;
    const auto missed = behind / Duration(kFrame);
    next_tick_ += missed * kFrame;
    timestamp_ += static_cast<std::uint32_t>(missed) * (audio_->send.clock_rate / 50);
}

void AudioLine::tick() {
    skip_late_frames();
    next_tick_ += kFrame;
    loop_.timers().arm(timer_, next_tick_);
    if (events_in_)
        if (const auto digit = events_in_->on_time(loop_.now()); digit && digit_heard_)
            if (const auto character = rtp::digit_of(digit->event)) digit_heard_(*character);
    if (may_send() && !send_event()) send_frame();
    timestamp_ += audio_->send.clock_rate / 50;
}

bool AudioLine::send_event() {
    if (!events_out_ || !audio_->send_dtmf) return false;
    if (events_out_->idle() && !digits_.empty()) {
        if (const auto event = rtp::event_of(digits_.front()))
            events_out_->start({.event = *event, .length = std::chrono::milliseconds(120)}, timestamp_);
        digits_.erase(0, 1);
    }
    const bool active = events_out_->active();
    if (const auto out = events_out_->next_frame()) {
        std::array<std::uint8_t, rtp::kEventPayload> payload{};
        rtp::write_event(payload, out->payload);
        for (std::uint8_t i = 0; i < out->copies; ++i)
            send(audio_->send_dtmf->payload_type, out->marker && i == 0, out->timestamp, payload);
    }
    return active;
}

void AudioLine::send_frame() {
    const bool silent_echo = echo_ && queue_.empty() && tone_hertz_ == 0;
    if (silent_echo) return;  // received() sends
    std::array<audio::Sample, 320> pcm{};
    const auto frame = audio::PcmOut(pcm).first(rate_ / 50);
    fill(frame);
    std::array<std::uint8_t, audio::kMaxPayload> payload{};
    const auto size = encoder_->encode(frame, payload);
    if (size > 0)
        send(audio_->send.payload_type, std::exchange(marker_, false), timestamp_, std::span(payload).first(size));
}

void AudioLine::fill(audio::PcmOut frame) {
    std::size_t filled = 0;
    while (filled < frame.size() && !queue_.empty()) {
        auto& next = queue_.front();
        const auto take = std::min(next.size(), frame.size() - filled);
        std::ranges::copy(next.first(take), frame.begin() + static_cast<std::ptrdiff_t>(filled));
        filled += take;
        next = next.subspan(take);
        if (next.empty()) queue_.pop_front();
    }
    if (tone_hertz_ == 0) return;
    for (; filled < frame.size(); ++filled) {
        frame[filled] = static_cast<audio::Sample>(8000.0 * std::sin(tone_phase_));
        tone_phase_ = std::fmod(tone_phase_ + 2 * std::numbers::pi * tone_hertz_ / rate_, 2 * std::numbers::pi);
    }
}

void AudioLine::send(std::uint8_t payload_type, bool marker, std::uint32_t timestamp,
                     std::span<const std::uint8_t> payload) {
    std::array<std::uint8_t, rtp::kFixedHeader + audio::kMaxPayload + 256> packet{};
    if (payload.size() > packet.size() - rtp::kFixedHeader || peer_.port == 0) return;
    rtp::write_header(packet, {payload_type, marker, sequence_++, timestamp, ssrc_});
    std::ranges::copy(payload, packet.begin() + rtp::kFixedHeader);
    socket_->send(std::span(packet).first(rtp::kFixedHeader + payload.size()), peer_);
}

}  // namespace dp::sandbox

#pragma once
/// @file A telephone for tests: one real UDP socket that sends a tone in any of our codecs and decodes what it hears,
/// plain or SRTP.

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <chrono>
#include <cmath>
#include <functional>
#include <numbers>
#include <optional>
#include <vector>

#include "audio/codec.hpp"
#include "audio/measure.hpp"
#include "media/udp_socket.hpp"
#include "rtp/rtp_packet.hpp"
#include "rtp/srtp.hpp"
#include "rtp/telephone_event.hpp"
#include "sdp/offer_answer.hpp"

namespace dp::media {

inline audio::CodecId codec_id(sdp::Codec codec) {
    switch (codec) {
        case sdp::Codec::Pcma:
            return audio::CodecId::Pcma;
        case sdp::Codec::G722:
            return audio::CodecId::G722;
        case sdp::Codec::Opus:
            return audio::CodecId::Opus;
        default:
            return audio::CodecId::Pcmu;
    }
}

class Phone {
public:
    struct Options {
        sdp::Codec codec = sdp::Codec::Pcmu;
        double hertz = 1000;
        std::uint32_t ssrc = 0x1000;
    };

    explicit Phone(const Options& options)
        : options_(options),
          socket_(*UdpSocket::bind({IpAddress::v4(0x7F000001), 0})),
          facts_(sdp::facts(options.codec)),
          rate_(options.codec == sdp::Codec::Opus ? 16000 : facts_.audio_rate),
          encoder_(*audio::Encoder::create({.codec = codec_id(options.codec), .rate = rate_, .bitrate = 32000})),
          decoder_(*audio::Decoder::create(codec_id(options.codec), rate_)) {}

    Endpoint address() const { return socket_.local(); }
    int fd() const { return socket_.fd(); }
    std::uint8_t payload_type() const { return facts_.default_type; }
    sdp::PayloadMapping mapping() const { return {facts_.default_type, options_.codec, facts_.clock_rate}; }
    void call(const Endpoint& to) { to_ = to; }

    /// Before the packets whose mark next_tos() is to tell.
    void watch_tos() const {
        const int on = 1;
        ::setsockopt(fd(), IPPROTO_IP, IP_RECVTOS, &on, sizeof on);
    }
    /// The TOS octet (DSCP and ECN) of the next packet, which is taken; none: nothing came within five seconds, or unmarked by the kernel.
    std::optional<int> next_tos() const {
        pollfd waiting{fd(), POLLIN, 0};
        if (::poll(&waiting, 1, 5000) != 1) return std::nullopt;
        std::array<char, 2048> buffer{};
        alignas(8) std::array<char, 64> control{};
        iovec vector{buffer.data(), buffer.size()};
        msghdr message{};
        message.msg_iov = &vector;
        message.msg_iovlen = 1;
        message.msg_control = control.data();
        message.msg_controllen = control.size();
        if (::recvmsg(fd(), &message, 0) <= 0) return std::nullopt;
        const cmsghdr* header = CMSG_FIRSTHDR(&message);
        return header == nullptr ? std::nullopt : std::optional<int>(*CMSG_DATA(header));
    }

    /// What signalling agrees on with this phone, seen from the engine.
    sdp::NegotiatedAudio agreement() const {
        sdp::NegotiatedAudio audio;
        audio.send = mapping();
        audio.receive = {mapping()};
        audio.remote_rtp = address();
        return audio;
    }

    void protect(const sdp::SrtpKey& ours, const sdp::SrtpKey& theirs) {
        sender_.emplace(*rtp::SrtpSender::create(ours.suite, ours.key_salt()));
        receiver_.emplace(*rtp::SrtpReceiver::create(theirs.suite, theirs.key_salt()));
    }

    /// One 20 ms packet of the tone.
    void send_audio() {
        std::vector<audio::Sample> frame(rate_ / 50);
        for (audio::Sample& sample : frame) {
            sample = static_cast<audio::Sample>(8000 * std::sin(phase_));
            phase_ += 2 * std::numbers::pi * options_.hertz / rate_;
        }
        std::array<std::uint8_t, audio::kMaxPayload> payload{};
        const std::size_t size = encoder_.encode(frame, payload);
        send_packet({payload_type(), sequence == first_, sequence, timestamp, options_.ssrc},
                    rtp::Bytes(payload).first(size));
        ++sequence;
        timestamp += facts_.clock_rate / 50;
    }

    void send_packet(const rtp::RtpFields& fields, rtp::Bytes payload) {
        std::array<std::uint8_t, 2048> packet{};
        rtp::write_header(packet, fields);
        std::ranges::copy(payload, packet.begin() + rtp::kFixedHeader);
        std::size_t size = rtp::kFixedHeader + payload.size();
        if (sender_) size = sender_->protect(packet, size).size;
        if (on_send)
            on_send(rtp::Bytes(packet).first(size));
        else
            send_raw(rtp::Bytes(packet).first(size));
    }
    void send_raw(rtp::Bytes datagram) { send_raw(datagram, to_); }
    void send_raw(rtp::Bytes datagram, const Endpoint& to) {
        sockaddr_storage address{};
        const socklen_t length = to.to_sockaddr(address);
        ::sendto(socket_.fd(), datagram.data(), datagram.size(), 0, reinterpret_cast<const sockaddr*>(&address),
                 length);
    }

    /// Takes everything that has arrived.
    void receive() {
        std::array<std::uint8_t, 2048> buffer{};
        sockaddr_storage address{};
        for (;;) {
            socklen_t length = sizeof address;
            const ssize_t size = ::recvfrom(socket_.fd(), buffer.data(), buffer.size(), 0,
                                            reinterpret_cast<sockaddr*>(&address), &length);
            if (size <= 0) return;
            octets_received += static_cast<std::size_t>(size);
            take(rtp::MutableBytes(buffer).first(static_cast<std::size_t>(size)),
                 Endpoint::from_sockaddr(reinterpret_cast<const sockaddr*>(&address)));
        }
    }

    audio::Pcm heard() const { return samples; }
    double snr(double hertz) const { return audio::tone_snr_db(audio::middle_half(samples), hertz, rate_); }
    double amplitude(double hertz) const { return audio::tone_amplitude(audio::middle_half(samples), hertz, rate_); }
    std::uint32_t rate() const { return rate_; }

    struct HeardEvent {
        rtp::RtpHeader header;
        rtp::EventPayload payload;
    };
    std::uint16_t first_ = 100;
    std::uint16_t sequence = 100;
    std::uint32_t timestamp = 5000;
    std::uint8_t event_type = 101;
    std::size_t octets_received = 0;
    std::vector<rtp::RtpHeader> headers;  ///< of audio
    std::vector<HeardEvent> events;
    std::vector<audio::Sample> samples;
    std::size_t unreadable = 0;
    std::size_t reports = 0;
    std::optional<Endpoint> last_source;
    /// Takes packets instead of the socket.
    std::function<void(rtp::Bytes)> on_send;
    /// Anything that is not RTP (STUN, DTLS).
    std::function<void(rtp::Bytes, const Endpoint&)> on_other;

private:
    void take(rtp::MutableBytes datagram, const Endpoint& from) {
        last_source = from;
        const auto kind = rtp::classify(datagram);
        if (kind == rtp::DatagramClass::Rtcp) {
            ++reports;
            return;
        }
        if (kind != rtp::DatagramClass::Rtp) {
            if (on_other) on_other(datagram, from);
            return;
        }
        if (receiver_) {
            const auto result = receiver_->unprotect(datagram);
            if (!result) {
                ++unreadable;
                return;
            }
            datagram = datagram.first(result.size);
        }
        const auto header = rtp::parse_rtp(datagram);
        if (!header) {
            ++unreadable;
            return;
        }
        const auto payload = rtp::payload_of(datagram, *header);
        if (header->payload_type == event_type) {
            if (const auto event = rtp::parse_event(payload)) events.push_back({*header, *event});
            return;
        }
        if (header->payload_type != payload_type()) {
            ++unreadable;
            return;
        }
        headers.push_back(*header);
        std::array<audio::Sample, audio::kMaxFrameSamples> pcm{};
        const std::size_t count = decoder_.decode(payload, pcm);
        samples.insert(samples.end(), pcm.begin(), pcm.begin() + static_cast<std::ptrdiff_t>(count));
    }

    Options options_;
    UdpSocket socket_;
    sdp::CodecFacts facts_;
    std::uint32_t rate_;
    audio::Encoder encoder_;
    audio::Decoder decoder_;
    std::optional<rtp::SrtpSender> sender_;
    std::optional<rtp::SrtpReceiver> receiver_;
    Endpoint to_;
    double phase_ = 0;
};

/// Runs `each_frame` every 20 ms for `frames` frames, and takes what arrives at the phones meanwhile.
inline void converse(std::initializer_list<Phone*> phones, int frames, const std::function<void(int)>& each_frame) {
    auto due = std::chrono::steady_clock::now();
    for (int i = 0; i < frames; ++i) {
        each_frame(i);
        due += std::chrono::milliseconds(20);
        for (;;) {
            for (Phone* phone : phones) phone->receive();
            const auto left =
                std::chrono::duration_cast<std::chrono::milliseconds>(due - std::chrono::steady_clock::now());
            if (left.count() <= 0) break;
            std::vector<pollfd> waiting;
            for (Phone* phone : phones) waiting.push_back({phone->fd(), POLLIN, 0});
            ::poll(waiting.data(), waiting.size(), static_cast<int>(left.count()));
        }
    }
}

}  // namespace dp::media

#pragma once
/// @file AudioLine: the sandbox's own end of one RTP stream: sends speech, tones or an echo every 20 ms, hears DTMF.
/// Plain RTP.
///
/// Threads: the sandbox's loop. It is a peer of the product's media plane and shares only the wire formats with it.

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "audio/codec.hpp"
#include "base/random.hpp"
#include "base/timer_wheel.hpp"
#include "net/event_loop.hpp"
#include "net/udp_socket.hpp"
#include "rtp/telephone_event.hpp"
#include "sdp/offer_answer.hpp"

namespace dp::sandbox {

class AudioLine {
public:
    /// Codecs it speaks, in order of preference.
    static const std::vector<sdp::Codec>& codecs();

    static Result<std::unique_ptr<AudioLine>> open(net::EventLoop& loop, const IpAddress& address, Random& random);

    sdp::LocalMedia local() const;
    /// Starts sending; again after a re-INVITE.
    void start(const sdp::NegotiatedAudio& audio);
    /// 8000 or 16000: what the codec wants play() to be in.
    std::uint32_t rate() const { return rate_; }

    /// Queues samples at rate(); they must stay alive while the line lives.
    void play(audio::Pcm samples);
    /// After what is queued: send back what comes in.
    void set_echo(bool on) { echo_ = on; }
    /// After what is queued: this tone without end; 0 = silence.
    void set_tone(double hertz) { tone_hertz_ = hertz; }
    void set_muted(bool on) { muted_ = on; }
    /// RFC 4733, 120 ms each, before whatever else is queued.
    void send_digits(const std::string& digits);
    void on_digit(std::function<void(char)> callback) { digit_heard_ = std::move(callback); }

private:
    AudioLine(net::EventLoop& loop, Random& random);
    void received(std::span<const std::uint8_t> bytes, const Endpoint& from);
    void tick();
    void skip_late_frames();
    void send_frame();
    bool send_event();
    void fill(audio::PcmOut frame);
    void send(std::uint8_t payload_type, bool marker, std::uint32_t timestamp, std::span<const std::uint8_t> payload);
    bool may_send() const;

    net::EventLoop& loop_;
    std::unique_ptr<net::UdpSocket> socket_;
    Timer timer_;
    TimePoint next_tick_{};
    std::optional<sdp::NegotiatedAudio> audio_;
    std::optional<audio::Encoder> encoder_;
    std::optional<rtp::EventReceiver> events_in_;
    std::optional<rtp::EventSender> events_out_;
    std::uint32_t rate_ = 8000;
    Endpoint peer_;
    std::uint32_t ssrc_;
    std::uint16_t sequence_;
    std::uint32_t timestamp_;
    std::deque<audio::Pcm> queue_;
    std::string digits_;
    bool echo_ = false;
    bool muted_ = false;
    bool marker_ = true;
    double tone_hertz_ = 0;
    double tone_phase_ = 0;
    std::function<void(char)> digit_heard_;
};

}  // namespace dp::sandbox

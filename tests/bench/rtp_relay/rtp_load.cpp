// The generator of the relay benchmark: full-duplex calls, 50 packets a second each way, spread over 250 µs slots;
// counts what comes back and how long it took.
//
//   rtp_load MODE SECONDS A_BASE B_BASE SOCKETS < calls       MODE: rtp | srtp | opus | g722 (leg A; leg B is PCMU)
//
// Call i sends from 127.0.0.1 + i / SOCKETS at port BASE + 2 (i mod SOCKETS): an address of its own, as with a carrier,
// though SOCKETS sockets take part on each side.
//
// Each line of standard input is a call as relay_host prints it. The answer is one JSON line. A second of traffic runs
// first and is not counted; `mark` lines on standard error say when counting begins and ends, so that the driver can
// read CPU times then.
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <iostream>
#include <memory>
#include <numbers>
#include <optional>
#include <string>
#include <vector>

#include "audio/codec.hpp"
#include "media/udp_socket.hpp"
#include "rtp/rtp_packet.hpp"
#include "rtp/srtp.hpp"

namespace {

using namespace dp;
using Clock = std::chrono::steady_clock;

constexpr int kSlots = 80;
constexpr std::chrono::microseconds kSlot{250};
constexpr std::size_t kBatch = 64;

struct alignas(8) SourceControl {
    std::array<std::uint8_t, CMSG_SPACE(sizeof(in_pktinfo))> octets{};
};

struct Direction {
    sockaddr_in to{};
    SourceControl source;
    int fd = -1;
    std::uint16_t sequence = 1;
    std::uint32_t timestamp = 0;
    std::uint32_t ssrc = 0;
    std::uint8_t type = 0;
    std::uint32_t step = 160;
    const std::vector<std::vector<std::uint8_t>>* payloads = nullptr;
    std::optional<rtp::SrtpSender> sender;
};

std::vector<std::vector<std::uint8_t>> encoded(audio::CodecId codec, std::uint32_t rate, std::uint32_t bitrate) {
    auto encoder = *audio::Encoder::create({.codec = codec, .rate = rate, .bitrate = bitrate, .in_band_fec = false});
    std::vector<std::vector<std::uint8_t>> out;
    double phase = 0;
    for (int frame = 0; frame < 200; ++frame) {
        std::vector<audio::Sample> pcm(rate / 50);
        for (std::size_t i = 0; i < pcm.size();
             ++i) {  // vowel-like: a gliding pitch with harmonics, syllables of 5 a second
            const double t = frame * 0.02 + static_cast<double>(i) / rate;
            phase += 2 * std::numbers::pi * (140 + 30 * std::sin(3 * t)) / rate;
            const double loud = 3000 * (1 + std::sin(2 * std::numbers::pi * 5 * t));
            pcm[i] = static_cast<audio::Sample>(
                loud * (std::sin(phase) + 0.5 * std::sin(5 * phase) + 0.3 * std::sin(9 * phase)) / 1.8);
        }
        std::array<std::uint8_t, audio::kMaxPayload> payload{};
        const std::size_t size = encoder.encode(pcm, payload);
        out.emplace_back(payload.begin(), payload.begin() + static_cast<std::ptrdiff_t>(size));
    }
    return out;
}

std::vector<std::uint8_t> from_hex(const std::string& text) {
    std::vector<std::uint8_t> out;
    for (std::size_t i = 0; i + 1 < text.size(); i += 2)
        out.push_back(static_cast<std::uint8_t>(std::stoi(text.substr(i, 2), nullptr, 16)));
    return out;
}

class Load {
public:
    Load(const std::string& mode, std::uint16_t a_base, std::uint16_t b_base, std::uint16_t sockets)
        : mode_(mode), pcmu_(encoded(audio::CodecId::Pcmu, 8000, 0)) {
        if (mode == "opus") a_payloads_ = encoded(audio::CodecId::Opus, 48000, 32000);
        if (mode == "opus-nb") a_payloads_ = encoded(audio::CodecId::Opus, 8000, 16000);
        if (mode == "g722") a_payloads_ = encoded(audio::CodecId::G722, 16000, 0);
        for (std::uint16_t i = 0; i < sockets; ++i) {
            open(a_sockets_, a_base + 2 * i);
            open(b_sockets_, b_base + 2 * i);
        }
    }

    void add_call(unsigned a_port, unsigned b_port, const std::string& key) {
        const std::size_t i = calls_.size() / 2;
        const bool opus = mode_.starts_with("opus");
        const auto from = static_cast<std::uint32_t>(INADDR_LOOPBACK + i / a_sockets_.size());
        Direction a = direction(a_port, a_sockets_[i % a_sockets_.size()].fd(), from);
        if (!a_payloads_.empty()) {
            a.payloads = &a_payloads_;
            a.type = opus ? 111 : 9;
            a.step = opus ? 960 : 160;
        }
        if (key != "-") a.sender.emplace(*rtp::SrtpSender::create(SrtpSuite::AesCm128HmacSha1_80, from_hex(key)));
        calls_.push_back(std::move(a));
        calls_.push_back(direction(b_port, b_sockets_[i % b_sockets_.size()].fd(), from));
    }

    void run(int seconds) {
        const int rounds = seconds * 50;
        constexpr int kWarmUp = 75;
        auto due = Clock::now();
        for (int round = 0; round < rounds + kWarmUp; ++round) {
            if (round == kWarmUp) begin_counting();
            for (int slot = 0; slot < kSlots; ++slot) {
                send_slot(static_cast<std::size_t>(slot), static_cast<std::size_t>(round));
                due += kSlot;
                receive_all();
                const timespec until = {
                    std::chrono::duration_cast<std::chrono::seconds>(due.time_since_epoch()).count(),
                    static_cast<long>(due.time_since_epoch().count() % 1'000'000'000)};
                if (Clock::now() < due) ::clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, nullptr);
            }
        }
        counting_ = false;
        std::fprintf(stderr, "mark\n");
        // What is on its way still counts; a transcoder that goes on by itself does not count for more than was sent.
        const auto end = Clock::now() + std::chrono::milliseconds(300);
        while (Clock::now() < end && received_ < sent_) receive_all();
        report();
    }

private:
    void open(std::vector<media::UdpSocket>& list, int port) {
        auto socket = media::UdpSocket::bind({IpAddress::v4(INADDR_ANY), static_cast<std::uint16_t>(port)});
        if (!socket) std::cerr << socket.error().detail << '\n', std::exit(1);
        socket->set_receive_buffer(8 << 20);
        list.push_back(std::move(*socket));
    }

    Direction direction(unsigned port, int fd, std::uint32_t from) {
        Direction d;
        msghdr header{};
        header.msg_control = d.source.octets.data();
        header.msg_controllen = d.source.octets.size();
        cmsghdr* control = CMSG_FIRSTHDR(&header);
        control->cmsg_level = IPPROTO_IP;
        control->cmsg_type = IP_PKTINFO;
        control->cmsg_len = CMSG_LEN(sizeof(in_pktinfo));
        in_pktinfo source{};
        source.ipi_spec_dst.s_addr = htonl(from);
        std::memcpy(CMSG_DATA(control), &source, sizeof source);
        sockaddr_storage address{};
        Endpoint{IpAddress::v4(0x7F000001), static_cast<std::uint16_t>(port)}.to_sockaddr(address);
        std::memcpy(&d.to, &address, sizeof d.to);
        d.fd = fd;
        d.ssrc = static_cast<std::uint32_t>(0x10000 + calls_.size());
        d.payloads = &pcmu_;
        return d;
    }

    void begin_counting() {
        std::fprintf(stderr, "mark\n");
        counting_ = true;
        sent_ = received_ = 0;
        delays_.clear();
        delays_.reserve(8'000'000);
    }

    void send_slot(std::size_t slot, std::size_t round) {
        for (std::size_t i = slot; i < calls_.size(); i += kSlots) send(calls_[i], round);
    }

    void send(Direction& d, std::size_t round) {
        std::array<std::uint8_t, 1600> packet;
        const auto& payload = (*d.payloads)[round % d.payloads->size()];
        rtp::write_header(packet, {d.type, d.sequence == 1, d.sequence, d.timestamp, d.ssrc});
        std::ranges::copy(payload, packet.begin() + rtp::kFixedHeader);
        if (mode_ == "rtp") {  // relayed unchanged: carries its own time of departure
            const std::int64_t now = Clock::now().time_since_epoch().count();
            std::memcpy(&packet[rtp::kFixedHeader], &now, sizeof now);
        }
        std::size_t size = rtp::kFixedHeader + payload.size();
        if (d.sender) size = d.sender->protect(packet, size).size;
        ++d.sequence;
        d.timestamp += d.step;
        iovec vector{packet.data(), size};
        msghdr message{};
        message.msg_name = &d.to;
        message.msg_namelen = sizeof d.to;
        message.msg_iov = &vector;
        message.msg_iovlen = 1;
        message.msg_control = d.source.octets.data();
        message.msg_controllen = d.source.octets.size();
        ::sendmsg(d.fd, &message, 0);
        if (counting_) ++sent_;
    }

    void receive_all() {
        for (const auto* sockets : {&a_sockets_, &b_sockets_})
            for (const auto& socket : *sockets) receive(socket.fd());
    }

    void receive(int fd) {
        for (std::size_t i = 0; i < kBatch; ++i) {
            vectors_[i] = {buffers_[i].data(), buffers_[i].size()};
            headers_[i].msg_hdr = {};
            headers_[i].msg_hdr.msg_iov = &vectors_[i];
            headers_[i].msg_hdr.msg_iovlen = 1;
        }
        int count = 0;
        do {
            count = ::recvmmsg(fd, headers_.data(), kBatch, 0, nullptr);
            const auto now = Clock::now().time_since_epoch().count();
            for (int i = 0; i < count; ++i) take(buffers_[static_cast<std::size_t>(i)], now);
        } while (count == static_cast<int>(kBatch));
    }

    void take(const std::array<std::uint8_t, 1600>& packet, std::int64_t now) {
        if ((packet[1] & 0x7F) >= 64 && (packet[1] & 0x7F) < 96) return;  // RTCP
        ++received_;
        if (mode_ != "rtp" || !counting_) return;
        std::int64_t left = 0;
        std::memcpy(&left, &packet[rtp::kFixedHeader], sizeof left);
        delays_.push_back(static_cast<std::uint32_t>(std::clamp<std::int64_t>((now - left) / 1000, 0, 1'000'000)));
    }

    void report() {
        std::ranges::sort(delays_);
        const auto at = [&](double share) {
            return delays_.empty() ? 0U
                                   : delays_[static_cast<std::size_t>(share * static_cast<double>(delays_.size() - 1))];
        };
        std::printf("{\"sent\": %llu, \"received\": %llu, \"p50_us\": %u, \"p99_us\": %u}\n",
                    static_cast<unsigned long long>(sent_), static_cast<unsigned long long>(received_), at(0.5),
                    at(0.99));
    }

    std::string mode_;
    std::vector<std::vector<std::uint8_t>> pcmu_;
    std::vector<std::vector<std::uint8_t>> a_payloads_;
    std::vector<media::UdpSocket> a_sockets_, b_sockets_;
    std::vector<Direction> calls_;  ///< A to B, B to A, A to B …
    std::array<std::array<std::uint8_t, 1600>, kBatch> buffers_{};
    std::array<mmsghdr, kBatch> headers_{};
    std::array<iovec, kBatch> vectors_{};
    bool counting_ = false;
    std::uint64_t sent_ = 0;
    std::uint64_t received_ = 0;
    std::vector<std::uint32_t> delays_;
};

}  // namespace

int main(int argc, char** argv) {
    if (argc < 6) return std::fprintf(stderr, "usage: rtp_load MODE SECONDS A_BASE B_BASE SOCKETS < calls\n"), 2;
    const auto port = [&](int i) { return static_cast<std::uint16_t>(std::atoi(argv[i])); };
    const auto load = std::make_unique<Load>(argv[1], port(3), port(4), port(5));
    unsigned a = 0;
    unsigned b = 0;
    std::string key;
    while (std::cin >> a >> b >> key) load->add_call(a, b, key);
    load->run(std::atoi(argv[2]));
    return 0;
}

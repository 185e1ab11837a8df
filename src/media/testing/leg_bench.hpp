#pragma once
/// @file Legs without a worker, in virtual time: datagrams are handed in directly, what a leg sends arrives at the
/// phone's real socket at once (loopback delivers within the system call).

#include <gtest/gtest.h>

#include <set>

#include "media/leg.hpp"
#include "media/testing/phone.hpp"

namespace dp::media {

class RecordingHost final : public LegHost {
public:
    RecordingHost() : LegHost(ring_, random_, config_, *DtlsIdentity::create()), ring_([this] { flush(); }) {}

    void path_up(Leg&) override { ++up; }
    void failed(Leg&, call::MediaFailure reason) override { failures.push_back(reason); }
    void timed_out(Leg&) override { ++timeouts; }
    void one_way(Leg&) override { ++one_ways; }
    void digit(Leg&, char digit, std::chrono::milliseconds) override { digits += digit; }
    void played(Leg&, std::uint32_t ticket) override { played_tickets.push_back(ticket); }
    void want_frames(Leg& leg, bool wanted) override {
        if (wanted)
            framed.insert(&leg);
        else
            framed.erase(&leg);
    }
    void want_handshake(Leg&) override { ++handshakes; }
    void flush() {
        sends.flush();
        if (shared) shared->flush();
    }

    int up = 0, timeouts = 0, one_ways = 0, handshakes = 0;
    std::vector<std::uint32_t> played_tickets;
    std::vector<call::MediaFailure> failures;
    std::string digits;
    std::set<Leg*> framed;
    SendQueue sends;
    SharedSocket* shared = nullptr;
    MediaConfig& settings() { return config_; }

private:
    PacketRing ring_;
    SeededRandom random_{7};
    MediaConfig config_;
};

/// A phone and its leg.
struct Line {
    Line(const Phone::Options& options, RecordingHost& host, std::uint64_t id, TimePoint now,
         call::MediaTransport transport = call::MediaTransport::Rtp)
        : host_(host),
          phone(options),
          leg(LegSetup{call::LegId(id), transport, call::SourcePolicy::Nat, std::nullopt, "cname"},
              LegTransport(PortPair{loopback(), loopback(), 0}, 46, host.sends), host, now) {}

    static UdpSocket loopback() { return *UdpSocket::bind({IpAddress::v4(0x7F000001), 0}); }
    void agree(TimePoint now) { leg.configure({phone.agreement(), std::nullopt}, now); }
    /// The phone's next packet, delivered to the leg at `now`.
    void speak(TimePoint now) {
        phone.on_send = [&](rtp::Bytes datagram) {
            std::ranges::copy(datagram, slot.octets.begin());
            leg.on_datagram(rtp::MutableBytes(slot.octets).first(datagram.size()), phone.address(), Leg::Channel::Rtp,
                            now);
        };
        phone.send_audio();
        host_.flush();
    }

    RecordingHost& host_;
    Phone phone;
    Leg leg;
    PacketRing::Slot slot{};
};

class LegTest : public testing::Test {
protected:
    void join(Line& a, Line& b) {
        a.leg.set_peer(&b.leg, now_);
        b.leg.set_peer(&a.leg, now_);
    }
    void advance(Duration by) { now_ += by; }
    void frames() {
        for (Leg* leg : std::set(host_.framed)) leg->on_frame(now_);
        host_.flush();
    }

    TimePoint now_{std::chrono::hours(1)};
    RecordingHost host_;
};

}  // namespace dp::media

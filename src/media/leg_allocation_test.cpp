// Counts allocations of the thread while packets cross: the packet path must make none.
#include <gtest/gtest.h>

#include <cstdlib>
#include <new>

#include "media/testing/leg_bench.hpp"

namespace {

thread_local bool counting = false;
thread_local std::size_t allocations = 0;

void* allocate(std::size_t size) {
    if (counting) ++allocations;
    if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
    throw std::bad_alloc();
}

}  // namespace

void* operator new(std::size_t size) {
    return allocate(size);
}
void* operator new[](std::size_t size) {
    return allocate(size);
}
void operator delete(void* memory) noexcept {
    std::free(memory);
}
void operator delete[](void* memory) noexcept {
    std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
    std::free(memory);
}
void operator delete[](void* memory, std::size_t) noexcept {
    std::free(memory);
}

namespace dp::media {
namespace {

using sdp::Codec;

enum class Wire : std::uint8_t { Plain, Srtp };
struct Path {
    Codec from, to;
    Wire wire;
};
class Allocations : public LegTest, public testing::WithParamInterface<Path> {};

TEST_P(Allocations, AreNoneForAThousandPackets) {
    const bool secure = GetParam().wire == Wire::Srtp;
    Line a({.codec = GetParam().from}, host_, 1, now_, secure ? call::MediaTransport::Srtp : call::MediaTransport::Rtp);
    Line b({.codec = GetParam().to, .ssrc = 2}, host_, 2, now_);
    a.agree(now_);
    if (secure) {
        auto audio = a.phone.agreement();
        const auto ours = sdp::SrtpKeys::fresh(host_.random).of(SrtpSuite::AesCm128HmacSha1_80);
        const auto theirs = sdp::SrtpKeys::fresh(host_.random).of(SrtpSuite::AesCm128HmacSha1_80);
        audio.security = sdp::Security::Sdes;
        audio.srtp = sdp::SrtpPair{ours, theirs, 0};
        a.phone.protect(theirs, ours);
        a.leg.configure({audio, std::nullopt}, now_);
    }
    b.agree(now_);
    join(a, b);
    std::vector<std::vector<std::uint8_t>> packets;
    a.phone.on_send = [&](rtp::Bytes packet) { packets.emplace_back(packet.begin(), packet.end()); };
    for (int i = 0; i < 1100; ++i) a.phone.send_audio();
    PacketRing::Slot slot{};
    const Endpoint from = a.phone.address();
    for (std::size_t i = 0; i < packets.size(); ++i) {
        if (i == 100) counting = true;
        std::ranges::copy(packets[i], slot.octets.begin());
        a.leg.on_datagram(rtp::MutableBytes(slot.octets).first(packets[i].size()), from, Leg::Channel::Rtp, now_);
        now_ += std::chrono::milliseconds(20);
        b.leg.on_frame(now_);
        host_.flush();
        if (i % 50 == 0) {
            a.leg.on_second(now_, WallTime{});
            b.leg.on_second(now_, WallTime{});
        }
    }
    counting = false;
    EXPECT_EQ(allocations, 0U);
    EXPECT_GT(b.leg.statistics().packets_sent, 1000U);
    allocations = 0;
}

TEST_F(LegTest, AnnouncingAllocatesNothingEither) {
    Line a({.codec = Codec::Pcmu}, host_, 1, now_);
    a.agree(now_);
    a.leg.announce(std::make_shared<audio::Recording>(std::vector<audio::Sample>(160 * 50, 1000)), 7);
    host_.played_tickets.reserve(4);
    for (int i = 0; i < 100; ++i) {
        counting = i > 10;
        now_ += std::chrono::milliseconds(20);
        a.leg.on_frame(now_);
        host_.flush();
    }
    counting = false;
    EXPECT_EQ(allocations, 0U);
    allocations = 0;
    EXPECT_EQ(host_.played_tickets, std::vector<std::uint32_t>{7}) << "told once";
    EXPECT_GE(a.leg.statistics().packets_sent, 99U) << "silence goes on behind it";
}

INSTANTIATE_TEST_SUITE_P(PacketPath, Allocations,
                         testing::Values(Path{Codec::Pcmu, Codec::Pcmu, Wire::Plain},
                                         Path{Codec::Pcmu, Codec::Pcma, Wire::Plain},
                                         Path{Codec::Opus, Codec::Pcmu, Wire::Plain},
                                         Path{Codec::G722, Codec::Opus, Wire::Plain},
                                         Path{Codec::Pcmu, Codec::Pcmu, Wire::Srtp}));

}  // namespace
}  // namespace dp::media

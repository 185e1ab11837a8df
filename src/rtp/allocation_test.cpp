/// The packet path takes no memory after set-up: every malloc of the process is counted through the address sanitizer's
/// hook, OpenSSL's included.
#include <gtest/gtest.h>

#include <vector>

#include "rtp/jitter_buffer.hpp"
#include "rtp/receiver_statistics.hpp"
#include "rtp/source_lock.hpp"
#include "rtp/srtp.hpp"
#include "rtp/stream_rewriter.hpp"
#include "rtp/telephone_event.hpp"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#include <sanitizer/allocator_interface.h>
#define DIALPLANE_COUNTS_ALLOCATIONS
#endif
#endif

namespace dp::rtp {
namespace {

thread_local std::size_t allocations = 0;

template <class Work>
std::size_t allocations_in(Work work) {
#ifdef DIALPLANE_COUNTS_ALLOCATIONS
    static const int installed = __sanitizer_install_malloc_and_free_hooks(
        [](const volatile void*, std::size_t) { ++allocations; }, [](const volatile void*) {});
    EXPECT_NE(installed, 0);
#endif
    const std::size_t before = allocations;
    work();
    return allocations - before;
}

TEST(Allocation, TheCounterCounts) {
#ifdef DIALPLANE_COUNTS_ALLOCATIONS
    EXPECT_GT(allocations_in([] { std::vector<int>(1000).shrink_to_fit(); }), 0u);
#else
    GTEST_SKIP() << "needs the address sanitizer";
#endif
}

class AllocationSuites : public testing::TestWithParam<SrtpSuite> {};
INSTANTIATE_TEST_SUITE_P(All, AllocationSuites,
                         testing::Values(SrtpSuite::AeadAes128Gcm, SrtpSuite::AeadAes256Gcm,
                                         SrtpSuite::AesCm128HmacSha1_80, SrtpSuite::AesCm128HmacSha1_32,
                                         SrtpSuite::AesCm256HmacSha1_80));

TEST_P(AllocationSuites, AProtectedCallTakesNoMemoryPerPacket) {
    const std::vector<std::uint8_t> key(key_salt_size(GetParam()), 7);
    auto sender = SrtpSender::create(GetParam(), key).value();
    auto receiver = SrtpReceiver::create(GetParam(), key).value();
    std::vector<std::uint8_t> buffer(172 + kSrtpTailroom);
    EXPECT_EQ(allocations_in([&] {
                  for (std::uint16_t i = 0; i < 1000; ++i) {
                      write_header(buffer, {.sequence = i, .timestamp = i * 160U, .ssrc = 1U + i % 4});
                      const auto sealed = sender.protect(buffer, 172);
                      ASSERT_TRUE(receiver.unprotect(MutableBytes(buffer).first(sealed.size)));
                      buffer[1] = 200;
                      const auto report = sender.protect_rtcp(buffer, 28);
                      ASSERT_TRUE(receiver.unprotect_rtcp(MutableBytes(buffer).first(report.size)));
                  }
              }),
              0u);
}

TEST(Allocation, AReceivedPacketTakesNoMemory) {
    SeededRandom random(1);
    const TimePoint start{std::chrono::hours(1)};
    ReceiverStatistics statistics(8000);
    StreamRewriter rewriter(random, 8000);
    SourceLock lock(SourcePolicy::Nat);
    const Endpoint peer = *Endpoint::parse("192.0.2.1:4000");
    lock.signalled({.rtp = peer}, start);
    JitterBuffer jitter({});
    EventReceiver events(8000);
    EventRelay relay(8000, 48'000);
    std::vector<std::uint8_t> buffer(172);
    EXPECT_EQ(allocations_in([&] {
                  for (std::uint16_t i = 0; i < 5000; ++i) {
                      const TimePoint now = start + i * std::chrono::milliseconds(20);
                      write_header(buffer, {.sequence = i, .timestamp = i * 160U, .ssrc = 1U + i / 1000});
                      const auto header = parse_rtp(buffer);
                      lock.on_rtp(peer, header->ssrc, i, now);
                      statistics.on_packet(*header, now, SourceStatistics::Timing::Regular);
                      jitter.insert(*header, payload_of(buffer, *header), 160, JitterBuffer::Kind::Audio, now);
                      jitter.next(0, now);
                      if (const auto fields = rewriter.relay(*header, now)) rewrite_in_place(buffer, *header, *fields);
                      relay.on_packet(*header, {.event = 1, .duration = 160}, i, now);
                      events.on_packet(*header, {.event = 1, .duration = 160}, now);
                      statistics.current()->report(now);
                  }
              }),
              0u);
}

}  // namespace
}  // namespace dp::rtp

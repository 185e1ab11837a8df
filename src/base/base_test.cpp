#include <gtest/gtest.h>

#include <thread>

#include "base/clock.hpp"
#include "base/crypto.hpp"
#include "base/endpoint.hpp"
#include "base/mailbox.hpp"
#include "base/random.hpp"
#include "base/siphash.hpp"
#include "base/strong_id.hpp"
#include "base/timer_wheel.hpp"

namespace dp {
namespace {

using namespace std::chrono_literals;

TEST(SipHash, MatchesTheReferenceVector) {
    // Vector of the paper's appendix A: key 00..0f, message 00..0e.
    const SipKey key{0x0706050403020100ULL, 0x0f0e0d0c0b0a0908ULL};
    std::string message;
    for (char c = 0; c < 15; ++c) message += c;
    EXPECT_EQ(siphash(key, message), 0xa129ca6149be45e5ULL);
}

TEST(Clock, WritesRfc3339WithMilliseconds) {
    EXPECT_EQ(to_rfc3339(from_millis(1'767'225'600'123)), "2026-01-01T00:00:00.123Z");
}

TEST(Endpoint, ParsesBothFamiliesAndRefusesNames) {
    EXPECT_EQ(Endpoint::parse("127.0.0.1:5060")->str(), "127.0.0.1:5060");
    EXPECT_EQ(Endpoint::parse("[::1]:5060")->str(), "[::1]:5060");
    EXPECT_FALSE(Endpoint::parse("::1:5060"));
    EXPECT_FALSE(Endpoint::parse("localhost:5060"));
    EXPECT_FALSE(Endpoint::parse("127.0.0.1:65536"));
    sockaddr_storage storage;
    const auto v6 = *Endpoint::parse("[2001:db8::1]:9");
    v6.to_sockaddr(storage);
    EXPECT_EQ(Endpoint::from_sockaddr(reinterpret_cast<sockaddr*>(&storage)), v6);
}

TEST(StrongId, AcceptsTheSeedsSlugsAndNothingElse) {
    EXPECT_TRUE(is_valid_id("sip-trunk-acme-us-east"));
    EXPECT_TRUE(is_valid_id("us_east_1"));
    EXPECT_FALSE(is_valid_id(""));
    EXPECT_FALSE(is_valid_id("a b"));
    EXPECT_FALSE(is_valid_id(std::string(65, 'a')));
}

TEST(Crypto, KnownAnswers) {
    EXPECT_EQ(crypto::hex(crypto::sha256("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    EXPECT_EQ(crypto::hex(crypto::md5("abc")), "900150983cd24fb0d6963f7d28e17f72");
    EXPECT_EQ(crypto::hex(crypto::hmac_sha1("Jefe", "what do ya want for nothing?")),
              "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");  // RFC 2202 test 2
    EXPECT_EQ(crypto::base64("any carnal pleas"), "YW55IGNhcm5hbCBwbGVhcw==");
    EXPECT_EQ(crypto::base64_decode("YW55IGNhcm5hbCBwbGVhcw"), "any carnal pleas");
    EXPECT_FALSE(crypto::base64_decode("a$b"));
}

TEST(Crypto, SealOpensOnlyWithItsKeyAndContext) {
    std::array<std::uint8_t, 32> key{1, 2, 3};
    auto sealed = crypto::seal(key, "secret", "trunk/1");
    EXPECT_EQ(*crypto::open(key, sealed, "trunk/1"), "secret");
    EXPECT_FALSE(crypto::open(key, sealed, "trunk/2"));
    sealed.back() ^= 1;
    EXPECT_FALSE(crypto::open(key, sealed, "trunk/1"));
}

TEST(Random, TokensUseTheUnreservedAlphabetAndDiffer) {
    SecureRandom random;
    const auto a = random.token(43), b = random.token(43);
    EXPECT_NE(a, b);
    EXPECT_EQ(a.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"),
              std::string::npos);
    EXPECT_EQ(random.uuid()[14], '4');
}

TEST(Mailbox, IsBoundedAndCountsWhatItRefuses) {
    int woken = 0, ran = 0;
    Mailbox box(4, [&] { ++woken; });
    for (int i = 0; i < 4; ++i) EXPECT_TRUE(box.post([&] { ++ran; }));
    EXPECT_FALSE(box.post([] {}));
    EXPECT_EQ(box.dropped(), 1U);
    EXPECT_EQ(woken, 1);
    EXPECT_EQ(box.drain(2), 2U);
    EXPECT_EQ(woken, 2);  // two are left: the owner must come back
    EXPECT_EQ(box.drain(100), 2U);
    EXPECT_EQ(ran, 4);
}

TEST(Mailbox, LosesNothingBetweenProducers) {
    Mailbox box(1024, {});
    std::uint64_t sum = 0;
    std::atomic<int> done{0};
    auto produce = [&] {
        for (std::uint64_t i = 1; i <= 10'000;)
            if (box.post([&sum, i] { sum += i; })) ++i;
        ++done;
    };
    std::jthread a(produce), b(produce);
    while (done < 2 || !box.empty()) box.drain(64);
    EXPECT_EQ(sum, 2U * 10'000 * 10'001 / 2);
}

class Wheel : public testing::Test {
protected:
    ManualClock clock;
    TimerWheel wheel{clock.now()};

    /// Advances in steps as a loop would, sleeping until next_deadline().
    void run_for(Duration span) {
        const auto end = clock.now() + span;
        while (clock.now() < end) {
            const auto next = std::min(wheel.next_deadline(), end);
            clock.advance(std::max<Duration>(next - clock.now(), Duration(1)));
            wheel.advance(clock.now());
        }
    }
};

TEST_F(Wheel, FiresWithinATickAndNeverEarly) {
    for (Duration delay : {Duration(1ms), Duration(500ms), Duration(4s), Duration(32s), Duration(1h), Duration(30h)}) {
        TimePoint fired{};
        Timer timer([&] { fired = clock.now(); });
        const auto due = clock.now() + delay;
        wheel.arm(timer, due);
        run_for(delay + 10ms);
        EXPECT_GE(fired, due);
        EXPECT_LE(fired - due, TimerWheel::kTick);
        EXPECT_FALSE(timer.armed());
    }
    EXPECT_EQ(wheel.next_deadline(), kNever);
}

TEST_F(Wheel, ReArmMovesAndCancelStops) {
    int fired = 0;
    Timer timer([&] { ++fired; }), other([&] { fired += 100; });
    wheel.arm(timer, clock.now() + 100ms);
    wheel.arm(timer, clock.now() + 300ms);
    wheel.arm(other, clock.now() + 100ms);
    other.cancel();
    run_for(200ms);
    EXPECT_EQ(fired, 0);
    run_for(200ms);
    EXPECT_EQ(fired, 1);
    EXPECT_EQ(wheel.size(), 0U);
}

TEST_F(Wheel, CallbackMayReArmCancelOthersAndDestroyItself) {
    int ticks = 0;
    Timer periodic;
    periodic.set_callback([&] {
        if (++ticks < 3) wheel.arm(periodic, clock.now() + 10ms);
    });
    auto victim = std::make_unique<Timer>([&] { ADD_FAILURE() << "cancelled by a timer of the same tick"; });
    auto suicidal = std::make_unique<Timer>();
    suicidal->set_callback([&] {
        victim.reset();
        suicidal.reset();
    });
    wheel.arm(periodic, clock.now() + 10ms);
    wheel.arm(*victim, clock.now() + 10ms);
    wheel.arm(*suicidal, clock.now() + 10ms);  // last in, first out: runs before victim
    run_for(100ms);
    EXPECT_EQ(ticks, 3);
    EXPECT_EQ(suicidal, nullptr);
}

}  // namespace
}  // namespace dp

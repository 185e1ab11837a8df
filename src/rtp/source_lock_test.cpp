#include "rtp/source_lock.hpp"

#include <gtest/gtest.h>

namespace dp::rtp {
namespace {

using namespace std::chrono_literals;

const Endpoint kSignalled = *Endpoint::parse("198.51.100.5:4000");
const Endpoint kOtherPort = *Endpoint::parse("198.51.100.5:61000");
const Endpoint kBehindNat = *Endpoint::parse("203.0.113.7:50000");
const Endpoint kStranger = *Endpoint::parse("192.0.2.66:7777");

class Leg {
public:
    explicit Leg(SourcePolicy policy, SignalledSource source = {.rtp = kSignalled}) : lock(policy) {
        lock.signalled(source, now);
    }

    /// The verdicts of `count` consecutive packets; the last one.
    SourceVerdict hear(const Endpoint& from, int count, std::uint32_t ssrc = 1) {
        SourceVerdict out = SourceVerdict::Drop;
        for (int i = 0; i < count; ++i) out = lock.on_rtp(from, ssrc, sequence++, now);
        return out;
    }

    TimePoint now{1h};
    std::uint16_t sequence = 65'530;
    SourceLock lock;
};

SignalledSource behind_nat() {
    return {.rtp = Endpoint::parse("10.0.0.4:4000"), .signalling = kBehindNat.address};
}

TEST(SourceLock, HearsNobodyBeforeTheFarSdp) {
    SourceLock lock(SourcePolicy::Nat);
    EXPECT_EQ(lock.on_rtp(kSignalled, 1, 1, TimePoint{1h}), SourceVerdict::Drop);
    EXPECT_FALSE(lock.destination());
}

TEST(SourceLock, SendsToTheSignalledAddressAndHearsItAtOnce) {
    Leg leg(SourcePolicy::Nat);
    EXPECT_EQ(leg.lock.destination(), kSignalled);
    EXPECT_EQ(leg.hear(kSignalled, 1), SourceVerdict::Accept);
    EXPECT_FALSE(leg.lock.locked());
    EXPECT_EQ(leg.hear(kSignalled, 1), SourceVerdict::Accept);
    EXPECT_TRUE(leg.lock.locked());
}

TEST(SourceLock, MovesToAnotherPortOfTheSameAddressAfterTwoPackets) {
    Leg leg(SourcePolicy::Nat);
    EXPECT_EQ(leg.hear(kOtherPort, 1), SourceVerdict::Drop);
    EXPECT_EQ(leg.lock.destination(), kSignalled) << "nothing moves before the proof";
    EXPECT_EQ(leg.hear(kOtherPort, 1), SourceVerdict::AcceptMoved);
    EXPECT_EQ(leg.lock.destination(), kOtherPort);
}

TEST(SourceLock, FollowsTheSignallingAddressBehindNat) {
    Leg leg(SourcePolicy::Nat, behind_nat());
    EXPECT_EQ(leg.hear(kBehindNat, 2), SourceVerdict::AcceptMoved);
}

TEST(SourceLock, AStrangerIsNeitherHeardNorSentAnything) {
    Leg leg(SourcePolicy::Nat);
    EXPECT_EQ(leg.hear(kStranger, 1000), SourceVerdict::Drop) << "before";
    EXPECT_EQ(leg.lock.destination(), kSignalled);
    leg.hear(kSignalled, 2);
    EXPECT_EQ(leg.hear(kStranger, 1000), SourceVerdict::Drop) << "after, even with the right SSRC and sequence";
    EXPECT_EQ(leg.lock.destination(), kSignalled);
    EXPECT_EQ(leg.lock.foreign(), 2000u);
}

TEST(SourceLock, AnythingNeedsPermissionAndFivePackets) {
    Leg leg(SourcePolicy::Nat, {.rtp = kSignalled, .allow_anything = true});
    EXPECT_EQ(leg.hear(kStranger, 4), SourceVerdict::Drop);
    EXPECT_EQ(leg.hear(kStranger, 1), SourceVerdict::AcceptMoved);
}

TEST(SourceLock, TwoPacketsMustBeConsecutiveAndOfOneSsrc) {
    Leg leg(SourcePolicy::Nat);
    EXPECT_EQ(leg.lock.on_rtp(kOtherPort, 1, 10, leg.now), SourceVerdict::Drop);
    EXPECT_EQ(leg.lock.on_rtp(kOtherPort, 1, 12, leg.now), SourceVerdict::Drop);
    EXPECT_EQ(leg.lock.on_rtp(kOtherPort, 2, 13, leg.now), SourceVerdict::Drop);
    EXPECT_EQ(leg.lock.on_rtp(kOtherPort, 1, 13, leg.now), SourceVerdict::AcceptMoved);
}

TEST(SourceLock, ABetterClassReplacesAWorseOneInsideTheWindowOnly) {
    Leg leg(SourcePolicy::Nat);
    leg.hear(kOtherPort, 2);
    EXPECT_EQ(leg.hear(kSignalled, 2), SourceVerdict::AcceptMoved);
    EXPECT_EQ(leg.hear(kOtherPort, 2), SourceVerdict::Drop) << "never the reverse";
    Leg late(SourcePolicy::Nat);
    late.hear(kOtherPort, 2);
    late.now += 3s;
    EXPECT_EQ(late.hear(kSignalled, 2), SourceVerdict::Drop);
}

TEST(SourceLock, AfterTheWindowOnlyWhatWasSignalledMayStillLock) {
    Leg leg(SourcePolicy::Nat,
            {.rtp = Endpoint::parse("10.0.0.4:4000"), .signalling = kBehindNat.address, .allow_anything = true});
    leg.now += 3s;
    EXPECT_EQ(leg.hear(kBehindNat, 5), SourceVerdict::Drop);
    EXPECT_EQ(leg.hear(kStranger, 9), SourceVerdict::Drop);
    EXPECT_EQ(leg.hear(*Endpoint::parse("10.0.0.4:9"), 2), SourceVerdict::AcceptMoved);
}

TEST(SourceLock, TheFinalAnswerReopensTheWindowOfAnUnlockedLeg) {
    Leg leg(SourcePolicy::Nat, behind_nat());  // 183
    leg.now += 20s;
    leg.lock.signalled(behind_nat(), leg.now);  // 200 with the same SDP
    EXPECT_EQ(leg.hear(kBehindNat, 2), SourceVerdict::AcceptMoved);
}

TEST(SourceLock, ANewSignalledAddressBeatsTheLock) {
    Leg leg(SourcePolicy::Nat);
    leg.hear(kOtherPort, 2);
    leg.lock.signalled({.rtp = kBehindNat}, leg.now + 60s);
    EXPECT_EQ(leg.lock.destination(), kBehindNat);
    EXPECT_EQ(leg.hear(kOtherPort, 10), SourceVerdict::Drop) << "what was learned before is forgotten";
}

TEST(SourceLock, ARepeatedOrEmptyAddressChangesNothing) {
    Leg leg(SourcePolicy::Nat);
    leg.hear(kOtherPort, 2);
    leg.lock.signalled({.rtp = kSignalled}, leg.now + 60s);
    leg.lock.signalled({}, leg.now + 61s);
    EXPECT_EQ(leg.lock.destination(), kOtherPort);
    EXPECT_TRUE(leg.lock.locked());
}

TEST(SourceLock, RelatchesTheSameIpAfterSilenceWhereAllowed) {
    for (const bool allowed : {true, false}) {
        Leg leg(SourcePolicy::Nat, {.rtp = kSignalled, .relatch_after_silence = allowed});
        leg.hear(kOtherPort, 2);
        leg.now += 10s;
        const Endpoint rebound{kOtherPort.address, 62'000};
        EXPECT_EQ(leg.hear(rebound, 2), allowed ? SourceVerdict::AcceptMoved : SourceVerdict::Drop);
        EXPECT_EQ(leg.hear(kStranger, 2), SourceVerdict::Drop);
    }
}

TEST(SourceLock, StrictHearsOnlyTheSignalledPort) {
    Leg leg(SourcePolicy::Strict);
    EXPECT_EQ(leg.hear(kOtherPort, 5), SourceVerdict::Drop);
    EXPECT_EQ(leg.hear(kSignalled, 1), SourceVerdict::Accept);
}

TEST(SourceLock, AsymmetricHearsAnyPortOfTheIpButSendsWhereSdpSays) {
    Leg leg(SourcePolicy::Asymmetric);
    EXPECT_EQ(leg.hear(kOtherPort, 2), SourceVerdict::Accept);
    EXPECT_EQ(leg.lock.destination(), kSignalled);
    EXPECT_EQ(leg.hear(kStranger, 9), SourceVerdict::Drop);
}

TEST(SourceLock, AuthenticatedPacketsMoveTheSourceOnlyWhenNewest) {
    Leg leg(SourcePolicy::Nat, {.rtp = kSignalled, .authenticated = true});
    EXPECT_EQ(leg.hear(kSignalled, 5), SourceVerdict::Drop) << "plain RTP on an SRTP leg";
    EXPECT_EQ(leg.lock.on_authenticated(kBehindNat, false, leg.now), SourceVerdict::Accept);
    EXPECT_EQ(leg.lock.destination(), kSignalled);
    EXPECT_EQ(leg.lock.on_authenticated(kBehindNat, true, leg.now), SourceVerdict::AcceptMoved);
    EXPECT_EQ(leg.lock.destination(), kBehindNat);
}

TEST(SourceLock, IceBelievesOnlyValidatedPairs) {
    SourceLock lock(SourcePolicy::Validated);
    EXPECT_EQ(lock.on_authenticated(kBehindNat, true, TimePoint{1h}), SourceVerdict::Drop);
    lock.validated(kBehindNat);
    EXPECT_EQ(lock.on_authenticated(kBehindNat, true, TimePoint{1h}), SourceVerdict::Accept);
    EXPECT_FALSE(lock.destination());
    lock.selected(kBehindNat);
    EXPECT_EQ(lock.destination(), kBehindNat);
    for (std::uint16_t port = 1; port < 20; ++port) lock.validated({kStranger.address, port});
    EXPECT_EQ(lock.on_authenticated(kBehindNat, true, TimePoint{1h}), SourceVerdict::Accept)
        << "the selected one is never evicted";
    EXPECT_EQ(lock.on_authenticated({kStranger.address, 1}, true, TimePoint{1h}), SourceVerdict::Drop);
    EXPECT_EQ(lock.on_authenticated({kStranger.address, 19}, true, TimePoint{1h}), SourceVerdict::Accept);
}

TEST(SourceLock, RtcpFollowsTheIpOfTheLock) {
    Leg leg(SourcePolicy::Nat, behind_nat());
    leg.hear(kBehindNat, 2);
    EXPECT_TRUE(leg.lock.allows_rtcp({kBehindNat.address, 50'001}));
    EXPECT_FALSE(leg.lock.allows_rtcp(kStranger));
}

}  // namespace
}  // namespace dp::rtp

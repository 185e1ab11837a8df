#include "ice/server_probe.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace dp::ice {
namespace {

using namespace std::chrono_literals;

constexpr TransactionId kTransaction{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
constexpr TimePoint kStart{};

std::vector<std::uint8_t> answer(StunClass kind, std::uint16_t method, const TransactionId& transaction,
                                 std::uint16_t error = 0, std::string_view realm = {}, std::string_view nonce = {}) {
    std::vector<std::uint8_t> buffer(256);
    StunWriter writer(buffer, kind, transaction, method);
    if (error != 0) writer.add_error(error, "no");
    if (!realm.empty()) writer.add(StunAttribute::Realm, realm);
    if (!nonce.empty()) writer.add(StunAttribute::Nonce, nonce);
    if (error == 0) writer.add_xor_mapped(*Endpoint::parse("192.0.2.1:4000"));
    buffer.resize(writer.bytes().size());
    return buffer;
}

TEST(ServerProbe, AsksThreeTimesOverUdpAndOnceOverAStream) {
    ServerProbe udp(ProbeKind::Binding, ProbeCarrier::Datagram, kTransaction, kStart);
    EXPECT_FALSE(udp.poll(kStart).empty());
    EXPECT_TRUE(udp.poll(kStart + 499ms).empty());
    EXPECT_FALSE(udp.poll(kStart + 500ms).empty());
    EXPECT_FALSE(udp.poll(kStart + 1500ms).empty());
    EXPECT_EQ(udp.next_deadline(), kNever);
    ServerProbe tcp(ProbeKind::Allocate, ProbeCarrier::Stream, kTransaction, kStart);
    EXPECT_FALSE(tcp.poll(kStart).empty());
    EXPECT_EQ(tcp.next_deadline(), kNever);
}

TEST(ServerProbe, AllocateAsksForARelayOverUdp) {
    ServerProbe probe(ProbeKind::Allocate, ProbeCarrier::Datagram, kTransaction, kStart);
    const auto request = StunMessage::parse(probe.poll(kStart));
    ASSERT_TRUE(request);
    EXPECT_EQ(request->method, kAllocateMethod);
    EXPECT_EQ(request->kind, StunClass::Request);
}

TEST(ServerProbe, BindingTellsOurAddress) {
    ServerProbe probe(ProbeKind::Binding, ProbeCarrier::Datagram, kTransaction, kStart);
    EXPECT_TRUE(probe.receive(answer(StunClass::Success, kBindingMethod, kTransaction)));
    ASSERT_TRUE(probe.answer());
    EXPECT_EQ(probe.answer()->mapped, Endpoint::parse("192.0.2.1:4000"));
    EXPECT_EQ(probe.answer()->error, 0);
}

TEST(ServerProbe, AChallengeNeedsRealmAndNonce) {
    const auto challenged = [](std::uint16_t error, std::string_view realm, std::string_view nonce) {
        ServerProbe probe(ProbeKind::Allocate, ProbeCarrier::Datagram, kTransaction, kStart);
        EXPECT_TRUE(probe.receive(answer(StunClass::Error, kAllocateMethod, kTransaction, error, realm, nonce)));
        return probe.answer()->challenged;
    };
    EXPECT_TRUE(challenged(401, "example.test", "abc"));
    EXPECT_FALSE(challenged(401, "example.test", ""));
    EXPECT_FALSE(challenged(401, "", "abc"));
    EXPECT_FALSE(challenged(403, "example.test", "abc"));
}

TEST(ServerProbe, IgnoresWhatIsNotForIt) {
    ServerProbe probe(ProbeKind::Binding, ProbeCarrier::Datagram, kTransaction, kStart);
    EXPECT_FALSE(probe.receive(answer(StunClass::Success, kBindingMethod, TransactionId{})));
    EXPECT_FALSE(probe.receive(answer(StunClass::Indication, kBindingMethod, kTransaction)));
    EXPECT_FALSE(probe.receive(std::vector<std::uint8_t>{1, 2, 3}));
    EXPECT_FALSE(probe.answer());
}

}  // namespace
}  // namespace dp::ice

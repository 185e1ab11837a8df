#include "ice/stun.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "ice/stun_client.hpp"

namespace dp::ice {
namespace {

using Octets = std::vector<std::uint8_t>;

Octets octets(std::string_view hex) {
    Octets out;
    for (std::size_t i = 0; i < hex.size();) {
        if (hex[i] == ' ') {
            ++i;
            continue;
        }
        out.push_back(static_cast<std::uint8_t>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16)));
        i += 2;
    }
    return out;
}

// RFC 5769 section 2: password "VOkJxbRl1RmTxUk/WvJxBt".
constexpr std::string_view kPassword = "VOkJxbRl1RmTxUk/WvJxBt";
const Octets kRequest = octets(
    "00010058 2112a442 b7e7a701 bc34d686 fa87dfae 80220010 5354554e 20746573 7420636c 69656e74 00240004 6e0001ff"
    "80290008 932ff9b1 51263b36 00060009 6576746a 3a683676 59202020 00080014 9aeaa70c bfd8cb56 781ef2b5 b2d3f249"
    "c1b571a2 80280004 e57a3bcf");
const Octets kResponse4 = octets(
    "0101003c 2112a442 b7e7a701 bc34d686 fa87dfae 8022000b 74657374 20766563 746f7220 00200008 0001a147 e112a643"
    "00080014 2b91f599 fd9e90c3 8c7489f9 2af9ba53 f06be7d7 80280004 c07d4c96");
const Octets kResponse6 = octets(
    "01010048 2112a442 b7e7a701 bc34d686 fa87dfae 8022000b 74657374 20766563 746f7220 00200014 0002a147 0113a9fa"
    "a5d3f179 bc25f4b5 bed2b9d9 00080014 a382954e 4be67bf1 1784c97c 8292c275 bfe3ed41 80280004 c8fb0b4c");

TEST(Stun, ReadsTheSampleRequestOfRfc5769) {
    const auto message = StunMessage::parse(kRequest);
    ASSERT_TRUE(message);
    EXPECT_EQ(message->kind, StunClass::Request);
    EXPECT_EQ(message->method, kBindingMethod);
    EXPECT_EQ(message->username, "evtj:h6vY");
    EXPECT_EQ(message->priority, 0x6e0001ffU);
    EXPECT_TRUE(message->controlled);
    EXPECT_TRUE(message->has_fingerprint);
    EXPECT_TRUE(message->integrity_ok(kPassword));
    EXPECT_FALSE(message->integrity_ok("wrong"));
}

TEST(Stun, ReadsBothSampleResponsesOfRfc5769) {
    const auto four = StunMessage::parse(kResponse4);
    const auto six = StunMessage::parse(kResponse6);
    ASSERT_TRUE(four && six);
    EXPECT_EQ(four->mapped, Endpoint::parse("192.0.2.1:32853"));
    EXPECT_EQ(six->mapped, Endpoint::parse("[2001:db8:1234:5678:11:2233:4455:6677]:32853"));
    EXPECT_TRUE(four->integrity_ok(kPassword));
    EXPECT_TRUE(six->integrity_ok(kPassword));
}

TEST(Stun, EveryFlippedBitIsRefusedOrFailsIntegrity) {
    for (std::size_t bit = 0; bit < kRequest.size() * 8; ++bit) {
        Octets damaged = kRequest;
        damaged[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
        const auto message = StunMessage::parse(damaged);
        EXPECT_FALSE(message && message->has_fingerprint && message->integrity_ok(kPassword)) << "bit " << bit;
    }
}

TEST(Stun, EveryTruncationIsRefused) {
    for (std::size_t size = 0; size < kRequest.size(); ++size)
        EXPECT_FALSE(StunMessage::parse(Bytes(kRequest).first(size))) << size;
}

TEST(Stun, WhatIsWrittenReadsBack) {
    std::array<std::uint8_t, 256> buffer{};
    const TransactionId id{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
    for (const char* address : {"198.51.100.7:4711", "[2001:db8::9]:9"}) {
        StunWriter writer(buffer, StunClass::Success, id);
        writer.add_xor_mapped(*Endpoint::parse(address));
        writer.add_integrity("secret");
        writer.add_fingerprint();
        ASSERT_TRUE(writer.ok());
        const auto message = StunMessage::parse(writer.bytes());
        ASSERT_TRUE(message);
        EXPECT_EQ(message->kind, StunClass::Success);
        EXPECT_EQ(message->mapped, Endpoint::parse(address));
        EXPECT_EQ(message->transaction, id);
        EXPECT_TRUE(message->integrity_ok("secret"));
    }
}

TEST(Stun, AWriterWithoutRoomYieldsNothing) {
    std::array<std::uint8_t, 40> buffer{};
    StunWriter writer(buffer, StunClass::Request, {});
    writer.add(StunAttribute::Username, std::string_view("0123456789abcdef0123456789"));
    EXPECT_FALSE(writer.ok());
    EXPECT_TRUE(writer.bytes().empty());
}

TEST(Stun, AttributesAfterIntegrityAreIgnored) {
    std::array<std::uint8_t, 256> buffer{};
    StunWriter writer(buffer, StunClass::Request, {});
    writer.add(StunAttribute::Username, std::string_view("a:b"));
    writer.add_integrity("pw");
    writer.add(StunAttribute::UseCandidate, Bytes{});
    writer.add_fingerprint();
    const auto message = StunMessage::parse(writer.bytes());
    ASSERT_TRUE(message);
    EXPECT_FALSE(message->use_candidate);
    EXPECT_TRUE(message->integrity_ok("pw"));
}

TEST(StunClient, RepeatsOnTheScheduleOfRfc8489AndGivesUp) {
    ManualClock clock;
    const TimePoint start = clock.now();
    StunClient client({}, {9}, start);
    std::vector<std::int64_t> sent;
    while (!client.outcome()) {
        const TimePoint due = client.next_deadline();
        if (!client.poll(due).empty())
            sent.push_back(std::chrono::duration_cast<std::chrono::milliseconds>(due - start).count());
    }
    EXPECT_EQ(sent, (std::vector<std::int64_t>{0, 500, 1500, 3500, 7500, 15500, 31500}));
    EXPECT_EQ(client.outcome()->error().code, ErrorCode::Timeout);
}

TEST(StunClient, TakesTheMappedAddressOfItsOwnTransactionOnly) {
    ManualClock clock;
    StunClient client({}, {9}, clock.now());
    std::array<std::uint8_t, 128> buffer{};
    StunWriter foreign(buffer, StunClass::Success, {8});
    foreign.add_xor_mapped(*Endpoint::parse("192.0.2.1:1"));
    EXPECT_FALSE(client.receive(foreign.bytes()));
    StunWriter own(buffer, StunClass::Success, {9});
    own.add_xor_mapped(*Endpoint::parse("192.0.2.1:2"));
    EXPECT_TRUE(client.receive(own.bytes()));
    EXPECT_EQ(**client.outcome(), *Endpoint::parse("192.0.2.1:2"));
    EXPECT_EQ(client.next_deadline(), kNever);
}

}  // namespace
}  // namespace dp::ice

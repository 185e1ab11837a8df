#include "rtp/srtp.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string_view>
#include <vector>

#include "base/random.hpp"
#include "rtp/srtp_cipher.hpp"
#include "rtp/wire.hpp"

namespace dp::rtp {
namespace {

using Octets = std::vector<std::uint8_t>;

Octets from_hex(std::string_view text) {
    const auto value = [](char c) { return static_cast<std::uint8_t>(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10); };
    Octets out;
    std::string digits;
    std::ranges::copy_if(text, std::back_inserter(digits), [](char c) { return c != ' '; });
    for (std::size_t i = 0; i + 1 < digits.size(); i += 2)
        out.push_back(static_cast<std::uint8_t>(value(digits[i]) << 4U | value(digits[i + 1])));
    return out;
}

template <class Range>
Octets octets(const Range& range) {
    return Octets(range.begin(), range.end());
}

constexpr SrtpSuite kSuites[] = {SrtpSuite::AeadAes128Gcm, SrtpSuite::AeadAes256Gcm, SrtpSuite::AesCm128HmacSha1_80,
                                 SrtpSuite::AesCm128HmacSha1_32, SrtpSuite::AesCm256HmacSha1_80};

Octets random_key(Random& random, SrtpSuite suite) {
    Octets out(key_salt_size(suite));
    random.fill(out);
    return out;
}

/// A packet with room for the tag behind it.
struct Packet {
    Octets buffer;
    std::size_t size;

    MutableBytes used() { return MutableBytes(buffer).first(size); }
};

Packet packet_of(std::uint16_t sequence, std::uint32_t ssrc, std::size_t payload = 160, std::uint8_t fill = 0x55) {
    Packet out{Octets(kFixedHeader + payload + kSrtpTailroom, fill), kFixedHeader + payload};
    write_header(out.buffer, {.payload_type = 0, .sequence = sequence, .timestamp = sequence * 160U, .ssrc = ssrc});
    return out;
}

Packet report_of(std::uint32_t ssrc) {
    Packet out{Octets(28 + kSrtpTailroom, 0x11), 28};
    out.buffer[0] = 0x80;
    out.buffer[1] = 200;
    wire::store16(out.buffer.data() + 2, 6);
    wire::store32(out.buffer.data() + 4, ssrc);
    return out;
}

struct Pair {
    SrtpSender sender;
    SrtpReceiver receiver;
};

Pair pair_for(SrtpSuite suite, std::uint64_t seed = 1) {
    SeededRandom random(seed);
    const Octets key = random_key(random, suite);
    return {SrtpSender::create(suite, key).value(), SrtpReceiver::create(suite, key).value()};
}

SrtpStatus send(Pair& pair, Packet packet) {
    const auto sealed = pair.sender.protect(packet.buffer, packet.size);
    if (!sealed) return sealed.status;
    return pair.receiver.unprotect(MutableBytes(packet.buffer).first(sealed.size)).status;
}

// --- vectors of the RFCs
// ------------------------------------------------------------------------------------------------------------

struct KeystreamRow {
    const char* counter;
    const char* keystream;
};

void expect_keystream(std::string_view key, std::span<const KeystreamRow> rows) {
    CounterCipher cipher(from_hex(key));
    for (const KeystreamRow& row : rows) {
        Octets block(16, 0);
        cipher.apply(std::span<const std::uint8_t, 16>(from_hex(row.counter)), block);
        EXPECT_EQ(block, from_hex(row.keystream)) << row.counter;
    }
}

TEST(SrtpVectors, Rfc3711B2Keystream) {
    const KeystreamRow rows[] = {{"F0F1F2F3F4F5F6F7F8F9FAFBFCFD0000", "E03EAD0935C95E80E166B16DD92B4EB4"},
                                 {"F0F1F2F3F4F5F6F7F8F9FAFBFCFD0001", "D23513162B02D0F72A43A2FE4A5F97AB"},
                                 {"F0F1F2F3F4F5F6F7F8F9FAFBFCFD0002", "41E95B3BB0A2E8DD477901E4FCA894C0"},
                                 {"F0F1F2F3F4F5F6F7F8F9FAFBFCFDFEFF", "EC8CDF7398607CB0F2D21675EA9EA1E4"},
                                 {"F0F1F2F3F4F5F6F7F8F9FAFBFCFDFF00", "362B7C3C6773516318A077D7FC5073AE"},
                                 {"F0F1F2F3F4F5F6F7F8F9FAFBFCFDFF01", "6A2CC3787889374FBEB4C81B17BA6C44"}};
    expect_keystream("2B7E151628AED2A6ABF7158809CF4F3C", rows);
    EXPECT_EQ(octets(counter_iv(std::span<const std::uint8_t, 14>(from_hex("F0F1F2F3F4F5F6F7F8F9FAFBFCFD")), 0, 0)),
              from_hex("F0F1F2F3F4F5F6F7F8F9FAFBFCFD0000"));
}

TEST(SrtpVectors, Rfc3711B3KeyDerivation) {
    const SessionKeys keys =
        derive_keys(SrtpSuite::AesCm128HmacSha1_80,
                    from_hex("E1F97A0D3E018BE0D64FA32C06DE4139 0EC675AD498AFEEBB6960B3AABE6"), KeyUse::Rtp);
    EXPECT_EQ(octets(std::span(keys.cipher).first(16)), from_hex("C61E7A93744F39EE10734AFE3FF7A087"));
    EXPECT_EQ(octets(keys.salt), from_hex("30CBBC08863D8C85D49DB34A9AE1"));
    EXPECT_EQ(octets(keys.auth), from_hex("CEBE321F6FF7716B6FD4AB49AF256A156D38BAA4"));
}

TEST(SrtpVectors, Rfc6188KeystreamAndKeyDerivation) {
    const KeystreamRow rows[] = {{"F0F1F2F3F4F5F6F7F8F9FAFBFCFD0000", "92bdd28a93c3f52511c677d08b5515a4"},
                                 {"F0F1F2F3F4F5F6F7F8F9FAFBFCFD0001", "9da71b2378a854f67050756ded165bac"},
                                 {"F0F1F2F3F4F5F6F7F8F9FAFBFCFD0002", "63c4868b7096d88421b563b8c94c9a31"},
                                 {"F0F1F2F3F4F5F6F7F8F9FAFBFCFDFEFF", "cea518c90fd91ced9cbb18c078a54711"},
                                 {"F0F1F2F3F4F5F6F7F8F9FAFBFCFDFF00", "3dbc4814f4da5f00a08772b63c6a046d"},
                                 {"F0F1F2F3F4F5F6F7F8F9FAFBFCFDFF01", "6eb246913062a16891433e97dd01a57f"}};
    expect_keystream("57f82fe3613fd170a85ec93c40b1f0922ec4cb0dc025b58272147cc438944a98", rows);
    const SessionKeys keys = derive_keys(
        SrtpSuite::AesCm256HmacSha1_80,
        from_hex("f0f04914b513f2763a1b1fa130f10e2998f6f6e43e4309d1e622a0e332b9f1b6 3b04803de51ee7c96423ab5b78d2"),
        KeyUse::Rtp);
    EXPECT_EQ(octets(keys.cipher), from_hex("5ba1064e30ec51613cad926c5a28ef731ec7fb397f70a960653caf06554cd8c4"));
    EXPECT_EQ(octets(keys.salt), from_hex("fa31791685ca444a9e07c6c64e93"));
    EXPECT_EQ(octets(keys.auth), from_hex("fd9c32d39ed5fbb5a9dc96b30818454d1313dc05"));
}

constexpr const char* kGcm128 = "000102030405060708090a0b0c0d0e0f";
constexpr const char* kGcm256 = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

TEST(SrtpVectors, Rfc7714Section16Rtp) {
    const Octets salt = from_hex("517569642070726f2071756f");
    const GcmIv iv = gcm_iv(std::span<const std::uint8_t, 12>(salt), 0x5501a0b2, 0xf17b);
    EXPECT_EQ(octets(iv), from_hex("51753c6580c2726f20718414"));
    const Octets header = from_hex("8040f17b8041f8d35501a0b2");
    const Octets plain = from_hex("47616c6c696120657374206f6d6e69732064697669736120696e207061727465732074726573");
    const struct {
        const char* key;
        const char* sealed;
    } rows[] = {{kGcm128,
                 "f24de3a3fb34de6cacba861c9d7e4bcabe633bd50d294e6f42a5f47a51c7d19b36de3adf8833"
                 "899d7f27beb16a9152cf765ee4390cce"},
                {kGcm256,
                 "32b1de78a822fe12ef9f78fa332e33aab18012389a58e2f3b50b2a0276ffae0f1ba63799b87b"
                 "7aa3db36dfffd6b0f9bb7878d7a76c13"}};
    for (const auto& row : rows) {
        Octets data = plain;
        Octets tag(kGcmTag);
        GcmCipher(from_hex(row.key), GcmCipher::Use::Seal)
            .seal(iv, header, {}, data, std::span<std::uint8_t, kGcmTag>(tag));
        Octets sealed = data;
        sealed.insert(sealed.end(), tag.begin(), tag.end());
        EXPECT_EQ(sealed, from_hex(row.sealed));
        GcmCipher open(from_hex(row.key), GcmCipher::Use::Open);
        EXPECT_TRUE(open.open(iv, header, {}, data, std::span<const std::uint8_t, kGcmTag>(tag)));
        EXPECT_EQ(data, plain);
    }
}

TEST(SrtpVectors, Rfc7714Section17Rtcp) {
    const Octets salt = from_hex("517569642070726f2071756f");
    const GcmIv iv = gcm_iv(std::span<const std::uint8_t, 12>(salt), 0x4d617273, 0x5d4);
    EXPECT_EQ(octets(iv), from_hex("517524055203726f207170bb"));
    const Octets packet = from_hex(
        "81c8000d4d6172734e5450314e545032525450200000042a0000e9304c756e61deadbeefdeadbeefdeadbeefdeadbeefdeadbeef");
    const Octets head(packet.begin(), packet.begin() + 8);
    const struct {
        const char* key;
        const char* sealed;
        const char* tag_only;
    } rows[] = {{kGcm128,
                 "63e94885dcdab67ca727d7662f6b7e997ff5c0f76c06f32dc676a5f1730d6fda4ce09b4686303ded0bb9275b"
                 "c84aa45896cf4d2fc5abf87245d9eade",
                 "841dd9683dd78ec92ae58790125f62b3"},
                {kGcm256,
                 "d50ae4d1f5ce5d304ba297e47d470c282c3ece5dbffe0a50a2eaa5c1110555be8415f658c61de0476f1b6fad"
                 "1d1eb30c4446839f57ff6f6cb26ac3be",
                 "91db4afbfeee5a978fab4393ed2615fe"}};
    for (const auto& row : rows) {
        GcmCipher cipher(from_hex(row.key), GcmCipher::Use::Seal);
        Octets data(packet.begin() + 8, packet.end());
        Octets tag(kGcmTag);
        cipher.seal(iv, head, from_hex("800005d4"), data, std::span<std::uint8_t, kGcmTag>(tag));
        Octets sealed = data;
        sealed.insert(sealed.end(), tag.begin(), tag.end());
        EXPECT_EQ(sealed, from_hex(row.sealed));
        cipher.seal(iv, packet, from_hex("000005d4"), {}, std::span<std::uint8_t, kGcmTag>(tag));
        EXPECT_EQ(tag, from_hex(row.tag_only));
    }
}

// --- behaviour
// ------------------------------------------------------------------------------------------------------------------------

class SrtpSuites : public testing::TestWithParam<SrtpSuite> {};
INSTANTIATE_TEST_SUITE_P(All, SrtpSuites, testing::ValuesIn(kSuites));

TEST_P(SrtpSuites, RestoresWhatWasSent) {
    Pair pair = pair_for(GetParam());
    Packet packet = packet_of(7, 0xABCD);
    const Octets before = octets(packet.used());
    const auto sealed = pair.sender.protect(packet.buffer, packet.size);
    ASSERT_TRUE(sealed);
    EXPECT_EQ(sealed.size, packet.size + facts(GetParam()).rtp_tag);
    EXPECT_NE(octets(packet.used()), before);
    const auto opened = pair.receiver.unprotect(MutableBytes(packet.buffer).first(sealed.size));
    ASSERT_TRUE(opened);
    EXPECT_EQ(opened.size, packet.size);
    EXPECT_EQ(octets(packet.used()), before);
    EXPECT_TRUE(pair.receiver.last_was_newest());
}

TEST_P(SrtpSuites, RestoresReports) {
    Pair pair = pair_for(GetParam());
    for (int i = 0; i < 3; ++i) {
        Packet packet = report_of(0xABCD);
        const Octets before = octets(packet.used());
        const auto sealed = pair.sender.protect_rtcp(packet.buffer, packet.size);
        ASSERT_TRUE(sealed);
        Octets wire = octets(MutableBytes(packet.buffer).first(sealed.size));
        Octets again = wire;
        ASSERT_TRUE(pair.receiver.unprotect_rtcp(wire));
        EXPECT_TRUE(std::equal(before.begin(), before.end(), wire.begin()));
        EXPECT_EQ(pair.receiver.unprotect_rtcp(again).status, SrtpStatus::Replayed);
    }
}

TEST_P(SrtpSuites, RefusesEverySingleBitFlip) {
    Pair pair = pair_for(GetParam());
    Packet packet = packet_of(7, 0xABCD, 40);
    const auto sealed = pair.sender.protect(packet.buffer, packet.size);
    const Octets good(packet.buffer.begin(), packet.buffer.begin() + static_cast<long>(sealed.size));
    for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
        Octets bad = good;
        bad[bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
        EXPECT_FALSE(pair.receiver.unprotect(bad)) << "bit " << bit;
    }
    Octets untouched = good;
    EXPECT_TRUE(pair.receiver.unprotect(untouched)) << "refused packets must leave no state";
}

TEST_P(SrtpSuites, RefusesEverySingleBitFlipOfReports) {
    Pair pair = pair_for(GetParam());
    Packet packet = report_of(0xABCD);
    const auto sealed = pair.sender.protect_rtcp(packet.buffer, packet.size);
    const Octets good(packet.buffer.begin(), packet.buffer.begin() + static_cast<long>(sealed.size));
    for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
        Octets bad = good;
        bad[bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
        EXPECT_FALSE(pair.receiver.unprotect_rtcp(bad)) << "bit " << bit;
    }
    Octets untouched = good;
    EXPECT_TRUE(pair.receiver.unprotect_rtcp(untouched));
}

TEST_P(SrtpSuites, FollowsTheRolloverThroughLossAndReordering) {
    Pair pair = pair_for(GetParam());
    SeededRandom random(3);
    std::vector<std::pair<std::uint64_t, Packet>> delayed;  // due at this index
    std::uint64_t refused = 0;
    std::uint64_t late = 0;
    for (std::uint64_t index = 65'000; index < 65'000 + 140'000; ++index) {
        Packet packet = packet_of(static_cast<std::uint16_t>(index), 9, 20);
        const auto sealed = pair.sender.protect(packet.buffer, packet.size);
        ASSERT_TRUE(sealed);
        packet.size = sealed.size;
        const auto fate = random.between(0, 9);
        if (fate == 1) delayed.emplace_back(index + random.between(2, 100), std::move(packet));
        if (fate > 1) refused += !pair.receiver.unprotect(packet.used());
        std::erase_if(delayed, [&](auto& item) {
            if (item.first > index) return false;
            refused += !pair.receiver.unprotect(item.second.used());
            late += !pair.receiver.last_was_newest();
            return true;
        });
    }
    EXPECT_EQ(refused, 0u);
    EXPECT_GT(late, 13'000u) << "reordered packets are told from the newest";
}

TEST_P(SrtpSuites, KeepsTheRolloverOfAnSsrcThatGoesAwayAndReturns) {
    Pair pair = pair_for(GetParam());
    for (std::uint32_t i = 0; i < 70'000; i += 50)
        ASSERT_EQ(send(pair, packet_of(static_cast<std::uint16_t>(i), 1, 20)), SrtpStatus::Ok);
    for (std::uint16_t i = 100; i < 200; ++i) ASSERT_EQ(send(pair, packet_of(i, 2, 20)), SrtpStatus::Ok);
    EXPECT_EQ(send(pair, packet_of(70'000 % 65'536, 1, 20)), SrtpStatus::Ok);
}

TEST_P(SrtpSuites, ReKeyWithTheSameSsrcTriesTheOldRolloverThenZero) {
    for (const bool peer_continues : {true, false}) {
        Pair old = pair_for(GetParam(), 1);
        for (std::uint32_t i = 100; i < 70'000; i += 50)
            ASSERT_EQ(send(old, packet_of(static_cast<std::uint16_t>(i), 1, 20)), SrtpStatus::Ok);
        Pair fresh = pair_for(GetParam(), 2);
        if (peer_continues) fresh.sender.continue_from(old.sender);
        fresh.receiver.continue_from(old.receiver);
        for (std::uint32_t i = 70'000; i < 70'100; ++i)
            ASSERT_EQ(send(fresh, packet_of(static_cast<std::uint16_t>(i), 1, 20)), SrtpStatus::Ok)
                << peer_continues << " " << i;
    }
}

TEST_P(SrtpSuites, NeverProtectsAnIndexTwice) {
    Pair pair = pair_for(GetParam());
    Packet first = packet_of(500, 1);
    ASSERT_TRUE(pair.sender.protect(first.buffer, first.size));
    Packet other = packet_of(500, 1, 160, 0x77);
    EXPECT_EQ(pair.sender.protect(other.buffer, other.size).status, SrtpStatus::Replayed);
    Packet later = packet_of(900, 1);
    ASSERT_TRUE(pair.sender.protect(later.buffer, later.size));
    Packet old = packet_of(501, 1);
    EXPECT_EQ(pair.sender.protect(old.buffer, old.size).status, SrtpStatus::TooOld);
    Packet reordered = packet_of(899, 1);
    EXPECT_TRUE(pair.sender.protect(reordered.buffer, reordered.size));
}

TEST_P(SrtpSuites, AHundredThousandBadPacketsLeaveTheCallAlive) {
    Pair pair = pair_for(GetParam());
    ASSERT_EQ(send(pair, packet_of(1, 1)), SrtpStatus::Ok);
    SeededRandom random(11);
    Octets junk(100);
    for (int i = 0; i < 100'000; ++i) {
        random.fill(junk);
        junk[0] = 0x80;
        if (i % 2 == 0) wire::store32(junk.data() + 8, 1);
        ASSERT_FALSE(pair.receiver.unprotect(MutableBytes(junk).first(random.between(0, junk.size()))));
    }
    EXPECT_EQ(send(pair, packet_of(2, 1)), SrtpStatus::Ok);
}

TEST(Srtp, StripsTheMasterKeyIdentifierWhereItStands) {
    for (SrtpSuite suite : kSuites) {
        SeededRandom random(1);
        const Octets key = random_key(random, suite);
        auto sender = SrtpSender::create(suite, key).value();
        auto receiver = SrtpReceiver::create(suite, key, 4).value();
        Packet packet = packet_of(1, 1);
        const auto sealed = sender.protect(packet.buffer, packet.size);
        Octets wire(packet.buffer.begin(), packet.buffer.begin() + static_cast<long>(sealed.size));
        const auto at = facts(suite).aead ? wire.size() : packet.size;
        wire.insert(wire.begin() + static_cast<long>(at), {0, 0, 0, 1});
        EXPECT_EQ(receiver.unprotect(wire).size, packet.size);
    }
}

TEST(Srtp, RefusesWrongKeysAndNarrowBuffers) {
    EXPECT_FALSE(SrtpSender::create(SrtpSuite::AeadAes128Gcm, Octets(30)));
    EXPECT_FALSE(SrtpReceiver::create(SrtpSuite::AesCm128HmacSha1_80, Octets(28)));
    Pair pair = pair_for(SrtpSuite::AesCm128HmacSha1_80);
    Packet packet = packet_of(1, 1);
    EXPECT_EQ(pair.sender.protect(packet.used(), packet.size).status, SrtpStatus::NoRoom);
    EXPECT_EQ(pair.sender.protect(packet.buffer, 11).status, SrtpStatus::Malformed);
    EXPECT_EQ(pair.receiver.unprotect(MutableBytes(packet.buffer).first(15)).status, SrtpStatus::Malformed);
    EXPECT_EQ(pair.receiver.unprotect_rtcp(MutableBytes(packet.buffer).first(15)).status, SrtpStatus::Malformed);
}

TEST(Srtp, RefusesAFifthOwnSsrcRatherThanForgetOne) {
    Pair pair = pair_for(SrtpSuite::AeadAes128Gcm);
    for (std::uint32_t ssrc = 1; ssrc <= 4; ++ssrc) EXPECT_EQ(send(pair, packet_of(1, ssrc)), SrtpStatus::Ok);
    EXPECT_EQ(send(pair, packet_of(1, 5)), SrtpStatus::KeyExhausted);
}

}  // namespace
}  // namespace dp::rtp

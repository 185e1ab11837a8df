#include "sdp/crypto_attribute.hpp"

#include <gtest/gtest.h>

namespace dp::sdp {
namespace {

const std::string kKey30 = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwd";

TEST(Sdes, RoundTripsEverySuite) {
    SeededRandom random(1);
    const auto keys = SrtpKeys::fresh(random);
    for (std::size_t i = 0; i < kSrtpSuites; ++i) {
        const SrtpKey key = keys.of(static_cast<SrtpSuite>(i));
        const auto line = parse_crypto(crypto_value(7, key));
        ASSERT_TRUE(line && line->key);
        EXPECT_EQ(line->tag, 7u);
        EXPECT_EQ(line->key->suite, key.suite);
        EXPECT_TRUE(std::ranges::equal(line->key->key_salt(), key.key_salt()));
    }
}

TEST(Sdes, ReadsLifetimeAndMki) {
    EXPECT_TRUE(parse_crypto("1 AES_CM_128_HMAC_SHA1_80 inline:" + kKey30 + "|2^31")->key);
    EXPECT_TRUE(parse_crypto("1 AES_CM_128_HMAC_SHA1_80 inline:" + kKey30 + "|1048576")->key);
    EXPECT_EQ(parse_crypto("1 AES_CM_128_HMAC_SHA1_80 inline:" + kKey30 + "|2^20|1:4")->mki_size, 4);
    EXPECT_EQ(parse_crypto("1 AES_CM_128_HMAC_SHA1_80 inline:" + kKey30 + "|1:4")->mki_size, 4);
}

TEST(Sdes, TakesBase64WithAndWithoutPadding) {
    const std::string key28 = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGw";
    EXPECT_TRUE(parse_crypto("1 AEAD_AES_128_GCM inline:" + key28)->key);
    EXPECT_TRUE(parse_crypto("1 AEAD_AES_128_GCM inline:" + key28 + "==")->key);
}

TEST(Sdes, KeepsButDoesNotUseWhatWeDoNotSpeak) {
    for (const std::string& line :
         {"1 NULL_HMAC_SHA1_80 inline:" + kKey30, "1 F8_128_HMAC_SHA1_80 inline:" + kKey30,
          "1 AES_CM_128_HMAC_SHA1_80 inline:" + kKey30 + " UNENCRYPTED_SRTCP",
          "1 AES_CM_128_HMAC_SHA1_80 inline:" + kKey30 + "|2^31 WSH=64",
          "1 AES_CM_128_HMAC_SHA1_80 inline:" + kKey30 + "|2^31|1:200",
          "1 AES_CM_128_HMAC_SHA1_80 inline:" + kKey30 + ";inline:" + kKey30,
          std::string("1 AES_CM_128_HMAC_SHA1_80 inline:AAEC"), "1 AEAD_AES_256_GCM inline:" + kKey30}) {
        const auto attribute = parse_crypto(line);
        ASSERT_TRUE(attribute) << line;
        EXPECT_FALSE(attribute->key) << line;
    }
}

TEST(Sdes, RefusesLinesWithoutATag) {
    EXPECT_FALSE(parse_crypto(""));
    EXPECT_FALSE(parse_crypto("AES_CM_128_HMAC_SHA1_80"));
    EXPECT_FALSE(parse_crypto("x AES_CM_128_HMAC_SHA1_80 inline:" + kKey30));
    EXPECT_FALSE(parse_crypto("12345678901 AES_CM_128_HMAC_SHA1_80 inline:" + kKey30));
}

}  // namespace
}  // namespace dp::sdp

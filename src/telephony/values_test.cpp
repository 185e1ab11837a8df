// E.164, codec names, ICE server URIs, event payloads.

#include <gtest/gtest.h>

#include "telephony/codec.hpp"
#include "telephony/e164.hpp"
#include "telephony/events/event.hpp"
#include "telephony/sites/network_configuration.hpp"

namespace dp::telephony {
namespace {

TEST(E164, IsAPlusAndEightToFifteenDigits) {
    for (const char* good : {"+15551234567", "+15559876543", "+12345678", "+123456789012345"})
        EXPECT_TRUE(is_e164(good)) << good;
    for (const char* bad : {"", "+", "15551234567", "+1234567", "+1234567890123456", "+05551234567", "+1555 1234567",
                            "+1555123456a", "++15551234567", " +15551234567", "tel:+15551234567"})
        EXPECT_FALSE(is_e164(bad)) << bad;
    EXPECT_EQ(parse_e164("123", "to.phoneNumber").error().field, "to.phoneNumber");
}

TEST(CodecNames, TheTrunkShapeKnowsExactlyFiveCaseSensitively) {
    for (const char* name : {"G711u", "G711a", "G729", "Opus", "GSM"})
        EXPECT_TRUE(codec_from(name, CodecSpelling::Trunk)) << name;
    for (const char* name : {"opus", "OPUS", "g711u", "G722", "PCMU", ""})
        EXPECT_FALSE(codec_from(name, CodecSpelling::Trunk)) << name;
}

TEST(CodecNames, EveryFamilySpellsItsOwnWay) {
    EXPECT_EQ(codec_from("OPUS", CodecSpelling::Settings), Codec::Opus);
    EXPECT_EQ(codec_from("G722", CodecSpelling::Settings), Codec::G722);
    EXPECT_EQ(codec_from("audio/pcmu", CodecSpelling::Genesys), Codec::Pcmu);
    EXPECT_EQ(name_of(Codec::Pcma, CodecSpelling::Trunk), "G711a");
    EXPECT_EQ(name_of(Codec::G722, CodecSpelling::Trunk), "");
    for (int i = 0; i <= static_cast<int>(Codec::Gsm); ++i) {
        const auto codec = static_cast<Codec>(i);
        EXPECT_EQ(codec_from(name_of(codec, CodecSpelling::Sdp), CodecSpelling::Sdp), codec);
        EXPECT_EQ(codec_from(name_of(codec, CodecSpelling::Genesys), CodecSpelling::Genesys), codec);
    }
    EXPECT_EQ(codec_from_any("G711u"), Codec::Pcmu);
    EXPECT_EQ(codec_from_any("speex"), std::nullopt);
}

TEST(IceServers, TakeTheFourSchemesWithAHost) {
    for (const char* good :
         {"stun:stun.l.google.com:19302", "turn:relay.test:3478?transport=tcp", "turns:relay.test", "stuns:h"})
        EXPECT_TRUE(is_ice_server_uri(good)) << good;
    for (const char* bad : {"", "stun:", "http://x", "stun::3478", "turn:a b", "stun"})
        EXPECT_FALSE(is_ice_server_uri(bad)) << bad;
}

TEST(Payload, EscapesWhatJsonEscapesAndReplacesWhatIsNotUtf8) {
    Payload payload;
    payload.text("name", "a\"b\\c\n\x01").number("code", -3).flag("ok", true).text("raw", "x\xFFy");
    EXPECT_EQ(payload.str(), "{\"name\":\"a\\\"b\\\\c\\n\\u0001\",\"code\":-3,\"ok\":true,\"raw\":\"x\xEF\xBF\xBDy\"}");
    EXPECT_EQ(Payload().str(), "{}");
}

}  // namespace
}  // namespace dp::telephony

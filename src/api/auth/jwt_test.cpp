#include "api/auth/jwt.hpp"

#include <gtest/gtest.h>

#include <fmt/format.h>

#include "api/auth/scopes.hpp"
#include "api/auth/token_request.hpp"
#include "base/crypto.hpp"
#include "telephony/testing/example.hpp"

namespace dp::api {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view kHeader = R"({"alg":"ES256","typ":"JWT","kid":"k"})";
constexpr std::string_view kClaims =
    R"({"iss":"client","sub":"user","aud":["a","b"],"exp":1000300,"nbf":1000000,"iat":1000000,"jti":"one","scope":"x y"})";

std::string jwt(std::string_view header, std::string_view claims, std::string_view signature = "s") {
    return fmt::format("{}.{}.{}", crypto::base64url(header), crypto::base64url(claims), crypto::base64url(signature));
}

bool reads(std::string_view header, std::string_view claims) {
    return parse_jwt(jwt(header, claims)).has_value();
}

std::string replaced(std::string_view text, std::string_view what, std::string_view with) {
    std::string out(text);
    return out.replace(out.find(what), what.size(), with);
}

TEST(Jwt, ReadsWhatAnAssertionSays) {
    const auto text = jwt(kHeader, kClaims);
    const auto read = parse_jwt(text);
    ASSERT_TRUE(read) << read.error().detail;
    EXPECT_EQ(read->algorithm, "ES256");
    EXPECT_EQ(read->kid, "k");
    EXPECT_EQ(read->issuer, "client");
    EXPECT_EQ(read->subject, "user");
    EXPECT_EQ(read->audience, (std::vector<std::string>{"a", "b"}));
    EXPECT_EQ(read->id, "one");
    EXPECT_EQ(read->scope, "x y");
    EXPECT_EQ(read->signed_part, text.substr(0, text.rfind('.')));
}

TEST(Jwt, OnlyTheThreeAlgorithmsInTheirOwnSpelling) {
    for (const char* other : {"none", "None", "nOnE", "HS256", "es256", "ES384", "RS512", "PS256", ""})
        EXPECT_FALSE(reads(replaced(kHeader, "ES256", other), kClaims)) << other;
}

TEST(Jwt, AHeaderThatNamesKeysOrExtensionsIsRefused) {
    for (const char* member : {R"("jwk":{})", R"("jku":"http://x")", R"("x5u":"http://x")", R"("x5c":[])",
                               R"("crit":["exp"])", R"("zip":"DEF")", R"("enc":"x")", R"("b64":false)"})
        EXPECT_FALSE(reads(fmt::format(R"({{"alg":"ES256",{}}})", member), kClaims)) << member;
}

TEST(Jwt, AMemberOfOneNameTwiceIsRefusedHoweverItIsSpelt) {
    EXPECT_FALSE(reads(kHeader, replaced(kClaims, "}", R"(,"sub":"admin"})")));
    EXPECT_FALSE(reads(kHeader, replaced(kClaims, "}", R"(,"s\u0075b":"admin"})")));
    EXPECT_TRUE(reads(kHeader, replaced(kClaims, "}", R"(,"nested":{"sub":"x"},"text":"\"sub\":"})")));
}

TEST(Jwt, TimesAreWholeSeconds) {
    for (const char* odd : {R"("1000300")", "1000300.5", "1e400", "-1", "99999999999999999999", "null", "[1]"})
        EXPECT_FALSE(reads(kHeader, replaced(kClaims, "1000300", odd))) << odd;
}

TEST(Jwt, WhatIsMissingOrNoTextIsRefused) {
    for (const char* claim : {R"("iss":"client",)", R"("sub":"user",)", R"("aud":["a","b"],)", R"("jti":"one",)"})
        EXPECT_FALSE(reads(kHeader, replaced(kClaims, claim, ""))) << claim;
    EXPECT_FALSE(reads(kHeader, replaced(kClaims, R"("user")", "7")));
    EXPECT_FALSE(reads(kHeader, replaced(kClaims, R"("one")", R"("")")));
    EXPECT_FALSE(reads(kHeader, "[]"));
    EXPECT_FALSE(reads(kHeader, std::string(2000, '[')));
}

TEST(Jwt, StructureIsThreePartsOfCanonicalBase64url) {
    const auto text = jwt(kHeader, kClaims);
    for (const std::string& odd : {std::string(), std::string("."), std::string(".."), text + ".x", text + "=",
                                   text.substr(0, text.rfind('.')), text + " ", std::string(100'000, 'a')})
        EXPECT_FALSE(parse_jwt(odd)) << odd.substr(0, 80);
    EXPECT_FALSE(base64url_decode("QQ=="));
    EXPECT_FALSE(base64url_decode("QR"));  // the last bits must be zero: one spelling per value
    EXPECT_FALSE(base64url_decode("a+/b"));
    EXPECT_EQ(base64url_decode("QQ").value(), "A");
}

TEST(Jwt, TimesAreCheckedAgainstTheClock) {
    const auto text = jwt(kHeader, kClaims);
    const auto read = parse_jwt(text);
    const auto at = [&](std::int64_t seconds) { return check_times(*read, from_millis(seconds * 1000)).has_value(); };
    EXPECT_TRUE(at(1'000'000));
    EXPECT_TRUE(at(1'000'299));
    EXPECT_FALSE(at(1'000'300));  // exp itself is too late (RFC 7519 section 4.1.4)
    EXPECT_TRUE(at(999'995));     // within the leeway between clocks
    EXPECT_FALSE(at(999'994));    // before nbf, and longer than five minutes
}

TEST(Jwt, TheKeysAlgorithmDecidesNotTheHeaders) {
    const auto text = jwt(kHeader, kClaims);
    const auto read = parse_jwt(text);
    EXPECT_FALSE(is_signed_by(*read, {}));
    const telephony::ClientKey rsa{"k", telephony::KeyAlgorithm::Rs256, "AQAB", "AQAB"};
    EXPECT_FALSE(is_signed_by(*read, {rsa}));
}

TEST(Jwk, PrivateSymmetricAndUnsoundKeysAreRefused) {
    JwkFields ed{"OKP", "Ed25519", "EdDSA", "k", "", "", "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo", ""};
    EXPECT_EQ(client_key(ed)->algorithm, telephony::KeyAlgorithm::EdDsa);
    ed.algorithm = "ES256";
    EXPECT_FALSE(client_key(ed));
    EXPECT_FALSE(client_key({"oct", "", "HS256", "k", "", "", "", ""}));
    EXPECT_FALSE(client_key({"EC", "P-384", "", "k", "", "", "AA", "AA"}));
    EXPECT_FALSE(client_key({"RSA", "", "RS256", "k", "AQAB", "AQAB", "", ""}));
}

TEST(Scopes, NarrowingTakesKnownOnesThatAreOwnedOrCovered) {
    const std::vector<std::string> owned{"telephony", "conversation:call:write"};
    EXPECT_EQ(narrowed(owned, ""), owned);
    EXPECT_EQ(narrowed(owned, "telephony:edge:write  telephony:edge:write"),
              std::vector<std::string>{"telephony:edge:write"});
    EXPECT_EQ(narrowed(owned, "telephony:readonly"), std::vector<std::string>{"telephony:readonly"});
    EXPECT_FALSE(narrowed(owned, "conversations"));  // the fine one does not hold the coarse one
    EXPECT_FALSE(narrowed(owned, "telephony:nonsense"));
}

class TokenRequests : public testing::Test {
protected:
    auto read(std::string body, std::vector<net::HttpHeader> headers = {}) {
        net::HttpRequest request;
        request.headers = std::move(headers);
        request.headers.push_back({"Content-Type", "application/x-www-form-urlencoded"});
        request.body = std::move(body);
        return read_token_request(request);
    }
    std::string_view verdict(std::string body) {
        const auto request = read(std::move(body));
        if (!request) return request.error().code;
        const auto client = authenticated_client(*request, *example.snapshot());
        return client ? "ok" : client.error().code;
    }
    telephony::testing::Example example;
};

TEST_F(TokenRequests, SecretsComeOnce) {
    const std::string pair = "Basic " + crypto::base64("a:b");
    EXPECT_EQ(read("client_id=a", {{"Authorization", pair}})->secret, "b");
    EXPECT_FALSE(read("client_id=a&client_secret=b", {{"Authorization", pair}}));
    EXPECT_FALSE(read("client_id=other", {{"Authorization", pair}}));
    EXPECT_FALSE(read("scope=a&scope=b"));
}

TEST_F(TokenRequests, AConfidentialClientNeedsItsSecretAndAPublicOneHasNone) {
    const auto& run = example.secrets;
    EXPECT_EQ(verdict(fmt::format("client_id={}&client_secret={}", run.oauth_client_id, run.oauth_client_secret)),
              "ok");
    EXPECT_EQ(verdict(fmt::format("client_id={}&client_secret=x", run.oauth_client_id)), "invalid_client");
    EXPECT_EQ(verdict(fmt::format("client_id={}", run.oauth_client_id)), "invalid_client");
    EXPECT_EQ(verdict("client_id=nobody&client_secret=x"), "invalid_client");
    telephony::OAuthClient app;
    app.id = telephony::OAuthClientId("app");
    app.name = "App";
    example.put(app);
    EXPECT_EQ(verdict("client_id=app"), "ok");
    EXPECT_EQ(verdict("client_id=app&client_secret=x"), "invalid_client");
    app.enabled = false;
    example.put(app);
    EXPECT_EQ(verdict("client_id=app"), "invalid_client");
}

}  // namespace
}  // namespace dp::api

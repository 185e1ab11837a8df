#include "base/crypto_signatures.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "base/crypto.hpp"

namespace dp::crypto {
namespace {

std::string raw(std::string text) {
    std::ranges::replace(text, '-', '+');
    std::ranges::replace(text, '_', '/');
    return base64_decode(text).value();
}

std::string flipped(std::string octets, std::size_t at) {
    octets[at] = static_cast<char>(octets[at] ^ 1);
    return octets;
}

// RFC 7515 appendix A.3.
const std::string kEcX = raw("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU");
const std::string kEcY = raw("x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0");
const std::string kEcData =
    "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVl"
    "fQ";
const std::string kEcSignature =
    raw("DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q");
// RFC 8037 appendix A.4.
const std::string kEdKey = raw("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo");
const std::string kEdData = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
const std::string kEdSignature =
    raw("hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg");
// Made with the openssl program over "header.payload".
const std::string kRsaModulus =
    raw("lz_UQBH_UAPOvBRhqFaXvVeMM1RmX-jN4bhmlQX5DmU81pXmKeHxlSK4BlnT0aMcynAyV_mI5A-eQHa_NDeHtJK_Ms2KfN-796OR"
        "VQWis4AAbuSMrVjcwrL_U84CGP4ha698pPQHk4LLY-WJQm7dzm9IpsSgbUPC6dA-9sasTb7YcI06K0JktPCJUY0qdGoNpZtYJ37V"
        "Ts18CuKokfcZ8UNv-ZgixZzt9F0cYnm_A4C_aOjU1W2fKrySMF6msKsurh1fEZ8-NhgoHD6pT_6Hz6SLeT41wH65H1UZJu9ByZFl"
        "dFrzDBQyKHRzCAyPs03K9wKnoUTOZC6rRZjjdmYIkQ");
const std::string kRsaExponent = raw("AQAB");
const std::string kRsaSignature =
    raw("Ds7RgynkK-yJ6XD993XPTb-zi60tH4T2YQU3D5h7ackM-5cvfgS16mtrOKwVEwCOmcVDd3vvexB-n8vvzBJbswmwAZgip34buyPr"
        "JIjJU-_fRF3_yJecIT9f4bZ4abIihx5MMqquiF3Pn_YVKSkpl3rgWIqbep4a8s4vaJ1Y4yCU2kSp0Oze3OxDfKnHL0E6APJ8IsFC"
        "O8ZFFFQUL0VSKbPcC-CFbNqLuEfdIkbVxuzFHWLi7MQmC4ScQAtukkNFoPHo-zA-qbNjvk5uUQ07FNqS_CAACaMUTXl1hM_87WHK"
        "8rysUdJEWGNEE_p5wnZ5SH2yJUHHWcayNF2eqNO6HA");

TEST(Signatures, KnownOnesVerify) {
    EXPECT_TRUE(verify_es256(kEcX, kEcY, kEcData, kEcSignature));
    EXPECT_TRUE(verify_ed25519(kEdKey, kEdData, kEdSignature));
    EXPECT_TRUE(verify_rs256(kRsaModulus, kRsaExponent, "header.payload", kRsaSignature));
}

TEST(Signatures, OneBitElsewhereIsNoSignature) {
    EXPECT_FALSE(verify_es256(kEcX, kEcY, flipped(kEcData, 3), kEcSignature));
    EXPECT_FALSE(verify_es256(kEcX, kEcY, kEcData, flipped(kEcSignature, 40)));
    EXPECT_FALSE(verify_ed25519(kEdKey, flipped(kEdData, 3), kEdSignature));
    EXPECT_FALSE(verify_ed25519(kEdKey, kEdData, flipped(kEdSignature, 40)));
    EXPECT_FALSE(verify_rs256(kRsaModulus, kRsaExponent, "header.payloaD", kRsaSignature));
    EXPECT_FALSE(verify_rs256(kRsaModulus, kRsaExponent, "header.payload", flipped(kRsaSignature, 40)));
}

TEST(Signatures, EmptyShortAndZeroAreRefused) {
    for (const std::string& signature :
         {std::string(), std::string(63, 'x'), std::string(64, '\0'), std::string(65, 'x')}) {
        EXPECT_FALSE(verify_es256(kEcX, kEcY, kEcData, signature));  // r = s = 0 among them
        EXPECT_FALSE(verify_ed25519(kEdKey, kEdData, signature));
        EXPECT_FALSE(verify_rs256(kRsaModulus, kRsaExponent, "header.payload", signature));
    }
}

TEST(Signatures, AKeyMustBeSound) {
    EXPECT_TRUE(is_rsa_key(kRsaModulus, kRsaExponent));
    EXPECT_FALSE(is_rsa_key(kRsaModulus.substr(0, 128), kRsaExponent));  // 1024 bits
    EXPECT_FALSE(is_rsa_key(kRsaModulus + kRsaModulus + kRsaModulus, kRsaExponent));
    EXPECT_FALSE(is_rsa_key(kRsaModulus, std::string(1, '\1')));
    EXPECT_FALSE(is_rsa_key(kRsaModulus, ""));
    EXPECT_TRUE(is_p256_key(kEcX, kEcY));
    EXPECT_FALSE(is_p256_key(kEcX, flipped(kEcY, 0)));  // not on the curve
    EXPECT_FALSE(is_p256_key(std::string(32, '\0'), std::string(32, '\0')));
    EXPECT_TRUE(is_ed25519_key(kEdKey));
    EXPECT_FALSE(is_ed25519_key(kEdKey.substr(1)));
}

}  // namespace
}  // namespace dp::crypto

#include "base/crypto_signatures.hpp"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#include <memory>
#include <string>

namespace dp::crypto {
namespace {

template <auto Free>
struct Deleter {
    void operator()(auto* owned) const { Free(owned); }
};
using Bignum = std::unique_ptr<BIGNUM, Deleter<BN_free>>;
using Key = std::unique_ptr<EVP_PKEY, Deleter<EVP_PKEY_free>>;
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, Deleter<EVP_PKEY_CTX_free>>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, Deleter<EVP_MD_CTX_free>>;
using ParamBuilder = std::unique_ptr<OSSL_PARAM_BLD, Deleter<OSSL_PARAM_BLD_free>>;
using Params = std::unique_ptr<OSSL_PARAM, Deleter<OSSL_PARAM_free>>;
using EcdsaSignature = std::unique_ptr<ECDSA_SIG, Deleter<ECDSA_SIG_free>>;

constexpr std::size_t kCoordinate = 32;
constexpr int kMinRsaBits = 2048;
constexpr int kMaxRsaBits = 4096;

const unsigned char* bytes(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}

Bignum number(std::string_view octets) {
    return Bignum(BN_bin2bn(bytes(octets), static_cast<int>(octets.size()), nullptr));
}

Key key_from(const char* type, const OSSL_PARAM_BLD* builder) {
    const Params params(OSSL_PARAM_BLD_to_param(const_cast<OSSL_PARAM_BLD*>(builder)));
    const KeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
    EVP_PKEY* key = nullptr;
    if (!params || !context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
        EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, params.get()) != 1)
        return nullptr;
    return Key(key);
}

Key rsa_key(std::string_view modulus, std::string_view exponent) {
    if (modulus.size() > kMaxRsaBits / 8 || exponent.empty() || exponent.size() > 4) return nullptr;
    const Bignum n = number(modulus);
    const Bignum e = number(exponent);
    if (!n || !e || BN_num_bits(n.get()) < kMinRsaBits || !BN_is_odd(n.get()) || !BN_is_odd(e.get()) ||
        BN_is_one(e.get()))
        return nullptr;
    const ParamBuilder builder(OSSL_PARAM_BLD_new());
    OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get());
    OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e.get());
    return key_from("RSA", builder.get());
}

// The uncompressed point (SEC 1 section 2.3.3); OpenSSL refuses one that is not on the curve.
Key p256_key(std::string_view x, std::string_view y) {
    if (x.size() != kCoordinate || y.size() != kCoordinate) return nullptr;
    const std::string point = "\x04" + std::string(x) + std::string(y);
    const ParamBuilder builder(OSSL_PARAM_BLD_new());
    OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0);
    OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size());
    return key_from("EC", builder.get());
}

Key ed25519_key(std::string_view key) {
    return Key(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, bytes(key), key.size()));
}

bool verify(const Key& key, const EVP_MD* digest, std::string_view data, std::string_view signature) {
    const DigestContext context(EVP_MD_CTX_new());
    return key && context && EVP_DigestVerifyInit(context.get(), nullptr, digest, nullptr, key.get()) == 1 &&
           EVP_DigestVerify(context.get(), bytes(signature), signature.size(), bytes(data), data.size()) == 1;
}

// A JWS has R and S side by side, OpenSSL wants them as DER.
std::string der_of(std::string_view signature) {
    Bignum r = number(signature.substr(0, kCoordinate));
    Bignum s = number(signature.substr(kCoordinate));
    const EcdsaSignature pair(ECDSA_SIG_new());
    if (!r || !s || !pair || ECDSA_SIG_set0(pair.get(), r.get(), s.get()) != 1) return {};
    (void)r.release();  // both belong to the pair now
    (void)s.release();
    unsigned char* der = nullptr;
    const int length = i2d_ECDSA_SIG(pair.get(), &der);
    if (length <= 0) return {};
    std::string out(reinterpret_cast<const char*>(der), static_cast<std::size_t>(length));
    OPENSSL_free(der);
    return out;
}

}  // namespace

bool verify_rs256(std::string_view modulus, std::string_view exponent, std::string_view data,
                  std::string_view signature) {
    return verify(rsa_key(modulus, exponent), EVP_sha256(), data, signature);
}

bool verify_es256(std::string_view x, std::string_view y, std::string_view data, std::string_view signature) {
    if (signature.size() != 2 * kCoordinate) return false;
    return verify(p256_key(x, y), EVP_sha256(), data, der_of(signature));
}

bool verify_ed25519(std::string_view key, std::string_view data, std::string_view signature) {
    return signature.size() == 64 && verify(ed25519_key(key), nullptr, data, signature);
}

bool is_rsa_key(std::string_view modulus, std::string_view exponent) {
    return rsa_key(modulus, exponent) != nullptr;
}
bool is_p256_key(std::string_view x, std::string_view y) {
    return p256_key(x, y) != nullptr;
}
bool is_ed25519_key(std::string_view key) {
    return ed25519_key(key) != nullptr;
}

}  // namespace dp::crypto

// The one-shot and EVP forms of SHA-1 allocate on every copy of a state in OpenSSL 3.0; the plain SHA_CTX is a value.
#define OPENSSL_SUPPRESS_DEPRECATED
#include "rtp/srtp_cipher.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/sha.h>

#include <algorithm>
#include <cstdlib>

#include "rtp/wire.hpp"

namespace dp::rtp {
namespace {

/// Fetched once per process: an implicit fetch costs more than a packet.
const EVP_CIPHER* fetched(const char* name) {
    const EVP_CIPHER* cipher = EVP_CIPHER_fetch(nullptr, name, nullptr);
    if (!cipher) std::abort();  // an OpenSSL without AES cannot run this program
    return cipher;
}

const EVP_CIPHER* counter_cipher(std::size_t key_size) {
    static const EVP_CIPHER* small = fetched("AES-128-CTR");
    static const EVP_CIPHER* large = fetched("AES-256-CTR");
    return key_size == 16 ? small : large;
}

const EVP_CIPHER* gcm_cipher(std::size_t key_size) {
    static const EVP_CIPHER* small = fetched("AES-128-GCM");
    static const EVP_CIPHER* large = fetched("AES-256-GCM");
    return key_size == 16 ? small : large;
}

CipherContext new_context() {
    CipherContext context(EVP_CIPHER_CTX_new());
    if (!context) std::abort();  // out of memory at set-up, as operator new would
    return context;
}

int size_of(Bytes data) {
    return static_cast<int>(data.size());
}

/// RFC 3711 4.3.1 and 4.3.3 with a key derivation rate of 0: keystream of the master key at (salt XOR label) × 2^16.
void derive(CounterCipher& prf, std::span<const std::uint8_t> master_salt, std::uint8_t label, MutableBytes out) {
    std::array<std::uint8_t, 16> iv{};
    std::ranges::copy(master_salt, iv.begin());
    iv[7] ^= label;
    std::ranges::fill(out, 0);
    prf.apply(iv, out);
}

}  // namespace

SessionKeys derive_keys(SrtpSuite suite, std::span<const std::uint8_t> key_salt, KeyUse use) {
    const SrtpSuiteFacts sizes = facts(suite);
    CounterCipher prf(key_salt.first(sizes.key));
    const auto salt =
        key_salt.subspan(sizes.key, sizes.salt);  // 96-bit salts count as padded on the right (RFC 7714 11)
    const auto label = static_cast<std::uint8_t>(use);
    SessionKeys out;
    derive(prf, salt, label, std::span(out.cipher).first(sizes.key));
    derive(prf, salt, label + 1, out.auth);
    derive(prf, salt, label + 2, std::span(out.salt).first(sizes.salt));
    return out;
}

std::array<std::uint8_t, 16> counter_iv(std::span<const std::uint8_t, 14> salt, std::uint32_t ssrc,
                                        std::uint64_t index) {
    std::array<std::uint8_t, 16> iv{};
    wire::store32(iv.data() + 4, ssrc);
    wire::store16(iv.data() + 8, static_cast<std::uint16_t>(index >> 32U));
    wire::store32(iv.data() + 10, static_cast<std::uint32_t>(index));
    for (std::size_t i = 0; i < salt.size(); ++i) iv[i] ^= salt[i];
    return iv;
}

GcmIv gcm_iv(std::span<const std::uint8_t, 12> salt, std::uint32_t ssrc, std::uint64_t index) {
    GcmIv iv{};
    wire::store32(iv.data() + 2, ssrc);
    wire::store16(iv.data() + 6, static_cast<std::uint16_t>(index >> 32U));
    wire::store32(iv.data() + 8, static_cast<std::uint32_t>(index));
    for (std::size_t i = 0; i < salt.size(); ++i) iv[i] ^= salt[i];
    return iv;
}

void CipherContextDeleter::operator()(evp_cipher_ctx_st* context) const {
    EVP_CIPHER_CTX_free(context);
}

CounterCipher::CounterCipher(std::span<const std::uint8_t> key) : context_(new_context()) {
    EVP_EncryptInit_ex(context_.get(), counter_cipher(key.size()), nullptr, key.data(), nullptr);
}

void CounterCipher::apply(std::span<const std::uint8_t, 16> iv, MutableBytes data) {
    int size = 0;
    EVP_EncryptInit_ex(context_.get(), nullptr, nullptr, nullptr, iv.data());
    EVP_EncryptUpdate(context_.get(), data.data(), &size, data.data(), size_of(data));
}

GcmCipher::GcmCipher(std::span<const std::uint8_t> key, Use use) : context_(new_context()) {
    EVP_CipherInit_ex(context_.get(), gcm_cipher(key.size()), nullptr, key.data(), nullptr, use == Use::Seal ? 1 : 0);
}

void GcmCipher::seal(const GcmIv& iv, Bytes head, Bytes tail, MutableBytes data, std::span<std::uint8_t, kGcmTag> tag) {
    EVP_CIPHER_CTX* context = context_.get();
    int size = 0;
    EVP_EncryptInit_ex(context, nullptr, nullptr, nullptr, iv.data());
    EVP_EncryptUpdate(context, nullptr, &size, head.data(), size_of(head));
    if (!tail.empty()) EVP_EncryptUpdate(context, nullptr, &size, tail.data(), size_of(tail));
    if (!data.empty()) EVP_EncryptUpdate(context, data.data(), &size, data.data(), size_of(data));
    EVP_EncryptFinal_ex(context, tag.data(), &size);
    EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, kGcmTag, tag.data());
}

bool GcmCipher::open(const GcmIv& iv, Bytes head, Bytes tail, MutableBytes data,
                     std::span<const std::uint8_t, kGcmTag> tag) {
    EVP_CIPHER_CTX* context = context_.get();
    std::array<std::uint8_t, kGcmTag> expected{};
    std::ranges::copy(tag, expected.begin());
    int size = 0;
    EVP_DecryptInit_ex(context, nullptr, nullptr, nullptr, iv.data());
    EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, kGcmTag, expected.data());
    EVP_DecryptUpdate(context, nullptr, &size, head.data(), size_of(head));
    if (!tail.empty()) EVP_DecryptUpdate(context, nullptr, &size, tail.data(), size_of(tail));
    if (!data.empty()) EVP_DecryptUpdate(context, data.data(), &size, data.data(), size_of(data));
    return EVP_DecryptFinal_ex(context, expected.data(), &size) == 1;
}

struct HmacSha1::States {
    SHA_CTX inner;
    SHA_CTX outer;
};

HmacSha1::HmacSha1(std::span<const std::uint8_t, 20> key) : states_(std::make_unique<States>()) {
    const auto absorb = [&](SHA_CTX& state, std::uint8_t pad) {
        std::array<std::uint8_t, SHA_CBLOCK> block;
        block.fill(pad);
        for (std::size_t i = 0; i < key.size(); ++i) block[i] ^= key[i];
        SHA1_Init(&state);
        SHA1_Update(&state, block.data(), block.size());
    };
    absorb(states_->inner, 0x36);
    absorb(states_->outer, 0x5C);
}

HmacSha1::HmacSha1(HmacSha1&&) noexcept = default;
HmacSha1& HmacSha1::operator=(HmacSha1&&) noexcept = default;
HmacSha1::~HmacSha1() = default;

std::array<std::uint8_t, 20> HmacSha1::of(Bytes first, Bytes second) const {
    std::array<std::uint8_t, 20> digest;
    SHA_CTX state = states_->inner;
    SHA1_Update(&state, first.data(), first.size());
    SHA1_Update(&state, second.data(), second.size());
    SHA1_Final(digest.data(), &state);
    state = states_->outer;
    SHA1_Update(&state, digest.data(), digest.size());
    SHA1_Final(digest.data(), &state);
    return digest;
}

bool equal_tags(Bytes a, Bytes b) {
    return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace dp::rtp

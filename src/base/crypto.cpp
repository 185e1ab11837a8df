#include "base/crypto.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <sodium.h>

#include <cstdlib>
#include <memory>

namespace dp::crypto {
namespace {

const unsigned char* bytes(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}

// Fetched once: on OpenSSL 3.0 the implicit fetch of the one-shot calls costs more than the hash.
const EVP_MD* fetched(const char* name) {
    const EVP_MD* md = EVP_MD_fetch(nullptr, name, nullptr);
    if (!md) std::abort();  // an OpenSSL without SHA-2 or MD5 cannot run this program
    return md;
}

template <std::size_t N>
std::array<std::uint8_t, N> digest(const EVP_MD* md, std::string_view data) {
    // Owned by its thread: short-lived threads hash too.
    thread_local const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> owned(EVP_MD_CTX_new(),
                                                                                     &EVP_MD_CTX_free);
    EVP_MD_CTX* context = owned.get();
    std::array<std::uint8_t, N> out{};
    EVP_DigestInit_ex(context, md, nullptr);
    EVP_DigestUpdate(context, data.data(), data.size());
    EVP_DigestFinal_ex(context, out.data(), nullptr);
    return out;
}

template <std::size_t N>
std::array<std::uint8_t, N> hmac(const EVP_MD* md, std::string_view key, std::string_view data) {
    std::array<std::uint8_t, N> out{};
    unsigned length = N;
    HMAC(md, key.data(), static_cast<int>(key.size()), bytes(data), data.size(), out.data(), &length);
    return out;
}

std::string encode(std::string_view data, int variant) {
    std::string out(sodium_base64_encoded_len(data.size(), variant), '\0');
    sodium_bin2base64(out.data(), out.size(), bytes(data), data.size(), variant);
    out.pop_back();  // the terminating NUL
    return out;
}

}  // namespace

Sha256 sha256(std::string_view data) {
    static const EVP_MD* md = fetched("SHA256");
    return digest<32>(md, data);
}

Md5 md5(std::string_view data) {
    static const EVP_MD* md = fetched("MD5");
    return digest<16>(md, data);
}

Sha256 hmac_sha256(std::string_view key, std::string_view data) {
    static const EVP_MD* md = fetched("SHA256");
    return hmac<32>(md, key, data);
}

Sha1 hmac_sha1(std::string_view key, std::string_view data) {
    static const EVP_MD* md = fetched("SHA1");
    return hmac<20>(md, key, data);
}

std::string hex(std::span<const std::uint8_t> data) {
    static constexpr std::string_view kDigits = "0123456789abcdef";
    std::string out;
    out.reserve(data.size() * 2);
    for (auto b : data) {
        out += kDigits[b >> 4U];
        out += kDigits[b & 15U];
    }
    return out;
}

std::string base64(std::string_view data) {
    return encode(data, sodium_base64_VARIANT_ORIGINAL);
}

std::string base64url(std::string_view data) {
    return encode(data, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

std::optional<std::string> base64_decode(std::string_view text) {
    while (!text.empty() && text.back() == '=') text.remove_suffix(1);
    std::string out(text.size() * 3 / 4 + 1, '\0');
    std::size_t length = 0;
    if (sodium_base642bin(reinterpret_cast<unsigned char*>(out.data()), out.size(), text.data(), text.size(), nullptr,
                          &length, nullptr, sodium_base64_VARIANT_ORIGINAL_NO_PADDING) != 0)
        return std::nullopt;
    out.resize(length);
    return out;
}

bool equal(std::string_view a, std::string_view b) {
    return a.size() == b.size() && sodium_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::string hash_password(std::string_view password) {
    char out[crypto_pwhash_STRBYTES];
    if (sodium_init() < 0 || crypto_pwhash_str(out, password.data(), password.size(), 2, std::size_t{19} << 20U) != 0)
        std::abort();  // out of memory for 19 MiB
    return out;
}

bool verify_password(std::string_view hash, std::string_view password) {
    const std::string z(hash);
    return crypto_pwhash_str_verify(z.c_str(), password.data(), password.size()) == 0;
}

std::string seal(const std::array<std::uint8_t, 32>& key, std::string_view plain, std::string_view context) {
    constexpr std::size_t kNonce = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
    if (sodium_init() < 0) std::abort();
    std::string out(kNonce + plain.size() + crypto_aead_xchacha20poly1305_ietf_ABYTES, '\0');
    auto* data = reinterpret_cast<unsigned char*>(out.data());
    randombytes_buf(data, kNonce);
    crypto_aead_xchacha20poly1305_ietf_encrypt(data + kNonce, nullptr, bytes(plain), plain.size(), bytes(context),
                                               context.size(), nullptr, data, key.data());
    return out;
}

Result<std::string> open(const std::array<std::uint8_t, 32>& key, std::string_view sealed, std::string_view context) {
    constexpr std::size_t kNonce = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
    constexpr std::size_t kTag = crypto_aead_xchacha20poly1305_ietf_ABYTES;
    if (sealed.size() < kNonce + kTag) return fail(ErrorCode::MalformedInput, "The sealed value is too short.");
    std::string out(sealed.size() - kNonce - kTag, '\0');
    if (crypto_aead_xchacha20poly1305_ietf_decrypt(reinterpret_cast<unsigned char*>(out.data()), nullptr, nullptr,
                                                   bytes(sealed) + kNonce, sealed.size() - kNonce, bytes(context),
                                                   context.size(), bytes(sealed), key.data()) != 0)
        return fail(ErrorCode::MalformedInput, "The sealed value does not open with this key.");
    return out;
}

}  // namespace dp::crypto

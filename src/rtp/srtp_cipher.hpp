#pragma once
/// @file The primitives under SRTP: AES counter mode, AES-GCM, HMAC-SHA1 with saved states, and the key derivation.
/// Used by srtp.cpp.
///
/// Threads: one owner per object. A context is keyed once; per call only the IV is set. Nothing allocates after
/// construction. Source: RFC 3711 4.1.1, 4.2.1, 4.3; RFC 6188; RFC 7714 8, 9.

#include <array>
#include <cstdint>
#include <memory>
#include <span>

#include "base/srtp_suite.hpp"
#include "rtp/rtp_packet.hpp"

struct evp_cipher_ctx_st;  // OpenSSL's name for EVP_CIPHER_CTX; its headers stay in sources

namespace dp::rtp {

/// The keys one direction of RTP or RTCP works with.
struct SessionKeys {
    std::array<std::uint8_t, 32> cipher{};
    std::array<std::uint8_t, 20> auth{};  ///< HMAC suites
    std::array<std::uint8_t, 14> salt{};
};

enum class KeyUse : std::uint8_t { Rtp = 0, Rtcp = 3 };  ///< first label of RFC 3711 4.3.1

SessionKeys derive_keys(SrtpSuite suite, std::span<const std::uint8_t> key_salt, KeyUse use);

/// RFC 3711 4.1.1: salt × 2^16 XOR SSRC × 2^64 XOR index × 2^16.
std::array<std::uint8_t, 16> counter_iv(std::span<const std::uint8_t, 14> salt, std::uint32_t ssrc,
                                        std::uint64_t index);
/// RFC 7714 8.1 and 9.1: 16 zero bits, SSRC, 48-bit index, all XOR salt.
using GcmIv = std::array<std::uint8_t, 12>;
GcmIv gcm_iv(std::span<const std::uint8_t, 12> salt, std::uint32_t ssrc, std::uint64_t index);

struct CipherContextDeleter {
    void operator()(evp_cipher_ctx_st* context) const;
};
using CipherContext = std::unique_ptr<evp_cipher_ctx_st, CipherContextDeleter>;

/// AES in counter mode; encrypting and decrypting are the same.
class CounterCipher {
public:
    explicit CounterCipher(std::span<const std::uint8_t> key);
    void apply(std::span<const std::uint8_t, 16> iv, MutableBytes data);

private:
    CipherContext context_;
};

inline constexpr std::size_t kGcmTag = 16;

/// One direction of AES-GCM, in place, tag behind the data.
class GcmCipher {
public:
    enum class Use : std::uint8_t { Seal, Open };
    GcmCipher(std::span<const std::uint8_t> key, Use use);

    /// `head` and `tail` are authenticated only. `data` is encrypted, the tag written to `tag`.
    void seal(const GcmIv& iv, Bytes head, Bytes tail, MutableBytes data, std::span<std::uint8_t, kGcmTag> tag);
    /// True when the tag matches; `data` is then plain. Otherwise `data` is undefined; applying open() again restores
    /// it.
    bool open(const GcmIv& iv, Bytes head, Bytes tail, MutableBytes data, std::span<const std::uint8_t, kGcmTag> tag);

private:
    CipherContext context_;
};

/// HMAC-SHA1 over two pieces, from the two states that its key alone determines.
class HmacSha1 {
public:
    explicit HmacSha1(std::span<const std::uint8_t, 20> key);
    HmacSha1(HmacSha1&&) noexcept;
    HmacSha1& operator=(HmacSha1&&) noexcept;
    ~HmacSha1();
    std::array<std::uint8_t, 20> of(Bytes first, Bytes second) const;

private:
    struct States;
    std::unique_ptr<States> states_;
};

/// Constant time.
bool equal_tags(Bytes a, Bytes b);

}  // namespace dp::rtp

#pragma once
/// @file The SRTP protection suites both ways of keying can end in (SDES, RFC 4568, and DTLS-SRTP, RFC 5764): one name
/// for what sdp/, rtp/ and media/ must agree on. Values only.

#include <cstddef>
#include <cstdint>

namespace dp {

enum class SrtpSuite : std::uint8_t {
    AeadAes128Gcm,        ///< RFC 7714
    AeadAes256Gcm,        ///< RFC 7714
    AesCm128HmacSha1_80,  ///< RFC 3711, 4568
    AesCm128HmacSha1_32,  ///< RFC 3711, 4568
    AesCm256HmacSha1_80,  ///< RFC 6188
};

inline constexpr std::size_t kSrtpSuites = 5;
inline constexpr std::size_t kMaxSrtpKeySalt = 46;  ///< octets of the longest master key and salt

struct SrtpSuiteFacts {
    std::size_t key;       ///< octets of master key
    std::size_t salt;      ///< octets of master salt
    std::size_t rtp_tag;   ///< octets an SRTP packet grows by
    std::size_t rtcp_tag;  ///< the same for SRTCP, without its index word
    bool aead;
};

constexpr SrtpSuiteFacts facts(SrtpSuite suite) {
    switch (suite) {
        case SrtpSuite::AeadAes128Gcm:
            return {16, 12, 16, 16, true};
        case SrtpSuite::AeadAes256Gcm:
            return {32, 12, 16, 16, true};
        case SrtpSuite::AesCm128HmacSha1_80:
            return {16, 14, 10, 10, false};
        case SrtpSuite::AesCm128HmacSha1_32:
            return {16, 14, 4, 10, false};  // RFC 3711 5.2: SRTCP keeps 80 bits
        case SrtpSuite::AesCm256HmacSha1_80:
            return {32, 14, 10, 10, false};
    }
    return {};
}

constexpr std::size_t key_salt_size(SrtpSuite suite) {
    return facts(suite).key + facts(suite).salt;
}

}  // namespace dp

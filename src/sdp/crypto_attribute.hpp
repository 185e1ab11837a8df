#pragma once
/// @file SDES: `a=crypto:TAG SUITE inline:KEY||SALT[|LIFETIME][|MKI:LENGTH] [session parameters]` (RFC 4568).
///
/// Threads: values. A line we cannot use (NULL, F8, session parameters, wrong key length) still parses, with `suite`
/// empty, so that its tag stays known. Keys are secrets: never logged.

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/random.hpp"
#include "base/srtp_suite.hpp"

namespace dp::sdp {

struct SrtpKey {
    SrtpSuite suite = SrtpSuite::AesCm128HmacSha1_80;
    std::array<std::uint8_t, kMaxSrtpKeySalt>
        bytes{};  ///< master key, then master salt; key_salt_size(suite) octets count

    std::span<const std::uint8_t> key_salt() const { return std::span(bytes).first(key_salt_size(suite)); }
    bool operator==(const SrtpKey&) const = default;
};

struct CryptoAttribute {
    std::uint32_t tag = 0;
    std::optional<SrtpKey> key{};  ///< empty: not usable by us
    std::uint8_t mki_size = 0;     ///< octets after the payload on receive; 0 none. We never send one
    bool operator==(const CryptoAttribute&) const = default;
};

/// Nothing when the text is no crypto attribute at all (no tag). `value` is what follows `a=crypto:`.
std::optional<CryptoAttribute> parse_crypto(std::string_view value);
std::string crypto_value(std::uint32_t tag, const SrtpKey& key);
std::string_view sdes_name(SrtpSuite suite);
std::optional<SrtpSuite> suite_from_sdes_name(std::string_view name);

/// One key of our own per suite, so that offer and answer stay pure: which one is used is decided by the negotiation.
struct SrtpKeys {
    std::array<std::array<std::uint8_t, kMaxSrtpKeySalt>, kSrtpSuites> material{};

    static SrtpKeys fresh(Random& random);
    /// Octets behind the key and salt of `suite` are zero, so that keys compare.
    SrtpKey of(SrtpSuite suite) const;
};

}  // namespace dp::sdp

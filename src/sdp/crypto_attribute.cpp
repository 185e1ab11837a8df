#include "sdp/crypto_attribute.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "base/ascii.hpp"
#include "base/crypto.hpp"

namespace dp::sdp {
namespace {

struct SuiteName {
    SrtpSuite suite;
    std::string_view name;
};

// RFC 4568 6.2, RFC 6188 4, RFC 7714 14.2. Names are case-sensitive in the RFC; devices are not.
constexpr std::array<SuiteName, kSrtpSuites> kSuites{{
    {SrtpSuite::AeadAes128Gcm, "AEAD_AES_128_GCM"},
    {SrtpSuite::AeadAes256Gcm, "AEAD_AES_256_GCM"},
    {SrtpSuite::AesCm128HmacSha1_80, "AES_CM_128_HMAC_SHA1_80"},
    {SrtpSuite::AesCm128HmacSha1_32, "AES_CM_128_HMAC_SHA1_32"},
    {SrtpSuite::AesCm256HmacSha1_80, "AES_256_CM_HMAC_SHA1_80"},
}};

std::vector<std::string_view> words(std::string_view text) {
    std::vector<std::string_view> out;
    for (std::string_view word : ascii::split(text, ' '))
        if (!ascii::trim(word).empty()) out.push_back(ascii::trim(word));
    return out;
}

/// RFC 4568 6.1: lifetime is a decimal number or 2^n. It only limits the peer; ours is the same for every key.
bool is_lifetime(std::string_view text) {
    if (text.starts_with("2^")) text.remove_prefix(2);
    return ascii::parse_decimal<std::uint64_t>(text).has_value();
}

/// `value:length`; 0 when it is not one.
std::uint8_t mki_length(std::string_view text) {
    const std::size_t colon = text.find(':');
    if (colon == std::string_view::npos) return 0;
    const auto length = ascii::parse_decimal<unsigned>(text.substr(colon + 1));
    return length && *length >= 1 && *length <= 128 ? static_cast<std::uint8_t>(*length) : 0;
}

bool read_key(SrtpSuite suite, std::string_view base64, CryptoAttribute& out) {
    auto bytes = crypto::base64_decode(base64);
    if (!bytes || bytes->size() != key_salt_size(suite)) return false;
    SrtpKey key;
    key.suite = suite;
    std::ranges::copy(*bytes, key.bytes.begin());
    out.key = key;
    return true;
}

/// `inline:KEY[|LIFETIME][|MKI:LENGTH]`. Several keys (`;`) mean keys chosen by MKI, which we do not do: unusable.
void read_key_parameters(SrtpSuite suite, std::string_view text, CryptoAttribute& out) {
    constexpr std::string_view kMethod = "inline:";
    if (text.size() < kMethod.size() || !ascii::iequals(text.substr(0, kMethod.size()), kMethod)) return;
    if (text.find(';') != std::string_view::npos) return;
    const auto parts = ascii::split(text.substr(kMethod.size()), '|');
    std::uint8_t mki = 0;
    for (std::size_t i = 1; i < parts.size(); ++i) {
        if (i == 1 && is_lifetime(parts[i])) continue;
        mki = mki_length(parts[i]);
        if (mki == 0) return;
    }
    if (read_key(suite, parts[0], out)) out.mki_size = mki;
}

}  // namespace

std::string_view sdes_name(SrtpSuite suite) {
    return std::ranges::find(kSuites, suite, &SuiteName::suite)->name;
}

std::optional<SrtpSuite> suite_from_sdes_name(std::string_view name) {
    for (const auto& row : kSuites)
        if (ascii::iequals(row.name, name)) return row.suite;
    return std::nullopt;
}

std::optional<CryptoAttribute> parse_crypto(std::string_view value) {
    const auto parts = words(value);
    if (parts.size() < 2) return std::nullopt;
    const auto tag = ascii::parse_decimal<std::uint32_t>(parts[0]);
    if (!tag || *tag > 999'999'999) return std::nullopt;  // RFC 4568 9.1: at most nine digits
    CryptoAttribute out{.tag = *tag, .key = std::nullopt, .mki_size = 0};
    const auto suite = suite_from_sdes_name(parts[1]);
    // A fourth word is a session parameter (UNENCRYPTED_SRTP, KDR=, WSH=, FEC_…): we implement none, so the line is not
    // for us.
    if (suite && parts.size() == 3) read_key_parameters(*suite, parts[2], out);
    return out;
}

std::string crypto_value(std::uint32_t tag, const SrtpKey& key) {
    return fmt::format("{} {} inline:{}", tag, sdes_name(key.suite), crypto::base64(crypto::as_text(key.key_salt())));
}

SrtpKeys SrtpKeys::fresh(Random& random) {
    SrtpKeys out;
    for (auto& material : out.material) random.fill(material);
    return out;
}

SrtpKey SrtpKeys::of(SrtpSuite suite) const {
    SrtpKey out;
    out.suite = suite;
    const auto used = std::span(material[static_cast<std::size_t>(suite)]).first(key_salt_size(suite));
    std::ranges::copy(used, out.bytes.begin());
    return out;
}

}  // namespace dp::sdp

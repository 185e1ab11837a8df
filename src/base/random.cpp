#include "base/random.hpp"

#include <sodium.h>

#include <array>
#include <cstdlib>
#include <cstring>

namespace dp {

std::uint64_t Random::next_u64() {
    std::array<std::uint8_t, 8> bytes{};
    fill(bytes);
    std::uint64_t value = 0;
    std::memcpy(&value, bytes.data(), sizeof value);
    return value;
}

std::uint32_t Random::next_u32() {
    return static_cast<std::uint32_t>(next_u64());
}

std::uint64_t Random::between(std::uint64_t low, std::uint64_t high) {
    const std::uint64_t range = high - low + 1;
    if (range == 0) return next_u64();
    return low + static_cast<std::uint64_t>((static_cast<unsigned __int128>(next_u64()) * range) >> 64);
}

std::string Random::token(std::size_t length) {
    static constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    std::string out(length, '\0');
    fill({reinterpret_cast<std::uint8_t*>(out.data()), out.size()});
    for (char& c : out) c = kAlphabet[static_cast<std::uint8_t>(c) & 63U];
    return out;
}

std::string Random::uuid() {
    std::array<std::uint8_t, 16> b{};
    fill(b);
    b[6] = static_cast<std::uint8_t>((b[6] & 0x0FU) | 0x40U);
    b[8] = static_cast<std::uint8_t>((b[8] & 0x3FU) | 0x80U);
    static constexpr std::string_view kDigits = "0123456789abcdef";
    std::string out(36, '-');
    std::size_t at = 0;
    for (std::size_t i = 0; i < b.size(); ++i) {
        if (i == 4 || i == 6 || i == 8 || i == 10) ++at;
        out[at++] = kDigits[b[i] >> 4];
        out[at++] = kDigits[b[i] & 0x0FU];
    }
    return out;
}

void SecureRandom::fill(std::span<std::uint8_t> out) {
    static const bool ready = sodium_init() >= 0;
    if (!ready) std::abort();  // no random source: nothing this program does would be safe
    randombytes_buf(out.data(), out.size());
}

void SeededRandom::fill(std::span<std::uint8_t> out) {
    for (std::size_t i = 0; i < out.size(); i += 8) {
        std::uint64_t z = (state_ += 0x9E3779B97F4A7C15ULL);
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
        z ^= z >> 31;
        std::memcpy(out.data() + i, &z, std::min<std::size_t>(8, out.size() - i));
    }
}

}  // namespace dp

#include "audio/g711.hpp"

namespace dp::audio {
namespace {

std::uint8_t compress_ulaw(int sample) {
    int magnitude = ((sample < 0 ? ~sample : sample) >> 2) + 33;
    magnitude = std::min(magnitude, 0x1FFF);
    int segment = 1;
    for (int i = magnitude >> 6; i != 0; i >>= 1) ++segment;
    const int code = (8 - segment) << 4 | (15 - ((magnitude >> segment) & 15));
    return static_cast<std::uint8_t>(sample >= 0 ? code | 0x80 : code);
}

std::uint8_t compress_alaw(int sample) {
    int code = (sample < 0 ? ~sample : sample) >> 4;
    if (code > 15) {
        int exponent = 1;
        for (; code > 31; code >>= 1) ++exponent;
        code = code - 16 + (exponent << 4);
    }
    return static_cast<std::uint8_t>((sample >= 0 ? code | 0x80 : code) ^ 0x55);
}

Sample expand_ulaw(unsigned code) {
    const unsigned inverted = ~code;
    const int exponent = static_cast<int>(inverted >> 4 & 7);
    const int step = 4 << (exponent + 1);
    const int magnitude = (0x80 << exponent) + step * static_cast<int>(inverted & 15) + step / 2 - 4 * 33;
    return static_cast<Sample>(code < 0x80 ? -magnitude : magnitude);
}

Sample expand_alaw(unsigned code) {
    const unsigned plain = (code ^ 0x55) & 0x7F;
    const int exponent = static_cast<int>(plain >> 4);
    int magnitude = static_cast<int>(plain & 15) + (exponent > 0 ? 16 : 0);
    magnitude = (magnitude << 4) + 8;
    if (exponent > 1) magnitude <<= exponent - 1;
    return static_cast<Sample>(code > 127 ? magnitude : -magnitude);
}

/// The two low bits never matter to either law, so 16 K entries index every sample.
struct Tables {
    std::array<std::uint8_t, 16384> ulaw_code{};
    std::array<std::uint8_t, 16384> alaw_code{};
    std::array<Sample, 256> ulaw_value{};
    std::array<Sample, 256> alaw_value{};
    OctetMap u_to_a{};
    OctetMap a_to_u{};

    Tables() {
        for (int i = 0; i < 16384; ++i) {
            const int sample = static_cast<Sample>(i << 2);
            ulaw_code[static_cast<std::size_t>(i)] = compress_ulaw(sample);
            alaw_code[static_cast<std::size_t>(i)] = compress_alaw(sample);
        }
        for (unsigned i = 0; i < 256; ++i) {
            ulaw_value[i] = expand_ulaw(i);
            alaw_value[i] = expand_alaw(i);
            u_to_a[i] = compress_alaw(ulaw_value[i]);
            a_to_u[i] = compress_ulaw(alaw_value[i]);
        }
    }
};

const Tables& tables() {
    static const Tables instance;
    return instance;
}

std::size_t index_of(Sample sample) {
    return static_cast<std::uint16_t>(sample) >> 2;
}

}  // namespace

std::uint8_t ulaw_encode(Sample sample) {
    return tables().ulaw_code[index_of(sample)];
}
std::uint8_t alaw_encode(Sample sample) {
    return tables().alaw_code[index_of(sample)];
}
Sample ulaw_decode(std::uint8_t code) {
    return tables().ulaw_value[code];
}
Sample alaw_decode(std::uint8_t code) {
    return tables().alaw_value[code];
}

void ulaw_encode(Pcm in, MutableBytes out) {
    const auto& table = tables().ulaw_code;
    for (std::size_t i = 0; i < in.size(); ++i) out[i] = table[index_of(in[i])];
}
void alaw_encode(Pcm in, MutableBytes out) {
    const auto& table = tables().alaw_code;
    for (std::size_t i = 0; i < in.size(); ++i) out[i] = table[index_of(in[i])];
}
void ulaw_decode(Bytes in, PcmOut out) {
    const auto& table = tables().ulaw_value;
    for (std::size_t i = 0; i < in.size(); ++i) out[i] = table[in[i]];
}
void alaw_decode(Bytes in, PcmOut out) {
    const auto& table = tables().alaw_value;
    for (std::size_t i = 0; i < in.size(); ++i) out[i] = table[in[i]];
}

const OctetMap& ulaw_to_alaw() {
    return tables().u_to_a;
}
const OctetMap& alaw_to_ulaw() {
    return tables().a_to_u;
}

}  // namespace dp::audio

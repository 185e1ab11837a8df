#include "audio/wav.hpp"

#include <cstring>
#include <fstream>
#include <iterator>
#include <string_view>

namespace dp::audio {
namespace {

std::uint16_t get16(const std::uint8_t* p) {
    return static_cast<std::uint16_t>(p[0] | p[1] << 8);
}
std::uint32_t get32(const std::uint8_t* p) {
    return get16(p) | static_cast<std::uint32_t>(get16(p + 2)) << 16;
}

std::string_view tag(Bytes file, std::size_t at) {
    return {reinterpret_cast<const char*>(&file[at]), 4};
}

constexpr std::uint16_t kFormatPcm = 1;
constexpr std::uint16_t kFormatExtensible = 0xFFFE;

Result<void> read_format(Bytes chunk, Wav& wav) {
    if (chunk.size() < 16) return fail(ErrorCode::MalformedInput, "The WAV format chunk is too short.");
    const auto format = get16(&chunk[0]);
    wav.channels = get16(&chunk[2]);
    wav.rate = get32(&chunk[4]);
    if ((format != kFormatPcm && format != kFormatExtensible) || get16(&chunk[14]) != 16)
        return fail(ErrorCode::MalformedInput, "Only 16-bit PCM WAV files are read.");
    if (wav.channels == 0 || wav.channels > 8 || wav.rate == 0)
        return fail(ErrorCode::MalformedInput, "The WAV file has no usable channel count or rate.");
    return {};
}

void put(std::string& out, std::uint32_t value, int octets) {
    for (int i = 0; i < octets; ++i) out.push_back(static_cast<char>(value >> (8 * i)));
}

}  // namespace

Result<Wav> parse_wav(Bytes file) {
    if (file.size() < 12 || tag(file, 0) != "RIFF" || tag(file, 8) != "WAVE")
        return fail(ErrorCode::MalformedInput, "This is not a WAV file.");
    Wav wav;
    bool described = false;
    for (std::size_t at = 12; at + 8 <= file.size();) {
        const std::string_view name = tag(file, at);
        const std::size_t size = std::min<std::size_t>(get32(&file[at + 4]), file.size() - at - 8);
        const Bytes chunk = file.subspan(at + 8, size);
        if (name == "fmt ") {
            DP_CHECK(read_format(chunk, wav));
            described = true;
        } else if (name == "data" && described) {
            wav.samples.resize(size / 2);
            for (std::size_t i = 0; i < wav.samples.size(); ++i)
                wav.samples[i] = static_cast<Sample>(get16(&chunk[2 * i]));
            return wav;
        }
        at += 8 + size + (size & 1);
    }
    return fail(ErrorCode::MalformedInput, "The WAV file has no audio in it.");
}

Result<Wav> read_wav(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    if (!in) return fail(ErrorCode::NotFound, "The file cannot be opened: " + path);
    const std::vector<char> content{std::istreambuf_iterator<char>(in), {}};
    return parse_wav({reinterpret_cast<const std::uint8_t*>(content.data()), content.size()});
}

Result<void> write_wav(const std::string& path, const Wav& wav) {
    const auto octets = static_cast<std::uint32_t>(wav.samples.size() * 2);
    std::string out = "RIFF";
    put(out, 36 + octets, 4);
    out += "WAVEfmt ";
    put(out, 16, 4);
    put(out, kFormatPcm, 2);
    put(out, wav.channels, 2);
    put(out, wav.rate, 4);
    put(out, wav.rate * wav.channels * 2U, 4);
    put(out, wav.channels * 2U, 2);
    put(out, 16, 2);
    out += "data";
    put(out, octets, 4);
    for (Sample sample : wav.samples) put(out, static_cast<std::uint16_t>(sample), 2);
    std::ofstream file(path, std::ios::binary);
    file.write(out.data(), static_cast<std::streamsize>(out.size()));
    if (!file.flush()) return fail(ErrorCode::TransportFailed, "The file cannot be written: " + path);
    return {};
}

std::vector<Sample> mono(const Wav& wav) {
    std::vector<Sample> out(wav.samples.size() / wav.channels);
    for (std::size_t i = 0; i < out.size(); ++i) {
        int sum = 0;
        for (std::size_t c = 0; c < wav.channels; ++c) sum += wav.samples[i * wav.channels + c];
        out[i] = static_cast<Sample>(sum / wav.channels);
    }
    return out;
}

}  // namespace dp::audio

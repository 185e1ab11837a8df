/// Any datagram against every suite. The first octet chooses the suite and RTP or RTCP; nothing random may
/// authenticate.
#include <array>
#include <cstdlib>
#include <vector>

#include "rtp/srtp.hpp"

namespace {

std::vector<dp::rtp::SrtpReceiver> receivers() {
    std::vector<dp::rtp::SrtpReceiver> out;
    for (std::size_t i = 0; i < dp::kSrtpSuites; ++i) {
        const auto suite = static_cast<dp::SrtpSuite>(i);
        const std::vector<std::uint8_t> key(dp::key_salt_size(suite), 0xA5);
        out.push_back(dp::rtp::SrtpReceiver::create(suite, key, i % 2 == 0 ? 0 : 4).value());
    }
    return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static auto all = receivers();
    if (size == 0) return 0;
    auto& receiver = all[data[0] % all.size()];
    std::vector<std::uint8_t> packet(data + 1, data + size);
    const bool rtcp = (data[0] & 0x80U) != 0;
    const auto result = rtcp ? receiver.unprotect_rtcp(packet) : receiver.unprotect(packet);
    // A 32-bit tag can be guessed in a long run; 80 bits and more cannot.
    if (result && receiver.suite() != dp::SrtpSuite::AesCm128HmacSha1_32) std::abort();
    return 0;
}

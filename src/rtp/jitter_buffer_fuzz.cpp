/// Any series of packets and pulls; whatever is handed out lies inside the buffer and its bound holds.
#include <array>
#include <cstdlib>

#include "rtp/jitter_buffer.hpp"
#include "rtp/wire.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace dp::rtp;
    static const std::array<std::uint8_t, 2048> payload{};
    JitterBuffer buffer({.fec = size % 2 == 0});
    dp::TimePoint now{std::chrono::hours(1)};
    unsigned sum = 0;
    for (; size >= 12; data += 12, size -= 12) {
        now += std::chrono::milliseconds(data[0]);
        const RtpHeader header{
            .sequence = wire::load16(data + 1), .timestamp = wire::load32(data + 3), .ssrc = data[7] % 3U};
        const auto kind = (data[7] & 0x80U) != 0 ? JitterBuffer::Kind::ComfortNoise : JitterBuffer::Kind::Audio;
        const std::uint32_t duration = wire::load16(data + 8) % 960U;
        buffer.insert(header, Bytes(payload).first(wire::load16(data + 10) % payload.size()), duration, kind, now);
        for (std::uint8_t octet : buffer.next(data[0], now).payload) sum += octet;
        if (buffer.held() > std::chrono::milliseconds(520)) std::abort();  // 400 and one packet of at most 120
    }
    return sum == 0 ? 0 : 1;
}

/// Any series of event packets through the receiver and the relay between clocks. Ten octets a packet: time, timestamp,
/// marker, payload.
#include <cstdlib>

#include "rtp/telephone_event.hpp"
#include "rtp/wire.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace dp::rtp;
    EventReceiver receiver(48'000);
    EventRelay relay(8000, 48'000);
    dp::TimePoint now{std::chrono::hours(1)};
    for (; size >= 10; data += 10, size -= 10) {
        now += std::chrono::milliseconds(data[0]);
        const RtpHeader header{
            .marker = (data[1] & 1U) != 0, .timestamp = wire::load32(data + 2), .payload_size = kEventPayload};
        const auto payload = parse_event({data + 6, kEventPayload});
        if (!payload) std::abort();
        static_cast<void>(relay.on_time(now));
        static_cast<void>(receiver.on_time(now));
        for (const EventOut& out : relay.on_packet(header, *payload, wire::load32(data + 2) * 6, now))
            static_cast<void>(receiver.on_packet({.marker = out.marker, .timestamp = out.timestamp}, out.payload, now));
    }
    return 0;
}

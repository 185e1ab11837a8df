/// Any datagram: classified, parsed, its extension read, rewritten in place; sizes always add up.
#include <cstdlib>
#include <vector>

#include "rtp/rtp_packet.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace dp::rtp;
    std::vector<std::uint8_t> copy(data, data + size);
    static_cast<void>(classify(copy));
    const auto header = parse_rtp(copy);
    if (!header) return 0;
    if (std::size_t{header->header_size} + header->payload_size + header->padding_size != size) std::abort();
    for (std::uint8_t id = 1; id < 15; ++id) static_cast<void>(audio_level(copy, *header, id));
    const auto out = rewrite_in_place(copy, *header, {.payload_type = 8, .sequence = 1, .timestamp = 2, .ssrc = 3});
    const auto again = parse_rtp(out);
    if (!again || again->payload_size != header->payload_size || again->ssrc != 3) std::abort();
    return 0;
}

#include "net/websocket_codec.hpp"

#include <cstdint>
#include <cstdlib>
#include <vector>

using namespace dp::net;

namespace {

struct Seen {
    std::vector<std::pair<WebSocketOpcode, std::string>> frames;
    std::optional<std::uint16_t> violation;
    bool operator==(const Seen&) const = default;
};

Seen decode(std::string_view input, std::size_t step) {
    WebSocketDecoder decoder(WebSocketRole::Server, 4096);
    Seen seen;
    for (std::size_t at = 0; at < input.size() && !seen.violation; at += step)
        seen.violation = decoder.feed(input.substr(at, step), [&](WebSocketOpcode opcode, std::string_view payload) {
            if (opcode == WebSocketOpcode::Text && !is_utf8(payload)) std::abort();
            if (payload.size() > 4096) std::abort();
            if (opcode == WebSocketOpcode::Close) parse_websocket_close(payload);
            seen.frames.emplace_back(opcode, payload);
            return true;
        });
    return seen;
}

}  // namespace

/// However the stream is cut, the same frames and the same verdict.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    const Seen whole = decode(input, size == 0 ? 1 : size);
    if (!(decode(input, 1) == whole) || !(decode(input, 5) == whole)) std::abort();
    return 0;
}

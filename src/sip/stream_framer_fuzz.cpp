// Any stream, cut anywhere: the same events as in one piece, and each message has the size that the parser gives it.

#include <cstdlib>
#include <string>
#include <vector>

#include "sip/parser.hpp"
#include "sip/stream_framer.hpp"

namespace {

using namespace dp::sip;

void require(bool condition) {
    if (!condition) std::abort();
}

struct Event {
    FrameEvent::Kind kind;
    std::string bytes;
    bool operator==(const Event&) const = default;
};

void drain(StreamFramer& framer, std::vector<Event>& events) {
    while (auto event = framer.next()) {
        events.push_back({event->kind, {event->bytes.data(), event->bytes.size()}});
        if (event->kind == FrameEvent::Kind::Error) events.back().bytes.clear();
        if (event->kind != FrameEvent::Kind::Message) continue;
        Parser parser;
        const Verdict verdict = parser.parse(event->bytes, {TransportKind::Tcp});
        // What the framer cut is what the parser reads: never too short, too long or without a length.
        require(verdict.reason != "wrong Content-Length" && verdict.reason != "no Content-Length");
        if (verdict.ok()) require(parser.message().bytes().size() == event->bytes.size());
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2) return 0;
    const std::size_t step = data[0] % 64U + 1;
    const std::string_view stream(reinterpret_cast<const char*>(data + 1), size - 1);
    StreamFramer whole;
    StreamFramer cut;
    std::vector<Event> expected;
    std::vector<Event> seen;
    whole.feed(stream, {});
    drain(whole, expected);
    for (std::size_t at = 0; at < stream.size(); at += step) {
        cut.feed(stream.substr(at, step), {});
        drain(cut, seen);
    }
    require(seen == expected);
    require(whole.failed() == cut.failed());
    return 0;
}

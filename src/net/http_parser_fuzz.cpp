#include "net/http_parser.hpp"

#include <cstdint>
#include <cstdlib>
#include <string>

using namespace dp::net;
using State = HttpRequestParser::State;

namespace {

struct Seen {
    State state;
    int status;
    std::string method, target, body;
    bool operator==(const Seen&) const = default;
};

Seen parse(std::string_view input, std::size_t step) {
    HttpRequestParser parser({.header = 2048, .body = 4096, .target = 512});
    std::string waiting;
    for (std::size_t at = 0; at < input.size(); at += step) {
        waiting += input.substr(at, step);
        waiting.erase(0, parser.parse(waiting));
        if (parser.state() == State::Complete || parser.state() == State::Failed) break;
    }
    if (parser.state() != State::Complete) return {parser.state(), parser.error_status(), {}, {}, {}};
    HttpRequest request = parser.take();
    if (request.body.size() > 4096) std::abort();
    return {State::Complete, 0, request.method, request.target, request.body};
}

}  // namespace

/// However the octets are cut, the same request or a refusal (which of two faults is named first may depend on the
/// cut).
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    const Seen whole = parse(input, size == 0 ? 1 : size);
    const Seen single = parse(input, 1);
    if (whole.state == State::Complete && !(single == whole)) std::abort();
    if ((whole.state == State::Failed) != (single.state == State::Failed)) std::abort();
    return 0;
}

#include <cstddef>
#include <cstdint>

#include "ice/lite_agent.hpp"

// Any datagram: parse, and let an agent with a known password answer it.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace dp;
    const auto message = ice::StunMessage::parse({data, size});
    if (!message) return 0;
    ice::LiteAgent agent({"a", "b"});
    std::array<std::uint8_t, ice::kMaxStunReply> reply{};
    const TimePoint now{std::chrono::hours(1)};
    const auto outcome = agent.on_request(*message, Endpoint{IpAddress::v4(1), 1}, now, true, reply);
    if (!outcome.reply.empty() && !ice::StunMessage::parse(outcome.reply)) __builtin_trap();
    return 0;
}

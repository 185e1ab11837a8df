/// Parse never crashes; what parses serialises stably; any offer is answered or refused.
#include <cstdlib>
#include <string_view>

#include "sdp/offer_answer.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace dp::sdp;
    const auto parsed = parse({reinterpret_cast<const char*>(data), size});
    if (!parsed) return 0;
    const std::string once = serialise(*parsed);
    const auto again = parse(once);
    if (!again || serialise(*again) != once) std::abort();
    Capabilities capabilities{.codecs = {Codec::Opus, Codec::G722, Codec::Pcmu, Codec::Pcma}};
    capabilities.accepts = {.plain = true, .sdes = true, .dtls = true, .optional_sdes = true};
    LocalMedia local;
    local.rtp = *dp::Endpoint::parse("192.0.2.1:4000");
    local.ice = IceAttributes{.ufrag = "abcd", .pwd = "abcdefghijklmnopqrstuv"};
    local.fingerprints = {{"sha-256", std::vector<std::uint8_t>(32, 1)}};
    const auto answer = make_answer(*parsed, capabilities, local, {.origin = {"-", "1", "1", ""}});
    if (answer && !parse(serialise(answer->description))) std::abort();
    const SessionDescription offer = make_offer(capabilities, local, {.origin = {"-", "1", "1", ""}});
    if (const auto accepted = accept_answer(offer, *parsed, capabilities, local); accepted && accepted->receive.empty())
        std::abort();
    return 0;
}

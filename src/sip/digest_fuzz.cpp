// Any credentials and challenges: read or refused, never accepted without the password, and what the client writes back
// is well formed.

#include <cstdlib>
#include <string>

#include "sip/digest_client.hpp"
#include "sip/digest_server.hpp"
#include "sip/message_builder.hpp"

namespace {

using namespace dp::sip;

void require(bool condition) {
    if (!condition) std::abort();
}

// A message with the fuzzed value in one header; nothing when no builder would write it.
dp::Result<Message> message_with(std::string_view start, HeaderId header, std::string_view value) {
    std::string text(start);
    text.append("\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\nFrom: <sip:a@h>;tag=1\r\nTo: <sip:b@h>\r\nCall-ID: c\r\n");
    text.append("CSeq: 1 REGISTER\r\n").append(header_name(header)).append(": ").append(value).append("\r\n\r\n");
    return Message::parse(text);
}

void fuzz_server(std::string_view value) {
    dp::SeededRandom random(1);
    DigestServer server({.realm = "example.com"}, random, dp::TimePoint{});
    const auto request = message_with("REGISTER sip:example.com SIP/2.0", HeaderId::Authorization, value);
    if (!request) return;
    const DigestCheck check = server.check(**request, TransportKind::Udp, dp::TimePoint{}, [](auto, auto) {
        return std::optional(DigestSecret{"0123456789abcdef0123456789abcdef", {}});
    });
    require(check.outcome != DigestOutcome::Accepted);
    require(server.used_nonces() == 0);
}

void fuzz_client(std::string_view value) {
    dp::SeededRandom random(1);
    DigestClient client({"alice", "secret", {}}, random);
    const auto response = message_with("SIP/2.0 401 Unauthorized", HeaderId::WwwAuthenticate, value);
    if (!response) return;
    DigestAttempts attempts;
    const auto line = client.answer(**response, "REGISTER", "sip:example.com", attempts);
    if (!line) return;
    const auto credentials = parse_credentials(line->value);
    require(credentials.has_value());
    bool offered = false;
    for (const DigestChallenge& challenge : challenges(**response))
        offered = offered || challenge.realm == credentials->realm;
    require(offered);
    (void)client.preemptive("REGISTER", "sip:example.com");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view value(reinterpret_cast<const char*>(data), size);
    (void)parse_challenge(value);
    (void)parse_credentials(value);
    fuzz_server(value);
    fuzz_client(value);
    return 0;
}

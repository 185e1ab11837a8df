#pragma once
/// @file Who offers and answers in tests: our media and capabilities as a phone, a browser or an SDES phone has them.

#include <string_view>

#include "base/random.hpp"
#include "sdp/offer_answer.hpp"
#include "sdp/session_description.hpp"

namespace dp::sdp::test {

inline SessionDescription parsed(std::string_view text) {
    return parse(text).value();
}

inline LocalMedia plain_media(const char* at = "198.51.100.7:20000") {
    LocalMedia out;
    out.rtp = *Endpoint::parse(at);
    SeededRandom random(42);
    out.srtp_keys = SrtpKeys::fresh(random);
    return out;
}

inline LocalMedia browser_media() {
    LocalMedia out = plain_media("198.51.100.7:3478");
    Candidate host{.foundation = "1",
                   .priority = 2130706431,
                   .host = "198.51.100.7",
                   .address = out.rtp.address,
                   .port = 3478,
                   .tcp_type = {}};
    out.ice = IceAttributes{
        .ufrag = "ourufrag", .pwd = "ourpasswordourpassword00", .candidates = {host}, .end_of_candidates = true};
    out.fingerprints = {{"sha-256", std::vector<std::uint8_t>(32, 0xAB)}};
    return out;
}

inline Capabilities phone() {
    return {.codecs = {Codec::Pcmu, Codec::Pcma, Codec::G722}};
}

inline Capabilities browser() {
    Capabilities out{.codecs = {Codec::Opus, Codec::G722, Codec::Pcmu}};
    out.accepts = {.plain = false, .sdes = false, .dtls = true};
    out.offered_security = Security::Dtls;
    return out;
}

inline Capabilities sdes() {
    Capabilities out = phone();
    out.accepts = {.plain = false, .sdes = true};
    out.offered_security = Security::Sdes;
    return out;
}

inline DialogState fresh() {
    return {.origin = {"-", "1", "1", ""}};
}

}  // namespace dp::sdp::test

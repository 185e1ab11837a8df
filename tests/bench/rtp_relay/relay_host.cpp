// The media engine alone, for the relay benchmark: makes N calls between two generator addresses, prints one line per
// call
// (`port of leg A, port of leg B, key the generator protects with or -`), then `ready`, and relays until standard input
// closes.
//
//   relay_host MODE CALLS A_BASE B_BASE SOCKETS [TICK_US] [PORT]      MODE: rtp | srtp | opus | g722, PORT: own | shared
//
// The generator's end of call i is 127.0.0.1 + i / SOCKETS at port BASE + 2 (i mod SOCKETS): no two calls have the same.
#include <poll.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>

#include "base/crypto.hpp"
#include "media/engine.hpp"

namespace {

using namespace dp;
using namespace dp::media;

sdp::PayloadMapping mapping(sdp::Codec codec) {
    const auto& facts = sdp::facts(codec);
    return {facts.default_type, codec, facts.clock_rate};
}

sdp::NegotiatedAudio agreement(sdp::Codec codec, const Endpoint& remote) {
    sdp::NegotiatedAudio audio;
    audio.send = mapping(codec);
    audio.receive = {audio.send};
    audio.remote_rtp = remote;
    audio.opus.max_playback_rate = 8000;  // a browser would ask for 48000; the far leg is G.711 all the same
    return audio;
}

sdp::Codec codec_of(const std::string& mode) {
    if (mode == "opus") return sdp::Codec::Opus;
    if (mode == "g722") return sdp::Codec::G722;
    return sdp::Codec::Pcmu;
}

struct Calls {
    std::string mode;
    std::uint64_t count;
    std::uint16_t a_base, b_base, sockets;
    call::PortUse port;
};

void make_call(Engine& engine, Random& random, const Calls& calls, std::uint64_t i) {
    const auto generator = [&](std::uint16_t base) {
        return Endpoint{IpAddress::v4(static_cast<std::uint32_t>(0x7F000001 + i / calls.sockets)),
                        static_cast<std::uint16_t>(base + 2 * (i % calls.sockets))};
    };
    const bool secure = calls.mode == "srtp";
    const call::LegId a(2 * i + 1);
    const call::LegId b(2 * i + 2);
    call::MediaLegSpec spec;
    spec.transport = secure ? call::MediaTransport::Srtp : call::MediaTransport::Rtp;
    spec.port = calls.port;
    if (calls.port == call::PortUse::Shared) spec.policy = call::SourcePolicy::Strict;
    const auto local_a = engine.allocate(a, spec);
    spec.transport = call::MediaTransport::Rtp;
    spec.beside = a;
    const auto local_b = engine.allocate(b, spec);
    if (!local_a || !local_b) {
        std::fprintf(stderr, "%s\n", (local_a ? local_b : local_a).error().detail.c_str());
        std::exit(1);
    }
    auto audio = agreement(codec_of(calls.mode), generator(calls.a_base));
    std::string key = "-";
    if (secure) {
        const auto theirs = sdp::SrtpKeys::fresh(random).of(SrtpSuite::AesCm128HmacSha1_80);
        audio.security = sdp::Security::Sdes;
        audio.srtp = sdp::SrtpPair{local_a->srtp_keys.of(SrtpSuite::AesCm128HmacSha1_80), theirs, 0};
        key = crypto::hex(theirs.key_salt());
    }
    engine.configure(a, {audio, std::nullopt});
    engine.configure(b, {agreement(sdp::Codec::Pcmu, generator(calls.b_base)), std::nullopt});
    engine.connect(a, b);
    std::printf("%u %u %s\n", local_a->rtp.port, local_b->rtp.port, key.c_str());
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 6)
        return std::fprintf(stderr, "usage: relay_host MODE CALLS A_BASE B_BASE SOCKETS [TICK_US] [PORT]\n"), 2;
    const bool shared = argc > 7 && std::string(argv[7]) == "shared";
    const Calls calls{argv[1],
                      std::strtoull(argv[2], nullptr, 10),
                      static_cast<std::uint16_t>(std::atoi(argv[3])),
                      static_cast<std::uint16_t>(std::atoi(argv[4])),
                      static_cast<std::uint16_t>(std::atoi(argv[5])),
                      shared ? call::PortUse::Shared : call::PortUse::Own};
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
    Mailbox control(65536, [] {});
    SecureRandom random;
    MediaConfig config;
    config.first_port = 30000;
    config.last_port = 59999;
    if (argc > 6) config.tick = std::chrono::microseconds(std::atoi(argv[6]));
    auto engine = Engine::create(config, control, random);
    if (!engine) return std::fprintf(stderr, "%s\n", engine.error().detail.c_str()), 1;
    for (std::uint64_t i = 0; i < calls.count; ++i) {
        make_call(**engine, random, calls, i);
        control.drain(1024);
        while (!(*engine)->idle()) ::usleep(100);
    }
    std::printf("ready\n");
    std::fflush(stdout);
    for (pollfd input{0, POLLIN, 0}; ::poll(&input, 1, 1000) == 0;) control.drain(65536);
    return 0;
}

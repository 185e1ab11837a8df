/// SRTP per 172-octet packet: ours and, where its headers are installed, libsrtp2 in the same run. Sequence numbers
/// rise as in a call.
#include <benchmark/benchmark.h>

#include <cstring>
#include <vector>

#include "rtp/srtp.hpp"
#ifdef DIALPLANE_HAVE_LIBSRTP
#include <srtp2/srtp.h>
#endif

namespace {

using dp::SrtpSuite;

constexpr std::size_t kPacket = 172;

struct Buffer {
    std::vector<std::uint8_t> octets = std::vector<std::uint8_t>(kPacket + 64, 0x55);
    std::uint32_t index = 0;

    void next() {
        dp::rtp::write_header(octets,
                              {.sequence = static_cast<std::uint16_t>(index), .timestamp = index * 160, .ssrc = 1});
        ++index;
    }
};

std::vector<std::uint8_t> key_of(SrtpSuite suite) {
    return std::vector<std::uint8_t>(dp::key_salt_size(suite), 7);
}

void protect(benchmark::State& state, SrtpSuite suite) {
    auto sender = dp::rtp::SrtpSender::create(suite, key_of(suite)).value();
    Buffer buffer;
    for (auto _ : state) {
        buffer.next();
        const auto result = sender.protect(buffer.octets, kPacket);
        benchmark::DoNotOptimize(result);
        if (!result) state.SkipWithError("protect failed");
    }
}

/// Sealing a fresh packet for each round is part of the loop; protect()'s own figure is to be taken off.
void protect_and_unprotect(benchmark::State& state, SrtpSuite suite) {
    auto sender = dp::rtp::SrtpSender::create(suite, key_of(suite)).value();
    auto receiver = dp::rtp::SrtpReceiver::create(suite, key_of(suite)).value();
    Buffer buffer;
    for (auto _ : state) {
        buffer.next();
        const auto sealed = sender.protect(buffer.octets, kPacket);
        const auto result = receiver.unprotect(std::span(buffer.octets).first(sealed.size));
        if (!result) state.SkipWithError("unprotect failed");
    }
}

#ifdef DIALPLANE_HAVE_LIBSRTP

class LibsrtpSession {
public:
    LibsrtpSession(SrtpSuite suite, srtp_ssrc_type_t direction) : key_(key_of(suite)) {
        static const bool ready = srtp_init() == srtp_err_status_ok;
        srtp_policy_t policy{};
        if (dp::facts(suite).aead) {
            srtp_crypto_policy_set_aes_gcm_128_16_auth(&policy.rtp);
            srtp_crypto_policy_set_aes_gcm_128_16_auth(&policy.rtcp);
        } else {
            srtp_crypto_policy_set_aes_cm_128_hmac_sha1_80(&policy.rtp);
            srtp_crypto_policy_set_aes_cm_128_hmac_sha1_80(&policy.rtcp);
        }
        policy.ssrc.type = direction;
        policy.key = key_.data();
        policy.window_size = 128;
        valid_ = ready && srtp_create(&session_, &policy) == srtp_err_status_ok;
    }
    ~LibsrtpSession() { srtp_dealloc(session_); }
    LibsrtpSession(const LibsrtpSession&) = delete;
    LibsrtpSession& operator=(const LibsrtpSession&) = delete;

    bool apply(srtp_err_status_t (*step)(srtp_t, void*, int*), std::uint8_t* data, int& size) {
        return valid_ && step(session_, data, &size) == srtp_err_status_ok;
    }

private:
    std::vector<std::uint8_t> key_;
    srtp_t session_ = nullptr;
    bool valid_ = false;
};

void libsrtp_protect(benchmark::State& state, SrtpSuite suite) {
    LibsrtpSession session(suite, ssrc_any_outbound);
    Buffer buffer;
    for (auto _ : state) {
        buffer.next();
        int size = kPacket;
        if (!session.apply(srtp_protect, buffer.octets.data(), size)) state.SkipWithError("protect failed");
    }
}

void libsrtp_protect_and_unprotect(benchmark::State& state, SrtpSuite suite) {
    LibsrtpSession sender(suite, ssrc_any_outbound);
    LibsrtpSession receiver(suite, ssrc_any_inbound);
    Buffer buffer;
    for (auto _ : state) {
        buffer.next();
        int size = kPacket;
        const bool done = sender.apply(srtp_protect, buffer.octets.data(), size) &&
                          receiver.apply(srtp_unprotect, buffer.octets.data(), size);
        if (!done) state.SkipWithError("unprotect failed");
    }
}

BENCHMARK_CAPTURE(libsrtp_protect, cm128_sha1_80, SrtpSuite::AesCm128HmacSha1_80);
BENCHMARK_CAPTURE(libsrtp_protect_and_unprotect, cm128_sha1_80, SrtpSuite::AesCm128HmacSha1_80);
BENCHMARK_CAPTURE(libsrtp_protect, gcm128, SrtpSuite::AeadAes128Gcm);
BENCHMARK_CAPTURE(libsrtp_protect_and_unprotect, gcm128, SrtpSuite::AeadAes128Gcm);

#endif

BENCHMARK_CAPTURE(protect, cm128_sha1_80, SrtpSuite::AesCm128HmacSha1_80);
BENCHMARK_CAPTURE(protect_and_unprotect, cm128_sha1_80, SrtpSuite::AesCm128HmacSha1_80);
BENCHMARK_CAPTURE(protect, gcm128, SrtpSuite::AeadAes128Gcm);
BENCHMARK_CAPTURE(protect_and_unprotect, gcm128, SrtpSuite::AeadAes128Gcm);
BENCHMARK_CAPTURE(protect, gcm256, SrtpSuite::AeadAes256Gcm);
BENCHMARK_CAPTURE(protect, cm256_sha1_80, SrtpSuite::AesCm256HmacSha1_80);

}  // namespace

BENCHMARK_MAIN();

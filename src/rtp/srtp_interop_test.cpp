/// Our SRTP against libsrtp2 on the other side, both ways.
#ifdef DIALPLANE_HAVE_LIBSRTP

#include <gtest/gtest.h>
#include <srtp2/srtp.h>

#include <algorithm>
#include <cstring>
#include <deque>
#include <vector>

#include "base/random.hpp"
#include "rtp/srtp.hpp"
#include "rtp/wire.hpp"

namespace dp::rtp {
namespace {

using Octets = std::vector<std::uint8_t>;

void set_policy(SrtpSuite suite, srtp_crypto_policy_t& rtp, srtp_crypto_policy_t& rtcp) {
    switch (suite) {
        case SrtpSuite::AeadAes128Gcm:
            srtp_crypto_policy_set_aes_gcm_128_16_auth(&rtp);
            srtp_crypto_policy_set_aes_gcm_128_16_auth(&rtcp);
            return;
        case SrtpSuite::AeadAes256Gcm:
            srtp_crypto_policy_set_aes_gcm_256_16_auth(&rtp);
            srtp_crypto_policy_set_aes_gcm_256_16_auth(&rtcp);
            return;
        case SrtpSuite::AesCm128HmacSha1_80:
            srtp_crypto_policy_set_aes_cm_128_hmac_sha1_80(&rtp);
            srtp_crypto_policy_set_aes_cm_128_hmac_sha1_80(&rtcp);
            return;
        case SrtpSuite::AesCm128HmacSha1_32:
            srtp_crypto_policy_set_aes_cm_128_hmac_sha1_32(&rtp);
            srtp_crypto_policy_set_aes_cm_128_hmac_sha1_80(&rtcp);  // RFC 3711 5.2
            return;
        case SrtpSuite::AesCm256HmacSha1_80:
            srtp_crypto_policy_set_aes_cm_256_hmac_sha1_80(&rtp);
            srtp_crypto_policy_set_aes_cm_256_hmac_sha1_80(&rtcp);
            return;
    }
}

class Peer {
public:
    enum class Direction : std::uint8_t { Sends, Receives };

    Peer(SrtpSuite suite, Octets key, Direction direction) : key_(std::move(key)) {
        static const bool ready = srtp_init() == srtp_err_status_ok;
        EXPECT_TRUE(ready);
        srtp_policy_t policy{};
        set_policy(suite, policy.rtp, policy.rtcp);
        policy.ssrc.type = direction == Direction::Sends ? ssrc_any_outbound : ssrc_any_inbound;
        policy.key = key_.data();
        policy.window_size = 128;
        EXPECT_EQ(srtp_create(&session_, &policy), srtp_err_status_ok);
    }
    ~Peer() { srtp_dealloc(session_); }
    Peer(const Peer&) = delete;
    Peer& operator=(const Peer&) = delete;

    bool apply(srtp_err_status_t (*step)(srtp_t, void*, int*), Octets& packet) {
        int size = static_cast<int>(packet.size());
        packet.resize(packet.size() + 64);
        const bool done = step(session_, packet.data(), &size) == srtp_err_status_ok;
        packet.resize(static_cast<std::size_t>(size));
        return done;
    }

private:
    Octets key_;
    srtp_t session_ = nullptr;
};

/// Random payload, CSRCs and extension.
Octets random_packet(Random& random, std::uint16_t sequence) {
    const std::size_t csrcs = random.between(0, 3) == 0 ? random.between(1, 15) : 0;
    const bool extended = random.between(0, 3) == 0;
    const std::size_t words = extended ? random.between(0, 4) : 0;
    const std::size_t header = kFixedHeader + 4 * csrcs + (extended ? 4 + 4 * words : 0);
    Octets out(header + random.between(0, 200));
    random.fill(out);
    write_header(out, {.payload_type = 111, .sequence = sequence, .timestamp = random.next_u32(), .ssrc = 0x1234});
    out[0] = static_cast<std::uint8_t>(0x80U | csrcs | (extended ? 0x10U : 0U));
    if (extended) wire::store32(out.data() + kFixedHeader + 4 * csrcs, 0xBEDE0000U | static_cast<std::uint32_t>(words));
    return out;
}

Octets random_report(Random& random) {
    Octets out(8 + 4 * random.between(5, 40));
    random.fill(out);
    out[0] = 0x80;
    out[1] = 200;
    wire::store16(out.data() + 2, static_cast<std::uint16_t>(out.size() / 4 - 1));
    wire::store32(out.data() + 4, 0x1234);
    return out;
}

bool protect(SrtpSender& sender, Octets& packet, SrtpResult (SrtpSender::*step)(MutableBytes, std::size_t)) {
    const std::size_t size = packet.size();
    packet.resize(size + kSrtpTailroom);
    const auto result = (sender.*step)(packet, size);
    packet.resize(result.size);
    return static_cast<bool>(result);
}

bool unprotect(SrtpReceiver& receiver, Octets& packet, SrtpResult (SrtpReceiver::*step)(MutableBytes)) {
    const auto result = (receiver.*step)(packet);
    packet.resize(result.size);
    return static_cast<bool>(result);
}

/// Loses some packets and delays others by up to 30 places.
class Network {
public:
    explicit Network(Random& random) : random_(random) {}

    void put(std::uint64_t at, Octets sealed, Octets plain) {
        if (random_.between(0, 19) == 0) return;
        const std::uint64_t due = at + (random_.between(0, 9) == 0 ? random_.between(1, 30) : 0);
        flight_.push_back({due, std::move(sealed), std::move(plain)});
    }

    template <class Deliver>
    void deliver(std::uint64_t at, Deliver deliver) {
        std::erase_if(flight_, [&](Item& item) {
            if (item.due > at) return false;
            deliver(item.sealed, item.plain);
            return true;
        });
    }

private:
    struct Item {
        std::uint64_t due;
        Octets sealed;
        Octets plain;
    };
    Random& random_;
    std::deque<Item> flight_;
};

constexpr SrtpSuite kSuites[] = {SrtpSuite::AeadAes128Gcm, SrtpSuite::AeadAes256Gcm, SrtpSuite::AesCm128HmacSha1_80,
                                 SrtpSuite::AesCm128HmacSha1_32, SrtpSuite::AesCm256HmacSha1_80};

class SrtpInterop : public testing::TestWithParam<SrtpSuite> {
protected:
    static constexpr std::uint64_t kPackets = 100'000;
    static constexpr std::uint64_t kStep =
        2;  ///< every second sequence number: two wraps of the counter in 10^5 packets
};
INSTANTIATE_TEST_SUITE_P(All, SrtpInterop, testing::ValuesIn(kSuites));

TEST_P(SrtpInterop, LibsrtpReadsWhatWeSend) {
    SeededRandom random(5);
    Octets key(key_salt_size(GetParam()));
    random.fill(key);
    auto ours = SrtpSender::create(GetParam(), key).value();
    Peer theirs(GetParam(), key, Peer::Direction::Receives);
    Network network(random);
    std::uint64_t wrong = 0;
    for (std::uint64_t i = 0; i < kPackets; ++i) {
        const Octets plain = random_packet(random, static_cast<std::uint16_t>(1000 + i * kStep));
        Octets sealed = plain;
        ASSERT_TRUE(protect(ours, sealed, &SrtpSender::protect));
        network.put(i, std::move(sealed), plain);
        network.deliver(i, [&](Octets& got, const Octets& expected) {
            wrong += !theirs.apply(srtp_unprotect, got) || got != expected;
        });
    }
    EXPECT_EQ(wrong, 0u);
}

TEST_P(SrtpInterop, WeReadWhatLibsrtpSends) {
    SeededRandom random(6);
    Octets key(key_salt_size(GetParam()));
    random.fill(key);
    Peer theirs(GetParam(), key, Peer::Direction::Sends);
    auto ours = SrtpReceiver::create(GetParam(), key).value();
    Network network(random);
    std::uint64_t wrong = 0;
    for (std::uint64_t i = 0; i < kPackets; ++i) {
        const Octets plain = random_packet(random, static_cast<std::uint16_t>(1000 + i * kStep));
        Octets sealed = plain;
        ASSERT_TRUE(theirs.apply(srtp_protect, sealed));
        network.put(i, std::move(sealed), plain);
        network.deliver(i, [&](Octets& got, const Octets& expected) {
            wrong += !unprotect(ours, got, &SrtpReceiver::unprotect) || got != expected;
        });
    }
    EXPECT_EQ(wrong, 0u);
}

TEST_P(SrtpInterop, ReportsCrossBothWays) {
    SeededRandom random(7);
    Octets key(key_salt_size(GetParam()));
    random.fill(key);
    auto our_sender = SrtpSender::create(GetParam(), key).value();
    auto our_receiver = SrtpReceiver::create(GetParam(), key).value();
    Peer their_sender(GetParam(), key, Peer::Direction::Sends);
    Peer their_receiver(GetParam(), key, Peer::Direction::Receives);
    for (int i = 0; i < 5000; ++i) {
        const Octets plain = random_report(random);
        Octets packet = plain;
        ASSERT_TRUE(protect(our_sender, packet, &SrtpSender::protect_rtcp));
        ASSERT_TRUE(their_receiver.apply(srtp_unprotect_rtcp, packet));
        ASSERT_EQ(packet, plain);
        ASSERT_TRUE(their_sender.apply(srtp_protect_rtcp, packet));
        ASSERT_TRUE(unprotect(our_receiver, packet, &SrtpReceiver::unprotect_rtcp));
        ASSERT_EQ(packet, plain);
    }
}

}  // namespace
}  // namespace dp::rtp

#endif

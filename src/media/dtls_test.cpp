#include "media/dtls.hpp"

#include <gtest/gtest.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>

#include <algorithm>

namespace dp::media {
namespace {

using Datagrams = std::vector<std::vector<std::uint8_t>>;

/// OpenSSL as a browser would use it, over memory; what it writes is cut into one datagram per record.
class OpensslClient {
public:
    explicit OpensslClient(const char* profiles, unsigned mtu = 1200) : context_(SSL_CTX_new(DTLS_method())) {
        char curve[] = "P-256";
        EVP_PKEY* key = EVP_EC_gen(curve);
        certificate_ = X509_new();
        X509_set_version(certificate_, 2);
        X509_gmtime_adj(X509_getm_notBefore(certificate_), 0);
        X509_gmtime_adj(X509_getm_notAfter(certificate_), 3600);
        X509_set_pubkey(certificate_, key);
        X509_sign(certificate_, key, EVP_sha256());
        SSL_CTX_use_certificate(context_, certificate_);
        SSL_CTX_use_PrivateKey(context_, key);
        EVP_PKEY_free(key);
        if (profiles) SSL_CTX_set_tlsext_use_srtp(context_, profiles);
        SSL_CTX_set_options(context_, SSL_OP_NO_QUERY_MTU);
        ssl_ = SSL_new(context_);
        in_ = BIO_new(BIO_s_mem());
        out_ = BIO_new(BIO_s_mem());
        BIO_set_mem_eof_return(in_, -1);
        SSL_set_bio(ssl_, in_, out_);
        SSL_set_mtu(ssl_, mtu);
        std::array<unsigned char, 256> protocols{};  // only to make the ClientHello longer
        protocols[0] = 255;
        SSL_set_alpn_protos(ssl_, protocols.data(), protocols.size());
        SSL_set_connect_state(ssl_);
    }
    ~OpensslClient() {
        X509_free(certificate_);
        SSL_free(ssl_);
        SSL_CTX_free(context_);
    }
    OpensslClient(const OpensslClient&) = delete;
    OpensslClient& operator=(const OpensslClient&) = delete;

    /// One datagram in (or none), every record it answers with out.
    Datagrams step(std::span<const std::uint8_t> datagram = {}) {
        if (!datagram.empty()) BIO_write(in_, datagram.data(), static_cast<int>(datagram.size()));
        SSL_do_handshake(ssl_);
        ERR_clear_error();
        std::array<std::uint8_t, 16384> flight{};
        const int size = BIO_read(out_, flight.data(), static_cast<int>(flight.size()));
        Datagrams records;
        constexpr std::size_t kHeader = 13;
        for (std::size_t at = 0; size > 0 && at + kHeader <= static_cast<std::size_t>(size);) {
            const std::size_t length = kHeader + (flight[at + 11] << 8 | flight[at + 12]);
            records.emplace_back(flight.begin() + static_cast<std::ptrdiff_t>(at),
                                 flight.begin() + static_cast<std::ptrdiff_t>(at + length));
            at += length;
        }
        return records;
    }
    bool up() const { return SSL_is_init_finished(ssl_) == 1; }
    std::array<std::uint8_t, 60> exported(std::size_t size) const {
        std::array<std::uint8_t, 60> out{};
        SSL_export_keying_material(ssl_, out.data(), size, "EXTRACTOR-dtls_srtp", 19, nullptr, 0, 0);
        return out;
    }
    sdp::Fingerprint fingerprint(const char* name, const EVP_MD* algorithm) const {
        sdp::Fingerprint out{name, std::vector<std::uint8_t>(EVP_MAX_MD_SIZE)};
        unsigned size = 0;
        X509_digest(certificate_, algorithm, out.digest.data(), &size);
        out.digest.resize(size);
        return out;
    }

private:
    SSL_CTX* context_;
    SSL* ssl_ = nullptr;
    X509* certificate_ = nullptr;
    BIO* in_ = nullptr;
    BIO* out_ = nullptr;
};

class DtlsTest : public testing::Test {
protected:
    void listen() {
        server_ = std::make_unique<DtlsAssociation>(identity_, DtlsRole::Server, now_, [this](auto datagram) {
            sent_.emplace_back(datagram.begin(), datagram.end());
        });
    }
    /// Carries datagrams to and fro until nobody has more to say; `loses(i)` drops the client's i-th datagram.
    void shake(OpensslClient& client, const std::function<bool(int)>& loses = [](int) { return false; }) {
        int index = 0;
        Datagrams from_client = client.step();
        for (int round = 0; round < 20 && server_->state() == DtlsState::Handshaking; ++round) {
            for (const auto& datagram : from_client)
                if (!loses(index++)) server_->receive(datagram);
            const Datagrams flight = std::exchange(from_client, {});
            server_->step(now_);
            for (const auto& datagram : std::exchange(sent_, {})) {
                all_.push_back(datagram);
                for (auto& answer : client.step(datagram)) from_client.push_back(std::move(answer));
            }
            if (from_client.empty()) from_client = flight;  // nobody answered: the client repeats itself
        }
        for (const auto& datagram : std::exchange(sent_, {})) client.step(datagram);
    }

    TimePoint now_{std::chrono::hours(1)};
    std::shared_ptr<DtlsIdentity> identity_ = *DtlsIdentity::create();
    std::unique_ptr<DtlsAssociation> server_;
    Datagrams sent_;
    Datagrams all_;
};

TEST_F(DtlsTest, BothEndsExportTheSameKeys) {
    listen();
    OpensslClient client("SRTP_AEAD_AES_128_GCM");
    shake(client);
    ASSERT_EQ(server_->state(), DtlsState::Up);
    ASSERT_TRUE(client.up());
    const auto keys = server_->keys();
    ASSERT_TRUE(keys);
    EXPECT_EQ(keys->local.suite, SrtpSuite::AeadAes128Gcm);
    const auto material = client.exported(56);  // client key, server key, client salt, server salt
    EXPECT_TRUE(std::equal(&material[0], &material[16], keys->remote.bytes.begin()));
    EXPECT_TRUE(std::equal(&material[16], &material[32], keys->local.bytes.begin()));
    EXPECT_TRUE(std::equal(&material[32], &material[44], keys->remote.bytes.begin() + 16));
    EXPECT_TRUE(std::equal(&material[44], &material[56], keys->local.bytes.begin() + 16));
}

TEST_F(DtlsTest, TakesTheCounterModeProfileWhenThatIsAllThereIs) {
    listen();
    OpensslClient client("SRTP_AES128_CM_SHA1_80");
    shake(client);
    ASSERT_EQ(server_->state(), DtlsState::Up);
    EXPECT_EQ(server_->keys()->remote.suite, SrtpSuite::AesCm128HmacSha1_80);
}

TEST_F(DtlsTest, WithoutAnSrtpProfileItFails) {
    listen();
    OpensslClient client(nullptr);
    shake(client);
    EXPECT_EQ(server_->state(), DtlsState::Failed);
    EXPECT_EQ(server_->failure(), DtlsFailure::NoSrtpProfile);
    EXPECT_FALSE(server_->keys());
}

TEST_F(DtlsTest, AClientHelloInSeveralRecordsConnectsEvenWhenOneIsLost) {
    for (int lost : {-1, 0, 1}) {
        listen();
        all_.clear();
        OpensslClient client("SRTP_AEAD_AES_128_GCM", 300);
        ASSERT_GE(OpensslClient("SRTP_AEAD_AES_128_GCM", 300).step().size(), 2U);
        shake(client, [&](int i) { return i == lost; });
        EXPECT_EQ(server_->state(), DtlsState::Up) << lost;
    }
}

TEST_F(DtlsTest, DatagramsFitTheMtuAndAreNotCutSmall) {
    listen();
    OpensslClient client("SRTP_AEAD_AES_128_GCM");
    shake(client);
    ASSERT_FALSE(all_.empty());
    for (const auto& datagram : all_) {
        EXPECT_LE(datagram.size(), kDtlsMtu);
        EXPECT_NE(datagram.size(), 256U);  // what OpenSSL falls back to when nobody answers its MTU questions
    }
}

TEST_F(DtlsTest, AnySignalledFingerprintOfAStrongHashIsEnough) {
    listen();
    OpensslClient client("SRTP_AEAD_AES_128_GCM");
    shake(client);
    ASSERT_EQ(server_->state(), DtlsState::Up);
    for (auto [name, algorithm] :
         {std::pair{"sha-256", EVP_sha256()}, {"sha-384", EVP_sha384()}, {"sha-512", EVP_sha512()}}) {
        const std::vector both{sdp::Fingerprint{"sha-256", std::vector<std::uint8_t>(32)},
                               client.fingerprint(name, algorithm)};
        EXPECT_TRUE(server_->peer_is(both)) << name;
    }
    EXPECT_FALSE(server_->peer_is(std::vector{client.fingerprint("sha-1", EVP_sha1())}));
    EXPECT_FALSE(server_->peer_is({}));
}

TEST_F(DtlsTest, RepeatsItsFlightAndGivesUpAfterFifteenSeconds) {
    listen();
    OpensslClient client("SRTP_AEAD_AES_128_GCM");
    for (const auto& record : client.step()) server_->receive(record);
    server_->step(now_);
    const std::size_t first_flight = std::exchange(sent_, {}).size();
    EXPECT_GT(first_flight, 0U);
    EXPECT_LE(server_->deadline() - now_, std::chrono::seconds(2));
    now_ += std::chrono::seconds(15);
    server_->step(now_);
    EXPECT_EQ(server_->state(), DtlsState::Failed);
    EXPECT_EQ(server_->failure(), DtlsFailure::TimedOut);
    EXPECT_EQ(server_->deadline(), kNever);
}

TEST_F(DtlsTest, GarbageIsIgnored) {
    listen();
    std::vector<std::uint8_t> garbage(200);
    for (std::size_t i = 0; i < garbage.size(); ++i) garbage[i] = static_cast<std::uint8_t>(i * 7 + 22);
    for (int i = 0; i < 100; ++i) server_->receive(garbage);
    server_->step(now_);
    EXPECT_EQ(server_->state(), DtlsState::Handshaking);
    OpensslClient client("SRTP_AEAD_AES_128_GCM");
    shake(client);
    EXPECT_EQ(server_->state(), DtlsState::Up);
}

}  // namespace
}  // namespace dp::media

#include "media/dtls.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <deque>

namespace dp::media {
namespace {

constexpr std::size_t kQueueLimit = 16;
constexpr unsigned kFirstTimeoutMicros = 150'000;
constexpr unsigned kLongestTimeoutMicros = 2'000'000;
constexpr int kIpv6UdpOverhead = 48;
constexpr const char* kProfiles = "SRTP_AEAD_AES_128_GCM:SRTP_AES128_CM_SHA1_80";
constexpr const char* kCiphers =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-CHACHA20-"
    "POLY1305";
constexpr std::string_view kExporterLabel = "EXTRACTOR-dtls_srtp";

template <auto Free>
struct Freed {
    template <class T>
    void operator()(T* object) const {
        Free(object);
    }
};
using Certificate = std::unique_ptr<X509, Freed<X509_free>>;
using PrivateKey = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;
using SslContext = std::unique_ptr<SSL_CTX, Freed<SSL_CTX_free>>;
using Method = std::unique_ptr<BIO_METHOD, Freed<BIO_meth_free>>;

std::vector<std::uint8_t> digest_of(const X509* certificate, const EVP_MD* algorithm) {
    std::vector<std::uint8_t> digest(EVP_MAX_MD_SIZE);
    unsigned size = 0;
    if (X509_digest(certificate, algorithm, digest.data(), &size) != 1) size = 0;
    digest.resize(size);
    return digest;
}

const EVP_MD* algorithm_named(std::string_view name) {
    if (name == "sha-256") return EVP_sha256();
    if (name == "sha-384") return EVP_sha384();
    if (name == "sha-512") return EVP_sha512();
    return nullptr;
}

Certificate self_signed(EVP_PKEY* key) {
    constexpr long kDay = 86400;
    Certificate certificate(X509_new());
    X509* x = certificate.get();
    X509_set_version(x, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
    X509_gmtime_adj(X509_getm_notBefore(x), -kDay);
    X509_gmtime_adj(X509_getm_notAfter(x), 365 * kDay);
    X509_NAME* name = X509_get_subject_name(x);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("dialplane"), -1, -1,
                               0);
    X509_set_issuer_name(x, name);
    X509_set_pubkey(x, key);
    return X509_sign(x, key, EVP_sha256()) > 0 ? std::move(certificate) : nullptr;
}

/// RFC 6347 section 4.2.4.1 asks for 1 s; a browser behind 150 ms of air should not wait that long for a lost flight.
unsigned next_timeout(SSL*, unsigned previous_micros) {
    return previous_micros == 0 ? kFirstTimeoutMicros : std::min(previous_micros * 2, kLongestTimeoutMicros);
}

}  // namespace

/// One association's OpenSSL object and its two ends: a queue of datagrams in, a callback out.
struct DtlsWire {
    std::deque<std::vector<std::uint8_t>> incoming;
    DtlsAssociation::Send send;
    std::unique_ptr<SSL, Freed<SSL_free>> ssl;
};

namespace {

DtlsWire& wire_of(BIO* bio) {
    return *static_cast<DtlsWire*>(BIO_get_data(bio));
}

int write_datagram(BIO* bio, const char* data, int size) {
    wire_of(bio).send({reinterpret_cast<const std::uint8_t*>(data), static_cast<std::size_t>(size)});
    return size;
}

int read_datagram(BIO* bio, char* data, int size) {
    auto& incoming = wire_of(bio).incoming;
    BIO_clear_retry_flags(bio);
    if (incoming.empty()) {
        BIO_set_retry_read(bio);
        return -1;
    }
    const std::size_t count = std::min(static_cast<std::size_t>(size), incoming.front().size());
    std::memcpy(data, incoming.front().data(), count);
    incoming.pop_front();
    return static_cast<int>(count);
}

long control(BIO*, int command, long, void*) {
    switch (command) {
        case BIO_CTRL_FLUSH:
            return 1;
        case BIO_CTRL_DGRAM_GET_MTU_OVERHEAD:
            return kIpv6UdpOverhead;
        case BIO_CTRL_DGRAM_QUERY_MTU:
            return static_cast<long>(kDtlsMtu);
        default:
            return 0;
    }
}

Method datagram_method() {
    Method method(BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "datagrams"));
    if (!method) return nullptr;
    BIO_meth_set_create(method.get(), [](BIO* bio) {
        BIO_set_init(bio, 1);
        return 1;
    });
    BIO_meth_set_write(method.get(), write_datagram);
    BIO_meth_set_read(method.get(), read_datagram);
    BIO_meth_set_ctrl(method.get(), control);
    return method;
}

/// Trust is the fingerprint, checked after the handshake; the chain of a self-signed certificate says nothing.
int accept_any_chain(int, X509_STORE_CTX*) {
    return 1;
}

bool configure(SSL_CTX* ssl, X509* certificate, EVP_PKEY* key) {
    char groups[] = "X25519:P-256";  // OpenSSL's macros cast constness away
    SSL_CTX_set_options(ssl, SSL_OP_NO_QUERY_MTU | SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION);
    SSL_CTX_set_session_cache_mode(ssl, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_verify(ssl, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, accept_any_chain);
    return SSL_CTX_set_min_proto_version(ssl, DTLS1_2_VERSION) == 1 && SSL_CTX_use_certificate(ssl, certificate) == 1 &&
           SSL_CTX_use_PrivateKey(ssl, key) == 1 && SSL_CTX_set_cipher_list(ssl, kCiphers) == 1 &&
           SSL_CTX_set1_groups_list(ssl, groups) == 1 &&
           SSL_CTX_set_tlsext_use_srtp(ssl, kProfiles) == 0;  // 0 is success here
}

}  // namespace

struct DtlsIdentity::Context {
    SslContext ssl;
    Method method;
};

DtlsIdentity::DtlsIdentity(std::unique_ptr<Context> context, sdp::Fingerprint fingerprint)
    : context_(std::move(context)), fingerprint_(std::move(fingerprint)) {}
DtlsIdentity::~DtlsIdentity() = default;

Result<std::shared_ptr<DtlsIdentity>> DtlsIdentity::create() {
    char curve[] = "P-256";
    const PrivateKey key(EVP_EC_gen(curve));
    const Certificate certificate = key ? self_signed(key.get()) : nullptr;
    auto context = std::make_unique<Context>(SslContext(SSL_CTX_new(DTLS_method())), datagram_method());
    if (!certificate || !context->ssl || !context->method ||
        !configure(context->ssl.get(), certificate.get(), key.get()))
        return dp::fail(ErrorCode::Internal, "OpenSSL refused the DTLS set-up.");
    sdp::Fingerprint fingerprint{"sha-256", digest_of(certificate.get(), EVP_sha256())};
    return std::shared_ptr<DtlsIdentity>(new DtlsIdentity(std::move(context), std::move(fingerprint)));
}

DtlsAssociation::DtlsAssociation(std::shared_ptr<const DtlsIdentity> identity, DtlsRole role, TimePoint now, Send send)
    : identity_(std::move(identity)),
      role_(role),
      limit_(now + kDtlsHandshakeLimit),
      wire_(std::make_unique<DtlsWire>()) {
    wire_->send = std::move(send);
    SSL* ssl = SSL_new(identity_->context().ssl.get());
    BIO* bio = BIO_new(identity_->context().method.get());
    wire_->ssl.reset(ssl);
    if (!ssl || !bio) {
        BIO_free(bio);
        fail(DtlsFailure::Handshake);
        return;
    }
    BIO_set_data(bio, wire_.get());
    SSL_set_bio(ssl, bio, bio);
    SSL_set_mtu(ssl, kDtlsMtu);
    DTLS_set_link_mtu(ssl, kDtlsMtu);
    DTLS_set_timer_cb(ssl, next_timeout);
    if (role == DtlsRole::Server)
        SSL_set_accept_state(ssl);
    else
        SSL_set_connect_state(ssl);
}

DtlsAssociation::~DtlsAssociation() = default;

void DtlsAssociation::receive(std::span<const std::uint8_t> datagram) {
    if (wire_->incoming.size() < kQueueLimit) wire_->incoming.emplace_back(datagram.begin(), datagram.end());
}

bool DtlsAssociation::has_input() const {
    return !wire_->incoming.empty() && (state_ == DtlsState::Handshaking || state_ == DtlsState::Up);
}

TimePoint DtlsAssociation::deadline() const {
    if (state_ != DtlsState::Handshaking) return kNever;
    return started_ ? std::min(timer_, limit_) : TimePoint{};
}

void DtlsAssociation::step(TimePoint now) {
    if (state_ == DtlsState::Handshaking && now >= limit_) return fail(DtlsFailure::TimedOut);
    ERR_clear_error();
    started_ = true;
    if (state_ == DtlsState::Handshaking) {
        if (now >= timer_) DTLSv1_handle_timeout(wire_->ssl.get());
        advance_handshake();
        timeval left{};
        timer_ = DTLSv1_get_timeout(wire_->ssl.get(), &left) == 1
                     ? now + std::chrono::seconds(left.tv_sec) + std::chrono::microseconds(left.tv_usec)
                     : kNever;
    }
    if (state_ == DtlsState::Up) read_alerts();
}

/// One datagram may hold several records and the queue several datagrams: on until OpenSSL wants more.
void DtlsAssociation::advance_handshake() {
    SSL* ssl = wire_->ssl.get();
    const int result = SSL_do_handshake(ssl);
    if (result == 1) {
        state_ = DtlsState::Up;
        if (!SSL_get_selected_srtp_profile(ssl)) fail(DtlsFailure::NoSrtpProfile);
        return;
    }
    const int error = SSL_get_error(ssl, result);
    if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE) fail(DtlsFailure::Handshake);
}

void DtlsAssociation::read_alerts() {
    std::array<std::uint8_t, kDtlsMtu> ignored{};
    SSL* ssl = wire_->ssl.get();
    while (!wire_->incoming.empty()) {
        const std::size_t before = wire_->incoming.size();
        const int result = SSL_read(ssl, ignored.data(), static_cast<int>(ignored.size()));
        if ((SSL_get_shutdown(ssl) & SSL_RECEIVED_SHUTDOWN) != 0) {
            state_ = DtlsState::Closed;
            return;
        }
        if (result <= 0 && wire_->incoming.size() == before) wire_->incoming.pop_front();
    }
}

void DtlsAssociation::fail(DtlsFailure reason) {
    state_ = DtlsState::Failed;
    failure_ = reason;
    ERR_clear_error();
}

std::optional<DtlsKeys> DtlsAssociation::keys() const {
    if (state_ != DtlsState::Up) return std::nullopt;
    SSL* ssl = wire_->ssl.get();
    const bool gcm = SSL_get_selected_srtp_profile(ssl)->id == SRTP_AEAD_AES_128_GCM;
    const SrtpSuite suite = gcm ? SrtpSuite::AeadAes128Gcm : SrtpSuite::AesCm128HmacSha1_80;
    const std::size_t key = dp::facts(suite).key;
    const std::size_t salt = dp::facts(suite).salt;
    // RFC 5764 section 4.2: client key, server key, client salt, server salt; no context.
    std::array<std::uint8_t, 2 * kMaxSrtpKeySalt> material{};
    if (SSL_export_keying_material(ssl, material.data(), 2 * (key + salt), kExporterLabel.data(), kExporterLabel.size(),
                                   nullptr, 0, 0) != 1)
        return std::nullopt;
    const auto side = [&](std::size_t index) {
        sdp::SrtpKey out{suite, {}};
        std::memcpy(out.bytes.data(), &material[index * key], key);
        std::memcpy(out.bytes.data() + key, &material[2 * key + index * salt], salt);
        return out;
    };
    DtlsKeys keys{side(1), side(0)};
    if (role_ == DtlsRole::Client) std::swap(keys.local, keys.remote);
    return keys;
}

bool DtlsAssociation::peer_is(std::span<const sdp::Fingerprint> fingerprints) const {
    const Certificate peer(SSL_get1_peer_certificate(wire_->ssl.get()));
    if (!peer) return false;
    return std::ranges::any_of(fingerprints, [&](const sdp::Fingerprint& expected) {
        const EVP_MD* algorithm = algorithm_named(expected.algorithm);
        return algorithm && digest_of(peer.get(), algorithm) == expected.digest;
    });
}

void DtlsAssociation::close() {
    if (state_ == DtlsState::Up) SSL_shutdown(wire_->ssl.get());
    state_ = DtlsState::Closed;
}

}  // namespace dp::media

#include "net/stream_socket.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>

namespace dp::net {
namespace {

constexpr std::size_t kMaxGather = 16;

IoOutcome from_errno(IoStatus when_blocked) {
    if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) return {when_blocked, 0};
    return {errno == ECONNRESET || errno == EPIPE || errno == ETIMEDOUT ? IoStatus::Reset : IoStatus::Failed, 0};
}

int clamped(std::size_t size) {
    return static_cast<int>(std::min<std::size_t>(size, INT_MAX));
}

}  // namespace

StreamSocket::~StreamSocket() {
    if (tls_) SSL_free(tls_);
    if (descriptor_ >= 0) ::close(descriptor_);
}

Result<void> StreamSocket::start_tls(const TlsContext& context, TlsRole role, const std::string& server_name) {
    tls_ = SSL_new(context.native());
    if (!tls_ || SSL_set_fd(tls_, descriptor_) != 1) return fail(ErrorCode::Internal, "TLS session could not be made");
    if (role == TlsRole::Server) {
        SSL_set_accept_state(tls_);
        return {};
    }
    SSL_set_connect_state(tls_);
    if (server_name.empty()) {
        if (context.verification() == PeerVerification::None) return {};
        return fail(ErrorCode::InvalidValue, "a verified TLS connection needs the server's name", "server_name");
    }
    // RFC 6066 section 3: SNI carries DNS names only.
    const bool numeric = IpAddress::parse(server_name).has_value();
    const int named = numeric ? X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(tls_), server_name.c_str())
                              : (SSL_set_tlsext_host_name(tls_, server_name.c_str()) == 1 &&
                                 SSL_set1_host(tls_, server_name.c_str()) == 1);
    if (named != 1) return fail(ErrorCode::InvalidValue, "not a host name: " + server_name, "server_name");
    return {};
}

IoOutcome StreamSocket::tls_outcome(int returned) const {
    switch (SSL_get_error(tls_, returned)) {
        case SSL_ERROR_WANT_READ:
            return {IoStatus::WantRead, 0};
        case SSL_ERROR_WANT_WRITE:
            return {IoStatus::WantWrite, 0};
        case SSL_ERROR_ZERO_RETURN:
            return {IoStatus::End, 0};
        case SSL_ERROR_SYSCALL:
            return errno == 0 ? IoOutcome{IoStatus::Reset, 0} : from_errno(IoStatus::WantRead);
        default:
            break;
    }
    // A FIN without close_notify (OpenSSL 3 says SSL_R_UNEXPECTED_EOF_WHILE_READING) is how most peers leave.
    return {ERR_GET_REASON(ERR_peek_last_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING ? IoStatus::Reset
                                                                                        : IoStatus::Failed,
            0};
}

IoOutcome StreamSocket::handshake() {
    ERR_clear_error();
    errno = 0;
    const int returned = SSL_do_handshake(tls_);
    return returned == 1 ? IoOutcome{} : tls_outcome(returned);
}

std::string StreamSocket::handshake_error() const {
    const long verified = SSL_get_verify_result(tls_);
    if (verified != X509_V_OK) return X509_verify_cert_error_string(verified);
    const char* reason = ERR_reason_error_string(ERR_peek_last_error());
    return reason ? reason : "connection lost";
}

IoOutcome StreamSocket::read(std::span<char> into) {
    if (tls_) {
        ERR_clear_error();
        errno = 0;
        const int got = SSL_read(tls_, into.data(), clamped(into.size()));
        return got > 0 ? IoOutcome{IoStatus::Done, static_cast<std::size_t>(got)} : tls_outcome(got);
    }
    const ssize_t got = ::recv(descriptor_, into.data(), into.size(), 0);
    if (got > 0) return {IoStatus::Done, static_cast<std::size_t>(got)};
    return got == 0 ? IoOutcome{IoStatus::End, 0} : from_errno(IoStatus::WantRead);
}

IoOutcome StreamSocket::write(std::span<const std::string_view> pieces) {
    if (tls_) {
        ERR_clear_error();
        errno = 0;
        const int put = SSL_write(tls_, pieces[0].data(), clamped(pieces[0].size()));
        return put > 0 ? IoOutcome{IoStatus::Done, static_cast<std::size_t>(put)} : tls_outcome(put);
    }
    if (pieces.size() == 1) {
        const ssize_t put = ::send(descriptor_, pieces[0].data(), pieces[0].size(), MSG_NOSIGNAL);
        return put >= 0 ? IoOutcome{IoStatus::Done, static_cast<std::size_t>(put)} : from_errno(IoStatus::WantWrite);
    }
    std::array<iovec, kMaxGather> vectors;
    msghdr message{};
    message.msg_iov = vectors.data();
    message.msg_iovlen = std::min(pieces.size(), kMaxGather);
    for (std::size_t i = 0; i < message.msg_iovlen; ++i)
        vectors[i] = {const_cast<char*>(pieces[i].data()), pieces[i].size()};  // NOLINT: sendmsg reads only
    const ssize_t put = ::sendmsg(descriptor_, &message, MSG_NOSIGNAL);
    return put >= 0 ? IoOutcome{IoStatus::Done, static_cast<std::size_t>(put)} : from_errno(IoStatus::WantWrite);
}

bool StreamSocket::has_buffered() const {
    return tls_ && SSL_pending(tls_) > 0;
}

void StreamSocket::shutdown_write() {
    if (tls_ && SSL_is_init_finished(tls_)) {
        ERR_clear_error();
        SSL_shutdown(tls_);
    }
    ::shutdown(descriptor_, SHUT_WR);
}

}  // namespace dp::net

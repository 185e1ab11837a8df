#include "net/tls_context.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>

namespace dp::net {
namespace {

std::string last_error() {
    const char* reason = ERR_reason_error_string(ERR_peek_last_error());
    ERR_clear_error();
    return reason ? reason : "unknown reason";
}

std::shared_ptr<SSL_CTX> make(const SSL_METHOD* method) {
    std::shared_ptr<SSL_CTX> context(SSL_CTX_new(method), SSL_CTX_free);
    if (!context) return context;
    SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
    SSL_CTX_set_mode(context.get(), SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                        SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_AUTO_RETRY);
    SSL_CTX_set_options(context.get(),
                        SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
    // TLS 1.2: forward secrecy and AEAD only.
    SSL_CTX_set_cipher_list(context.get(), "ECDHE+AESGCM:ECDHE+CHACHA20");
    return context;
}

/// RFC 7301 section 3.1: each name behind its length.
std::string encode_alpn(const std::vector<std::string>& names) {
    std::string wire;
    for (const auto& name : names) {
        wire += static_cast<char>(name.size());
        wire += name;
    }
    return wire;
}

using AlpnList = std::string;
void free_alpn(void*, void* list, CRYPTO_EX_DATA*, int, long, void*) {
    delete static_cast<AlpnList*>(list);
}

int alpn_slot() {
    static const int slot = SSL_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, free_alpn);
    return slot;
}

int choose_alpn(SSL* ssl, const unsigned char** out, unsigned char* length, const unsigned char* offered, unsigned size,
                void*) {
    const auto* list = static_cast<const AlpnList*>(SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), alpn_slot()));
    unsigned char* chosen = nullptr;
    const auto* ours = reinterpret_cast<const unsigned char*>(list->data());
    if (SSL_select_next_proto(&chosen, length, ours, static_cast<unsigned>(list->size()), offered, size) !=
        OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_ALERT_FATAL;  // RFC 7301 section 3.2: no_application_protocol
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}

}  // namespace

Result<TlsContext> TlsContext::server(const TlsFiles& files, std::vector<std::string> alpn) {
    TlsContext out;
    auto context = make(TLS_server_method());
    if (!context) return fail(ErrorCode::Internal, "no TLS context: " + last_error());
    if (SSL_CTX_use_certificate_chain_file(context.get(), files.certificate.c_str()) != 1)
        return fail(ErrorCode::InvalidValue, "certificate " + files.certificate + " cannot be used: " + last_error(),
                    "certificate");
    if (SSL_CTX_use_PrivateKey_file(context.get(), files.private_key.c_str(), SSL_FILETYPE_PEM) != 1)
        return fail(ErrorCode::InvalidValue, "private key " + files.private_key + " cannot be used: " + last_error(),
                    "privateKey");
    if (SSL_CTX_check_private_key(context.get()) != 1)
        return fail(ErrorCode::InvalidValue, "the private key does not belong to the certificate", "privateKey");
    if (!alpn.empty()) {
        SSL_CTX_set_ex_data(context.get(), alpn_slot(), new AlpnList(encode_alpn(alpn)));
        SSL_CTX_set_alpn_select_cb(context.get(), choose_alpn, nullptr);
    }
    // One session ticket suffices; clients that reconnect after a restart resume or start over, both are cheap.
    SSL_CTX_set_num_tickets(context.get(), 1);
    static constexpr unsigned char kSessionContext[] = "dialplane";
    SSL_CTX_set_session_id_context(context.get(), kSessionContext, sizeof kSessionContext - 1);
    out.context_ = std::move(context);
    return out;
}

Result<TlsContext> TlsContext::client(const TlsClientOptions& options) {
    TlsContext out;
    auto context = make(TLS_client_method());
    if (!context) return fail(ErrorCode::Internal, "no TLS context: " + last_error());
    out.verification_ = options.verification;
    if (options.verification == PeerVerification::Required) {
        SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
        SSL_CTX_set_default_verify_paths(context.get());
        if (!options.ca_file.empty() &&
            SSL_CTX_load_verify_locations(context.get(), options.ca_file.c_str(), nullptr) != 1)
            return fail(ErrorCode::InvalidValue, "CA file " + options.ca_file + " cannot be used: " + last_error(),
                        "caFile");
    }
    if (!options.alpn.empty()) {
        const std::string wire = encode_alpn(options.alpn);
        SSL_CTX_set_alpn_protos(context.get(), reinterpret_cast<const unsigned char*>(wire.data()),
                                static_cast<unsigned>(wire.size()));
    }
    out.context_ = std::move(context);
    return out;
}

}  // namespace dp::net

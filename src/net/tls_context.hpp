#pragma once
/// @file TlsContext: what a TLS endpoint presents and trusts. TLS 1.2 or later, ALPN `http/1.1` where asked for,
/// SSL_MODE_RELEASE_BUFFERS (an idle connection costs 13 kB instead of 46).
///
/// A TlsContext is an immutable shared handle: copy it freely, from any thread. Certificates rotate by handing a new
/// context to the listener; connections that stand keep the one they were made with.

#include <memory>
#include <string>
#include <vector>

#include "base/result.hpp"

struct ssl_ctx_st;

namespace dp::net {

/// Paths of PEM files.
struct TlsFiles {
    std::string certificate{};  ///< leaf first, then intermediates
    std::string private_key{};
};

enum class PeerVerification { Required, None };

struct TlsClientOptions {
    PeerVerification verification = PeerVerification::Required;
    std::string ca_file{};            ///< in addition to the system's; empty = the system's only
    std::vector<std::string> alpn{};  ///< offered in this order; empty = no ALPN
};

class TlsContext {
public:
    TlsContext() = default;
    /// Refuses a key that does not belong to the certificate. `alpn` is the list we accept; empty = ALPN is ignored.
    static Result<TlsContext> server(const TlsFiles& files, std::vector<std::string> alpn = {"http/1.1"});
    static Result<TlsContext> client(const TlsClientOptions& options = {});

    explicit operator bool() const { return context_ != nullptr; }
    ssl_ctx_st* native() const { return context_.get(); }
    PeerVerification verification() const { return verification_; }

private:
    std::shared_ptr<ssl_ctx_st> context_;
    PeerVerification verification_ = PeerVerification::None;
};

}  // namespace dp::net

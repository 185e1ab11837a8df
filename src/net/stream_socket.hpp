#pragma once
/// @file StreamSocket: a connected non-blocking descriptor, with or without TLS on it, as `read some` and `write some`.
/// What StreamConnection is built on; nothing else uses it.
///
/// Threads: one owner. TLS works on the descriptor itself, so an idle connection holds no buffer of ours.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/endpoint.hpp"
#include "base/result.hpp"
#include "net/tls_context.hpp"

struct ssl_st;

namespace dp::net {

enum class IoStatus : std::uint8_t { Done, WantRead, WantWrite, End, Reset, Failed };

struct IoOutcome {
    IoStatus status = IoStatus::Done;
    std::size_t octets = 0;
};

enum class TlsRole : std::uint8_t { Server, Client };

class StreamSocket {
public:
    explicit StreamSocket(int descriptor) : descriptor_(descriptor) {}
    ~StreamSocket();
    StreamSocket(const StreamSocket&) = delete;
    StreamSocket& operator=(const StreamSocket&) = delete;

    int descriptor() const { return descriptor_; }
    bool is_tls() const { return tls_ != nullptr; }
    /// Gives up the descriptor (somebody else closes it).
    void release() { descriptor_ = -1; }

    /// Puts TLS on the descriptor; `server_name` is SNI and the name or address to verify, client only.
    Result<void> start_tls(const TlsContext& context, TlsRole role, const std::string& server_name);
    IoOutcome handshake();
    /// Why the handshake failed, for a log line.
    std::string handshake_error() const;

    IoOutcome read(std::span<char> into);
    /// Plain: gathers both; TLS: may write less than the first.
    IoOutcome write(std::span<const std::string_view> pieces);
    /// Decrypted octets wait inside TLS: the descriptor will not become readable for them.
    bool has_buffered() const;
    /// TLS close_notify (best effort) and FIN.
    void shutdown_write();

private:
    IoOutcome tls_outcome(int returned) const;
    int descriptor_;
    ssl_st* tls_ = nullptr;
};

}  // namespace dp::net

#pragma once
/// @file StreamListener: accepts TCP and TLS connections on a loop, within limits, and gives each a handler.
///
/// Threads: owner loop only. When descriptors run out it pauses for 100 ms instead of spinning. Sources are counted per
/// IPv4 address or IPv6 /64.

#include <cstdint>
#include <functional>
#include <memory>

#include "base/endpoint.hpp"
#include "base/result.hpp"
#include "net/stream_connection.hpp"
#include "net/tls_context.hpp"

namespace dp::net {

struct ListenOptions {
    Endpoint local{};  ///< port 0: the kernel chooses
    TlsContext tls{};  ///< empty = plain TCP
    std::size_t max_connections = 20'000;
    std::size_t max_per_source = 1'024;
    bool reuse_port = false;  ///< several loops accept on one port
    std::uint8_t dscp = 0;
    StreamLimits limits{};
};

struct ListenCounters {
    std::uint64_t accepted = 0, refused_total = 0, refused_source = 0, accept_errors = 0, open = 0;
};

class StreamListener {
public:
    using MakeHandler = std::function<std::unique_ptr<StreamHandler>(StreamConnection&)>;

    static Result<std::unique_ptr<StreamListener>> listen(EventLoop& loop, ListenOptions options,
                                                          MakeHandler make_handler);
    /// Stops accepting and aborts what it accepted (Shutdown).
    ~StreamListener();
    StreamListener(const StreamListener&) = delete;
    StreamListener& operator=(const StreamListener&) = delete;

    const Endpoint& local() const;
    /// New handshakes use `context`.
    void set_tls(TlsContext context);
    void stop_accepting();
    ListenCounters counters() const;

private:
    struct Impl;
    explicit StreamListener(std::shared_ptr<Impl> impl);
    std::shared_ptr<Impl> impl_;
};

}  // namespace dp::net

#pragma once
/// @file HttpClient: outgoing HTTP and HTTPS (webhooks, carrier APIs) on a thread of its own; libcurl stays behind
/// http_client.cpp.
///
/// Threads: `send` from any thread; the callback runs on the executor given (dropped and counted if that refuses it).
/// Redirects are not followed. Names may resolve to anything, so the guard sees the address that is really connected to
/// (SSRF).

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/endpoint.hpp"
#include "base/mailbox.hpp"
#include "base/result.hpp"
#include "net/http_message.hpp"

namespace dp::net {

/// Public addresses only: refuses loopback, private, link-local, multicast, unspecified and documentation ranges, also
/// when they are IPv4 mapped, 6to4 or NAT64 embedded.
bool is_public_address(const IpAddress& address);

enum class TargetAddresses { PublicOnly, PublicOrLoopback, Any };

struct HttpClientOptions {
    std::size_t max_queued = 4096;  ///< waiting and running; beyond it send() is refused
    std::size_t max_running = 64;
    std::string ca_file{};                       ///< in addition to the system's
    std::map<std::string, std::string> hosts{};  ///< name → address, address:port or other name, before DNS
};

/// For `total_timeout`: an answer without an end.
inline constexpr std::chrono::milliseconds kNoTimeout{0};

struct OutgoingHttpRequest {
    std::string method = "GET";
    std::string url{};  ///< http or https
    std::vector<HttpHeader> headers{};
    std::string body{};
    std::chrono::milliseconds connect_timeout{5'000};
    std::chrono::milliseconds total_timeout{30'000};
    std::size_t max_response = 1 << 20;  ///< body octets; beyond it the transfer fails with TooLarge
    TargetAddresses addresses = TargetAddresses::PublicOnly;
    bool verify_certificate = true;
    /// Takes the body of a 2xx answer piece by piece as it comes, instead of `HttpClientResponse::body`; false ends the
    /// transfer, in order. Called on the client's own thread: must not block for long.
    std::function<bool(std::string_view)> on_body{};
};

struct HttpClientResponse {
    int status = 0;
    std::vector<HttpHeader> headers;
    std::string body;
    Endpoint remote;
    std::chrono::milliseconds elapsed{0};

    std::string_view header(std::string_view name) const;
};

class HttpClient {
public:
    /// Error codes: InvalidValue (URL), Forbidden (address guard), Timeout, TooLarge, TransportFailed.
    using Callback = std::move_only_function<void(Result<HttpClientResponse>)>;

    explicit HttpClient(HttpClientOptions options = {});
    /// Running requests are dropped; their callbacks are not called.
    ~HttpClient();
    HttpClient(const HttpClient&) = delete;
    HttpClient& operator=(const HttpClient&) = delete;

    /// False when the queue is full or the client is stopping: the callback will not be called.
    [[nodiscard]] bool send(OutgoingHttpRequest request, Executor& reply_on, Callback callback);
    void stop();
    std::size_t pending() const;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace dp::net

#pragma once
/// @file Resolver: asynchronous DNS with a cache, and the target lists of RFC 3263 (locating SIP servers).
///
/// Threads: any may ask; queries run on worker threads, answers arrive on the executor given. Numeric hosts, overridden
/// hosts and cached names are answered without a worker (still by the executor, so a callback never runs inside the
/// call). Errors: NotFound (no such name or record), Timeout, Unavailable (queue full). When a refresh fails, an
/// expired answer is served for up to `stale_for`. Names under `.invalid` are never asked for (RFC 6761).

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/endpoint.hpp"
#include "base/mailbox.hpp"
#include "base/result.hpp"
#include "sip/transport.hpp"

namespace dp::net {

struct ResolverOptions {
    /// Configuration `dns.hosts`, before anything else: name → address, address:port or other name. A port replaces the
    /// one a SIP query asks for, so that a name can be sent to a server beside this one.
    std::map<std::string, std::string> hosts{};
    std::vector<Endpoint> servers{};        ///< IPv4; empty = /etc/resolv.conf
    std::string hosts_file = "/etc/hosts";  ///< empty = none
    unsigned workers = 2;
    std::size_t max_queued = 1024;
    std::chrono::seconds timeout{2};  ///< per try
    int tries = 2;
    std::chrono::seconds min_ttl{5}, max_ttl{3600}, negative_ttl{15}, stale_for{300};
};

struct SrvRecord {
    std::uint16_t priority = 0, weight = 0, port = 0;
    std::string target;
};

struct SipQuery {
    std::string host{};
    std::uint16_t port = 0;                         ///< 0 = not given
    std::optional<sip::TransportKind> transport{};  ///< nothing = not given
    bool secure = false;                            ///< a sips URI
};

class Resolver {
public:
    using AddressCallback = std::move_only_function<void(Result<std::vector<IpAddress>>)>;
    using SrvCallback = std::move_only_function<void(Result<std::vector<SrvRecord>>)>;
    using SipCallback = std::move_only_function<void(Result<std::vector<sip::Target>>)>;

    explicit Resolver(ResolverOptions options = {});
    ~Resolver();
    Resolver(const Resolver&) = delete;
    Resolver& operator=(const Resolver&) = delete;

    /// A and AAAA.
    void addresses(std::string host, Executor& reply_on, AddressCallback callback);
    /// Ordered by priority, weights applied (RFC 2782).
    void srv(std::string name, Executor& reply_on, SrvCallback callback);
    /// RFC 3263 section 4: NAPTR, SRV, addresses, in the order to try. `server_name` of a target is the domain that was
    /// asked for (RFC 5922 section 7.2), never a name that DNS answered.
    void sip_targets(SipQuery query, Executor& reply_on, SipCallback callback);
    /// Replaces the overrides, and forgets the cache.
    void set_hosts(std::map<std::string, std::string> hosts);
    void stop();

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace dp::net

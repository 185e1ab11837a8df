#pragma once
/// @file HostResolver: the port by which the control shard turns a carrier's host name into addresses without waiting
/// for DNS.
///
/// Two users: net's resolver thread (with the `dns.hosts` overrides of the configuration) and the fixed table of
/// simulation.

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/endpoint.hpp"
#include "sip/flow.hpp"

namespace dp::signaling {

struct ResolvedHost {
    std::vector<Endpoint> endpoints;  ///< in the order of RFC 3263 §4.2; empty: the name leads nowhere now
    std::chrono::seconds time_to_live{60};
};

class HostResolver {
public:
    virtual ~HostResolver() = default;
    /// `port` 0 asks for SRV records first (RFC 3263 §4.2). `done` runs on the control shard, never from inside this
    /// call, once.
    virtual void resolve(const std::string& host, std::uint16_t port, sip::TransportKind transport,
                         std::move_only_function<void(ResolvedHost)> done) = 0;
};

}  // namespace dp::signaling

#pragma once
/// @file HostResolver: the port by which the control shard turns a carrier's host name into targets without waiting for
/// DNS.
///
/// Two users: net::Resolver (with the `dns.hosts` overrides of the configuration) and the fixed table of simulation.

#include <functional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "sip/transport.hpp"

namespace dp::signaling {

using ResolveReply = std::move_only_function<void(Result<std::vector<sip::Target>>)>;

class HostResolver {
public:
    virtual ~HostResolver() = default;
    /// Targets in the order of RFC 3263 §4; port 0 asks for SRV records first. `done` runs once, on the control shard,
    /// never from inside this call.
    virtual void resolve(const std::string& host, std::uint16_t port, sip::TransportKind transport,
                         ResolveReply done) = 0;
};

}  // namespace dp::signaling

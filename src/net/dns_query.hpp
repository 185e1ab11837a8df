#pragma once
/// @file One DNS question over libresolv, blocking, and the record types SIP needs (RFC 1035, 2782, 2915). Internal to
/// net: the resolver's workers call it.

#include <chrono>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "base/endpoint.hpp"
#include "base/random.hpp"
#include "base/result.hpp"
#include "net/resolver.hpp"

namespace dp::net {

enum class DnsType : std::uint16_t { A = 1, Aaaa = 28, Srv = 33, Naptr = 35 };

struct NaptrRecord {
    std::uint16_t order = 0, preference = 0;
    std::string flags, service, replacement;
};

using DnsRecord = std::variant<IpAddress, SrvRecord, NaptrRecord>;

struct DnsAnswer {
    std::vector<DnsRecord> records;
    std::chrono::seconds ttl{0};  ///< the shortest of them
};

struct DnsServers {
    std::vector<Endpoint> servers;  ///< empty = the system's
    std::chrono::seconds timeout{2};
    int tries = 2;
};

/// NotFound (no such name, or no such record), Timeout, Unavailable, MalformedInput. At most 64 records are taken.
Result<DnsAnswer> query_dns(const DnsServers& servers, const std::string& name, DnsType type);

/// RFC 2782: by priority; within one, drawn by weight.
void order_srv(std::vector<SrvRecord>& records, Random& random);

}  // namespace dp::net

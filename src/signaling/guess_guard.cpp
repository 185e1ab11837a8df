#include "signaling/guess_guard.hpp"

#include <cstring>

namespace dp::signaling {
namespace {

IpAddress network_of(const IpAddress& address) {
    if (address.is_v4()) return address;
    sockaddr_in6 prefix{};
    prefix.sin6_family = AF_INET6;
    std::memcpy(&prefix.sin6_addr, address.bytes().data(), 8);
    return IpAddress::from_sockaddr(reinterpret_cast<const sockaddr*>(&prefix));
}

}  // namespace

void GuessGuard::failed(const IpAddress& source, TimePoint now) {
    if (counts_.size() >= kSources)
        std::erase_if(counts_, [&](const auto& entry) { return now - entry.second.since > kWindow; });
    if (counts_.size() >= kSources) counts_.clear();
    Count& count = counts_[network_of(source)];
    if (now - count.since > kWindow) count = {0, now};
    ++count.failures;
}

void GuessGuard::succeeded(const IpAddress& source) {
    counts_.erase(network_of(source));
}

bool GuessGuard::silenced(const IpAddress& source, TimePoint now) const {
    const auto it = counts_.find(network_of(source));
    return it != counts_.end() && it->second.failures >= kFailures && now - it->second.since <= kWindow;
}

}  // namespace dp::signaling

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

template <class Key>
void GuessGuard::count(Counts<Key>& counts, const Key& key, TimePoint now) {
    if (counts.size() >= kSources)
        std::erase_if(counts, [&](const auto& entry) { return now - entry.second.since > kWindow; });
    if (counts.size() >= kSources) counts.clear();
    Count& entry = counts[key];
    if (now - entry.since > kWindow) entry = {0, now};
    ++entry.failures;
}

template <class Key>
unsigned GuessGuard::failures(const Counts<Key>& counts, const Key& key, TimePoint now) {
    const auto it = counts.find(key);
    return it != counts.end() && now - it->second.since <= kWindow ? it->second.failures : 0;
}

void GuessGuard::failed(const IpAddress& source, const std::string& account, TimePoint now) {
    count(sources_, network_of(source), now);
    count(accounts_, account, now);
}

void GuessGuard::succeeded(const IpAddress& source) {
    sources_.erase(network_of(source));
}

bool GuessGuard::silenced(const IpAddress& source, TimePoint now) const {
    return failures(sources_, network_of(source), now) >= kFailures;
}

bool GuessGuard::late(const IpAddress& source, const std::string& account, TimePoint now) const {
    return failures(sources_, network_of(source), now) >= kLate || failures(accounts_, account, now) >= kLate;
}

}  // namespace dp::signaling

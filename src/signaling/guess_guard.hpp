#pragma once
/// @file GuessGuard: sources that guess passwords are answered late, then not at all. Failures are counted per IPv4
/// address or IPv6 /64, and per account, in windows of 60 s; bounded memory. An account that many sources guess at is
/// answered late to those who guess, never silenced: its own phones go on. Threads: owned by one. Source: sip-stack 5.1.

#include <array>
#include <chrono>
#include <cstdint>
#include <string>
#include <unordered_map>

#include "base/clock.hpp"
#include "base/endpoint.hpp"

namespace dp::signaling {

class GuessGuard {
public:
    static constexpr unsigned kLate = 5;
    static constexpr unsigned kFailures = 10;
    static constexpr std::chrono::seconds kWindow{60};
    static constexpr std::size_t kSources = 10'000;

    void failed(const IpAddress& source, const std::string& account, TimePoint now);
    void succeeded(const IpAddress& source);
    bool silenced(const IpAddress& source, TimePoint now) const;
    /// Is the answer to a failure of this source at this account to wait?
    bool late(const IpAddress& source, const std::string& account, TimePoint now) const;

private:
    struct Count {
        unsigned failures = 0;
        TimePoint since{};
    };
    template <class Key>
    using Counts = std::unordered_map<Key, Count>;
    template <class Key>
    static void count(Counts<Key>& counts, const Key& key, TimePoint now);
    template <class Key>
    static unsigned failures(const Counts<Key>& counts, const Key& key, TimePoint now);

    Counts<IpAddress> sources_;
    Counts<std::string> accounts_;
};

}  // namespace dp::signaling

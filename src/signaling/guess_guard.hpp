#pragma once
/// @file GuessGuard: sources that guess passwords fall silent. Failures are counted per IPv4 address or IPv6 /64 in
/// windows of 60 s; bounded memory. Threads: owned by one.

#include <array>
#include <chrono>
#include <cstdint>
#include <unordered_map>

#include "base/clock.hpp"
#include "base/endpoint.hpp"

namespace dp::signaling {

class GuessGuard {
public:
    static constexpr unsigned kFailures = 10;
    static constexpr std::chrono::seconds kWindow{60};
    static constexpr std::size_t kSources = 10'000;

    void failed(const IpAddress& source, TimePoint now);
    void succeeded(const IpAddress& source);
    bool silenced(const IpAddress& source, TimePoint now) const;

private:
    struct Count {
        unsigned failures = 0;
        TimePoint since{};
    };
    std::unordered_map<IpAddress, Count> counts_;
};

}  // namespace dp::signaling

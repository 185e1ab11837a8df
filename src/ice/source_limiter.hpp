#pragma once
/// @file A bound on what one source address may make us do per second, in fixed memory: a keyed table of 1024 buckets.
/// Two addresses may share a bucket (then they share the allowance); nobody can aim such a collision without the key.
///
/// Thread: its owner's. Time is handed in.

#include <array>
#include <cstdint>

#include "base/clock.hpp"
#include "base/endpoint.hpp"
#include "base/siphash.hpp"

namespace dp::ice {

class SourceLimiter {
public:
    SourceLimiter(const SipKey& key, std::uint16_t per_second) : key_(key), per_second_(per_second) {}

    /// Takes one unit of this source's allowance for the running second; false when it is used up.
    bool allow(const IpAddress& source, TimePoint now);

private:
    struct Bucket {
        std::int64_t second = -1;
        std::uint16_t used = 0;
    };
    SipKey key_;
    std::uint16_t per_second_;
    std::array<Bucket, 1024> buckets_{};
};

}  // namespace dp::ice

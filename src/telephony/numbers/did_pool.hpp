#pragma once
/// @file DidPool and ExtensionPool: ranges of numbers in the Genesys shapes (genesys-api 1.4). Pools are bookkeeping:
/// what a number is and does stands in Number alone.

#include <cstddef>
#include <string>

#include "base/result.hpp"
#include "telephony/ids.hpp"

namespace dp::telephony {

using DidPoolId = StrongId<struct DidPoolTag>;
using ExtensionPoolId = StrongId<struct ExtensionPoolTag>;

struct DidPool {
    DidPoolId id;
    EntityMeta meta;
    std::string name;
    std::string description;
    std::string start;  ///< E.164, as many digits as `end`
    std::string end;
    std::string comments;
    std::string provider = "PURE_CLOUD_VOICE";
};

struct ExtensionPool {
    ExtensionPoolId id;
    EntityMeta meta;
    std::string name;
    std::string description;
    std::string start;  ///< 3 to 9 digits, as many as `end`
    std::string end;
};

/// A pool is listed number by number: it may not be larger than this.
inline constexpr std::size_t kMaxPoolSize = 10'000;

Result<void> validate(const DidPool& pool);
Result<void> validate(const ExtensionPool& pool);
/// Both ends included. The pool must be valid.
std::size_t size_of(const DidPool& pool);
/// The n-th number of the pool, from 0.
std::string number_at(const DidPool& pool, std::size_t n);

/// Numbers of one length compare as text.
inline bool covers(const auto& pool, std::string_view number)
    requires requires { pool.start.size(); }
{
    return number.size() == pool.start.size() && pool.start <= number && number <= pool.end;
}
inline bool overlap(const auto& a, const auto& b) {
    return a.start.size() == b.start.size() && a.start <= b.end && b.start <= a.end;
}

}  // namespace dp::telephony

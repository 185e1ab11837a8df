#pragma once
/// @file RateLimiter: requests per minute and bucket in fixed windows, the form that the `inin-ratelimit-*` headers
/// describe. API thread only. Buckets of past windows are forgotten, so strangers cannot make it grow for longer than a
/// minute.

#include <chrono>
#include <string>
#include <unordered_map>

#include "base/clock.hpp"

namespace dp::api {

struct RateVerdict {
    bool allowed = true;
    int count = 0;
    int limit = 0;                  ///< 0 = unlimited
    std::chrono::seconds reset{0};  ///< until the window ends
};

class RateLimiter {
public:
    static constexpr std::chrono::seconds kWindow{60};

    /// Counts one request.
    RateVerdict count(const std::string& bucket, int limit, TimePoint now);

private:
    struct Window {
        TimePoint end;
        int count = 0;
    };
    void forget(TimePoint now);

    std::unordered_map<std::string, Window> windows_;
    TimePoint next_sweep_{};
};

}  // namespace dp::api

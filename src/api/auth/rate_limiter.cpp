#include "api/auth/rate_limiter.hpp"

namespace dp::api {

RateVerdict RateLimiter::count(const std::string& bucket, int limit, TimePoint now) {
    if (limit == 0) return {};
    if (now >= next_sweep_) forget(now);
    auto& window = windows_.try_emplace(bucket, Window{now + kWindow, 0}).first->second;
    if (now >= window.end) window = {now + kWindow, 0};
    const auto reset = std::chrono::ceil<std::chrono::seconds>(window.end - now);
    if (window.count >= limit) return {false, window.count, limit, reset};
    return {true, ++window.count, limit, reset};
}

void RateLimiter::forget(TimePoint now) {
    std::erase_if(windows_, [now](const auto& entry) { return now >= entry.second.end; });
    next_sweep_ = now + kWindow;
}

}  // namespace dp::api

#include "ice/source_limiter.hpp"

#include <string_view>

namespace dp::ice {

bool SourceLimiter::allow(const IpAddress& source, TimePoint now) {
    const auto& raw = source.bytes();
    const std::string_view view{reinterpret_cast<const char*>(raw.data()), raw.size()};
    Bucket& bucket = buckets_[siphash(key_, view) % buckets_.size()];
    const auto second = std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
    if (bucket.second != second) bucket = {second, 0};
    if (bucket.used >= per_second_) return false;
    ++bucket.used;
    return true;
}

}  // namespace dp::ice

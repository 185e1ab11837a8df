#include "sip/load_shedding.hpp"

#include <algorithm>

namespace dp::sip {

namespace {

constexpr std::chrono::milliseconds kNoNewCalls{20};
constexpr std::chrono::milliseconds kOnlyWhatMatters{50};

Screening come_back_later(Random& random) {
    Screening screening{Screening::Verdict::Answer, {}};
    screening.answer.status = 503;
    (void)screening.answer.headers.add("Retry-After", std::to_string(random.between(5, 15)));
    return screening;
}

bool shows_credentials(const MessageView& request) {
    return request.has(HeaderId::Authorization) || request.has(HeaderId::ProxyAuthorization);
}

}  // namespace

Screening shed_load(const MessageView& request, Duration lag, Random& random) {
    if (lag <= kNoNewCalls) return {};
    switch (request.method()) {
        case Method::Invite:
            return come_back_later(random);
        case Method::Subscribe:
        case Method::Message:
            return lag > kOnlyWhatMatters ? come_back_later(random) : Screening();
        case Method::Register:
            if (lag > kOnlyWhatMatters && !shows_credentials(request)) return {Screening::Verdict::Drop, {}};
            return {};
        default:
            return {};
    }
}

bool SourceLimiter::admit(const IpAddress& source, TimePoint now) {
    Bucket& bucket = bucket_of(source, now);
    const double seconds = std::chrono::duration<double>(now - bucket.filled).count();
    bucket.tokens = std::min(options_.burst, bucket.tokens + seconds * options_.per_second);
    bucket.filled = now;
    if (bucket.tokens < 1) return false;
    bucket.tokens -= 1;
    return true;
}

SourceLimiter::Bucket& SourceLimiter::bucket_of(const IpAddress& source, TimePoint now) {
    if (const auto known = index_.find(source); known != index_.end()) {
        recent_.splice(recent_.begin(), recent_, known->second);
        return *known->second;
    }
    if (index_.size() >= options_.sources) {
        index_.erase(recent_.back().source);
        recent_.pop_back();
    }
    recent_.push_front({source, options_.burst, now});
    index_[source] = recent_.begin();
    return recent_.front();
}

}  // namespace dp::sip

#include "sip/gateway_health.hpp"

namespace dp::sip {

namespace {

constexpr unsigned kFailuresToGoDown = 3;
constexpr unsigned kGoodToComeUp = 2;
constexpr std::chrono::seconds kFirstHold{10};
constexpr std::chrono::seconds kLongestHold{300};
constexpr std::chrono::minutes kCalm{30};

}  // namespace

bool GatewayHealth::good(TimePoint now) {
    bad_probes_ = bad_calls_ = 0;
    ++good_;
    if (health_ == Health::Up) return false;
    const bool steady = good_ >= kGoodToComeUp && now >= held_until_;
    if (health_ == Health::Down && !steady) return false;
    health_ = Health::Up;
    return true;
}

bool GatewayHealth::probe_failed(TimePoint now) {
    ++bad_probes_;
    return judge(now);
}

bool GatewayHealth::call_timed_out(TimePoint now) {
    ++bad_calls_;
    return judge(now);
}

bool GatewayHealth::judge(TimePoint now) {
    good_ = 0;
    const bool both = bad_probes_ > 0 && bad_calls_ > 0;
    const bool down = both || bad_probes_ >= kFailuresToGoDown || bad_calls_ >= kFailuresToGoDown;
    return down && go_down(now);
}

bool GatewayHealth::go_down(TimePoint now) {
    if (health_ == Health::Down) return false;
    const bool relapse = health_ == Health::Up && went_down_ != TimePoint{} && now - went_down_ < kCalm;
    relapses_ = relapse ? relapses_ + 1 : 0;
    went_down_ = now;
    const Duration hold = std::min<Duration>(kLongestHold, kFirstHold * (1 << std::min(relapses_, 5U)));
    held_until_ = std::max(held_until_, now + hold);
    health_ = Health::Down;
    return true;
}

bool GatewayHealth::hold_down(Duration time, TimePoint now) {
    good_ = 0;
    const bool changed = go_down(now);
    held_until_ = std::max(held_until_, now + time);
    return changed;
}

bool GatewayHealth::forgive(TimePoint now) {
    if (health_ != Health::Down || now < held_until_) return false;
    health_ = Health::Unknown;
    bad_probes_ = bad_calls_ = 0;
    return true;
}

}  // namespace dp::sip

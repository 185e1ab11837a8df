#include "media/liveness.hpp"

#include <algorithm>

namespace dp::media {

void Liveness::expect(Expectation expectation, TimePoint now) {
    expectation_ = expectation;
    active_ = true;
    last_heard_ = now;
    sending_since_.reset();
    one_way_told_.reset();
    timed_out_ = false;
}

// A peer that falls silent while we do, too, may well suppress silence: nothing is wrong then.
bool Liveness::one_way(TimePoint now) const {
    if (expectation_ != Expectation::Sends || !sending_since_ || now - last_sent_ >= limits_.one_way) return false;
    const TimePoint silent_since = std::max(*sending_since_, last_rtp_);
    if (now - silent_since < limits_.one_way) return false;
    return !one_way_told_ || (*one_way_told_ < last_rtp_ && now - *one_way_told_ >= limits_.one_way_again);
}

Liveness::Verdict Liveness::check(TimePoint now) {
    Verdict verdict;
    if (!active_) return verdict;
    const Duration limit = expectation_ == Expectation::Sends ? limits_.timeout : limits_.held_timeout;
    verdict.timed_out = !timed_out_ && now - last_heard_ >= limit;
    timed_out_ = timed_out_ || verdict.timed_out;
    verdict.one_way = one_way(now);
    if (verdict.one_way) one_way_told_ = now;
    return verdict;
}

}  // namespace dp::media

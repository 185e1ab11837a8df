#include "media/liveness.hpp"

namespace dp::media {

void Liveness::expect(Expectation expectation, TimePoint now) {
    expectation_ = expectation;
    active_ = true;
    last_heard_ = now;
    sending_since_.reset();
    heard_since_ = false;
    timed_out_ = false;
    one_way_told_ = false;
}

Liveness::Verdict Liveness::check(TimePoint now) {
    Verdict verdict;
    if (!active_) return verdict;
    const Duration limit = expectation_ == Expectation::Sends ? limits_.timeout : limits_.held_timeout;
    verdict.timed_out = !timed_out_ && now - last_heard_ >= limit;
    timed_out_ = timed_out_ || verdict.timed_out;
    verdict.one_way = expectation_ == Expectation::Sends && !one_way_told_ && !heard_since_ && sending_since_ &&
                      now - *sending_since_ >= limits_.one_way;
    one_way_told_ = one_way_told_ || verdict.one_way;
    return verdict;
}

}  // namespace dp::media

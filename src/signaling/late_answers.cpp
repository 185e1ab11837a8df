#include "signaling/late_answers.hpp"

#include <algorithm>

namespace dp::signaling {
namespace {

constexpr std::uint64_t kShortestMs = 1'000, kLongestMs = 4'000;

}  // namespace

LateAnswers::LateAnswers(sip::UserAgent& agent, TimerWheel& timers, const Clock& clock, Random& random)
    : agent_(agent), timers_(timers), clock_(clock), random_(random), timer_([this] { send_due(); }) {}

void LateAnswers::hold(sip::ServerRequestId request, sip::Response answer) {
    if (held_.size() >= kHeld) return;
    const TimePoint due = clock_.now() + std::chrono::milliseconds(random_.between(kShortestMs, kLongestMs));
    const auto after = std::ranges::upper_bound(held_, due, {}, &Held::due);
    held_.insert(after, {due, request, std::move(answer)});
    timers_.arm(timer_, held_.front().due);
}

void LateAnswers::send_due() {
    while (!held_.empty() && held_.front().due <= clock_.now()) {
        const Held next = std::move(held_.front());
        held_.pop_front();
        (void)agent_.respond(next.request, next.answer);
    }
    if (!held_.empty()) timers_.arm(timer_, held_.front().due);
}

}  // namespace dp::signaling

#include "media/frame_clock.hpp"

#include <algorithm>

namespace dp::media {

void FrameClock::add(Leg& leg) {
    auto& phase = *std::ranges::min_element(phases_, {}, [](const auto& legs) { return legs.size(); });
    phase.push_back(&leg);
    ++count_;
}

void FrameClock::remove(Leg& leg) {
    for (auto& phase : phases_) count_ -= std::erase(phase, &leg);
    std::ranges::replace(due_, &leg, nullptr);
}

TimePoint FrameClock::next_deadline() const {
    if (count_ == 0) return kNever;
    std::int64_t at = next_;
    while (phases_[static_cast<std::size_t>(at % kPhases)].empty()) ++at;
    return TimePoint(std::chrono::milliseconds(at));
}

}  // namespace dp::media

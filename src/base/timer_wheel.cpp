#include "base/timer_wheel.hpp"

#include <algorithm>

namespace dp {

void Timer::cancel() {
    if (!wheel_) return;
    *link_ = next_;
    if (next_) next_->link_ = link_;
    --wheel_->size_;
    wheel_ = nullptr;
    next_ = nullptr;
    link_ = nullptr;
    deadline_ = kNever;
}

// The callback is moved out so that it may destroy its own timer, and put back if the timer survived it.
void TimerWheel::fire(Timer& timer) {
    bool destroyed = false;
    timer.destroyed_ = &destroyed;
    auto callback = std::move(timer.callback_);
    timer.callback_ = nullptr;
    if (callback) callback();
    if (destroyed) return;
    timer.destroyed_ = nullptr;
    if (!timer.callback_) timer.callback_ = std::move(callback);
}

TimerWheel::TimerWheel(TimePoint start) : start_(start) {}

TimerWheel::~TimerWheel() {
    for (auto& level : slots_)
        for (Timer*& head : level)
            while (head) head->cancel();
}

std::uint64_t TimerWheel::tick_of(TimePoint deadline) const {
    if (deadline <= start_) return 0;
    const auto ticks = (deadline - start_ + kTick - Duration(1)) / Duration(kTick);
    return static_cast<std::uint64_t>(ticks);
}

void TimerWheel::arm(Timer& timer, TimePoint deadline) {
    timer.cancel();
    timer.deadline_ = deadline;
    timer.tick_ = std::max(tick_of(deadline), current_ + 1);
    timer.wheel_ = this;
    ++size_;
    insert(timer);
}

void TimerWheel::insert(Timer& timer) {
    const std::uint64_t distance = timer.tick_ - current_;
    unsigned level = 0;
    while (level + 1 < kLevels && distance >= (std::uint64_t{1} << (kSlotBits * (level + 1)))) ++level;
    const std::uint64_t horizon = (std::uint64_t{1} << (kSlotBits * kLevels)) - 1;
    const std::uint64_t tick = distance > horizon ? current_ + horizon : timer.tick_;
    Timer*& head = slots_[level][(tick >> (kSlotBits * level)) & (kSlots - 1)];
    timer.next_ = head;
    timer.link_ = &head;
    if (head) head->link_ = &timer.next_;
    head = &timer;
}

void TimerWheel::cascade(unsigned level) {
    Timer*& head = slots_[level][(current_ >> (kSlotBits * level)) & (kSlots - 1)];
    Timer* list = head;
    head = nullptr;
    while (list) {
        Timer* timer = list;
        list = timer->next_;
        if (list) list->link_ = &list;
        insert(*timer);
    }
}

std::size_t TimerWheel::advance(TimePoint now) {
    if (now < start_) return 0;
    const auto target = static_cast<std::uint64_t>((now - start_) / Duration(kTick));
    std::size_t ran = 0;
    while (current_ < target) {
        if (size_ == 0) {
            current_ = target;
            break;
        }
        ++current_;
        for (unsigned level = 1; level < kLevels; ++level) {
            if (current_ & ((std::uint64_t{1} << (kSlotBits * level)) - 1)) break;
            cascade(level);
        }
        // The due list is detached first: callbacks may arm timers into any slot, this one included.
        Timer*& slot = slots_[0][current_ & (kSlots - 1)];
        firing_ = slot;
        slot = nullptr;
        if (firing_) firing_->link_ = &firing_;
        while (firing_) {
            Timer& timer = *firing_;
            timer.cancel();
            ++ran;
            fire(timer);
        }
    }
    return ran;
}

TimePoint TimerWheel::next_deadline() const {
    if (size_ == 0) return kNever;
    for (std::uint64_t ahead = 1; ahead <= kSlots; ++ahead) {
        const std::uint64_t tick = current_ + ahead;
        if (slots_[0][tick & (kSlots - 1)]) return start_ + kTick * static_cast<std::int64_t>(tick);
        if ((tick & (kSlots - 1)) == 0) return start_ + kTick * static_cast<std::int64_t>(tick);  // cascade point
    }
    return start_ + kTick * static_cast<std::int64_t>(current_ + 1);
}

}  // namespace dp

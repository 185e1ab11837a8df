#include "app/loop_lag.hpp"

#include <algorithm>

namespace dp::app {
namespace {

constexpr std::chrono::milliseconds kEvery{20};
constexpr std::chrono::milliseconds kMailboxFull{1000};  // refused altogether: as late as can be

}  // namespace

LoopLag::LoopLag(net::EventLoop& loop)
    : loop_(loop), timer_([this] { tick(); }), self_(std::make_shared<LoopLag*>(this)) {
    due_ = clock_.now() + kEvery;
    loop_.timers().arm(timer_, due_);
}

LoopLag::~LoopLag() {
    *self_ = nullptr;
}

void LoopLag::tick() {
    const TimePoint now = clock_.now();
    const Duration late = std::max(now - due_, Duration{});
    const bool posted = loop_.post([self = self_, now, late] {
        if (*self != nullptr) (*self)->sample(std::max(late, (*self)->clock_.now() - now));
    });
    if (!posted) sample(kMailboxFull);
    due_ = now + kEvery;
    loop_.timers().arm(timer_, due_);
}

void LoopLag::sample(Duration late) {
    samples_[next_++ % kSamples] = late;
}

Duration LoopLag::lag() const {
    return *std::ranges::min_element(samples_);
}

}  // namespace dp::app

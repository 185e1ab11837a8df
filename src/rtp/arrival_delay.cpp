#include "rtp/arrival_delay.hpp"

#include <algorithm>

#include "rtp/rtp_packet.hpp"

namespace dp::rtp {
namespace {

constexpr float kForget = 0.983F;
constexpr float kStartWeight = 2;
constexpr float kQuantile = 0.95F;
constexpr std::int64_t kEpoch = 100'000'000;  ///< ns

}  // namespace

void DelayHistogram::add(Duration delay) {
    ++samples_;
    // Early samples weigh more, so that the first seconds of a call adapt fast.
    const float forget = std::min(kForget, std::max(0.0F, 1 - kStartWeight / static_cast<float>(samples_ + 1)));
    const auto bucket =
        std::min<std::size_t>(static_cast<std::size_t>(std::max<std::int64_t>(0, delay / kBucket)), kBuckets - 1);
    for (float& weight : weight_) weight *= forget;
    weight_[bucket] += 1 - forget;
}

Duration DelayHistogram::quantile() const {
    float sum = 0;
    for (std::size_t i = 0; i < kBuckets; ++i) {
        sum += weight_[i];
        if (sum >= kQuantile) return static_cast<std::int64_t>(i + 1) * kBucket;
    }
    return static_cast<std::int64_t>(kBuckets) * kBucket;
}

Duration ArrivalDelay::media_time(std::uint32_t timestamp, std::uint32_t clock_rate) const {
    const std::int64_t ticks = ticks_ + timestamp_distance(timestamp, last_timestamp_);
    return Duration(ticks * 1'000'000 / clock_rate * 1000);
}

void ArrivalDelay::note(std::int64_t epoch, Duration offset) {
    Slot& slot = slots_[static_cast<std::size_t>(epoch) % kSlots];
    if (slot.epoch != epoch) slot = {epoch, offset};
    slot.offset = std::min(slot.offset, offset);
    earliest_ = offset;
    for (const Slot& s : slots_)
        if (s.epoch > epoch - static_cast<std::int64_t>(kSlots) && s.epoch >= 0)
            earliest_ = std::min(earliest_, s.offset);
}

Duration ArrivalDelay::on_packet(std::uint32_t timestamp, std::uint32_t clock_rate, TimePoint arrival) {
    if (!started_) {
        started_ = true;
        last_timestamp_ = timestamp;
        first_arrival_ = arrival;
    }
    const Duration elapsed = arrival - first_arrival_;
    const Duration offset = elapsed - media_time(timestamp, clock_rate);
    note(elapsed.count() / kEpoch, offset);
    ticks_ += timestamp_distance(timestamp, last_timestamp_);
    last_timestamp_ = timestamp;
    return offset - earliest_;
}

TimePoint ArrivalDelay::earliest_arrival(std::uint32_t timestamp, std::uint32_t clock_rate) const {
    return first_arrival_ + media_time(timestamp, clock_rate) + earliest_;
}

}  // namespace dp::rtp

#include "events/delivery_lane.hpp"

#include <algorithm>
#include <array>

namespace dp::events {

namespace t = dp::telephony;
using namespace std::chrono_literals;

namespace {

// 0 s, then these: 76 h 35 min 5 s in all.
constexpr auto kDelays = std::to_array<std::chrono::milliseconds>({5s, 5min, 30min, 2h, 5h, 10h, 14h, 20h, 25h});
constexpr std::chrono::hours kLongestRetryAfter{24};
constexpr std::chrono::seconds kLongestPause{60};

// One failure is that event's; from the second in a row on it is the target's.
std::chrono::milliseconds pause_after(int failures) {
    if (failures < 2) return 0ms;
    return std::min<std::chrono::milliseconds>(1s * (1 << std::min(failures - 2, 6)), kLongestPause);
}

bool is_success(int status) {
    return status >= 200 && status < 300;
}

}  // namespace

std::optional<std::chrono::milliseconds> retry_delay(int attempts, Random& random) {
    if (attempts < 1 || static_cast<std::size_t>(attempts) > kDelays.size()) return std::nullopt;
    const auto delay = kDelays[static_cast<std::size_t>(attempts - 1)];
    const auto jitter = random.between(0, static_cast<std::uint64_t>(delay.count()) / 10);
    return delay + std::chrono::milliseconds(jitter);
}

DeliveryLane::DeliveryLane(t::OrganizationId organization, t::WebhookId webhook, const t::WebhookBacklog& backlog,
                           Limits limits)
    : organization_(std::move(organization)),
      webhook_(std::move(webhook)),
      limits_(limits),
      position_(backlog.cursor),
      written_cursor_(backlog.cursor) {
    for (const t::WebhookDelivery& delivery : backlog.deliveries) {
        if (delivery.event > backlog.cursor) settled_.insert(delivery.event);
        if (delivery.state == t::DeliveryState::Pending) keep_pending(delivery);
    }
}

DeliveryLane::DeliveryLane(t::OrganizationId organization, t::WebhookId webhook, const t::WebhookBacklog& backlog)
    : DeliveryLane(std::move(organization), std::move(webhook), backlog, Limits()) {}

void DeliveryLane::keep_pending(t::WebhookDelivery delivery) {
    due_.emplace(delivery.next_attempt, delivery.event);
    const auto sequence = delivery.event;
    pending_.insert_or_assign(sequence, std::move(delivery));
}

void DeliveryLane::offer(EventPtr event, bool matches) {
    if (event->sequence <= position_) return;
    position_ = event->sequence;
    if (settled_.erase(position_) == 0 && matches) fresh_.push_back(std::move(event));
}

void DeliveryLane::pass(std::uint64_t sequence) {
    position_ = std::max(position_, sequence);
}

std::optional<DeliveryLane::Attempt> DeliveryLane::next(WallTime now) {
    if (!enabled_ || running_.size() >= window_) return std::nullopt;
    if (auto again = next_pending(now)) return again;
    return next_fresh(now);
}

std::optional<DeliveryLane::Attempt> DeliveryLane::next_pending(WallTime now) {
    if (due_.empty() || due_.begin()->first > now) return std::nullopt;
    const auto sequence = due_.begin()->second;
    due_.erase(due_.begin());
    const auto node = pending_.extract(sequence);
    Attempt out{sequence, nullptr, node.mapped().attempts + 1};
    running_.emplace(sequence, Running{std::move(node.mapped()), nullptr});
    return out;
}

bool DeliveryLane::is_busy(const t::Event& event) const {
    return std::ranges::any_of(running_, [&](const auto& entry) {
        const auto& other = entry.second.event;
        return other && other->resource_id == event.resource_id && other->resource_type == event.resource_type;
    });
}

std::optional<DeliveryLane::Attempt> DeliveryLane::next_fresh(WallTime now) {
    if (paused_until_ > now || pending_.size() >= limits_.pending) return std::nullopt;
    const auto found = std::ranges::find_if(fresh_, [&](const EventPtr& event) { return !is_busy(*event); });
    if (found == fresh_.end()) return std::nullopt;
    Attempt out{(*found)->sequence, *found, 1};
    Running running;
    running.event = *found;
    running.delivery.organization = organization_;
    running.delivery.webhook = webhook_;
    running.delivery.event = out.sequence;
    running.delivery.first_attempt = now;
    running_.emplace(out.sequence, std::move(running));
    fresh_.erase(found);
    return out;
}

void DeliveryLane::finished(std::uint64_t sequence, const AttemptResult& result, WallTime now, Random& random) {
    const auto node = running_.extract(sequence);
    if (node.empty()) return;
    t::WebhookDelivery delivery = std::move(node.mapped().delivery);
    ++delivery.attempts;
    delivery.last_attempt = now;
    delivery.http_status = result.http_status;
    delivery.latency = result.latency;
    delivery.error = result.error;
    if (is_success(result.http_status)) {
        delivery.state = t::DeliveryState::Delivered;
        failures_ = 0;
        paused_until_ = {};
        window_ = std::min(window_ + 1, limits_.window);
    } else {
        window_ = 1;
        paused_until_ = now + pause_after(++failures_);
        const auto delay = retry_delay(delivery.attempts, random);
        delivery.state = delay ? t::DeliveryState::Pending : t::DeliveryState::Dead;
        const auto asked = std::min<std::chrono::milliseconds>(result.retry_after.value_or(0s), kLongestRetryAfter);
        delivery.next_attempt = now + std::max(delay.value_or(0ms), asked);
        if (delay) keep_pending(delivery);
    }
    changes_.push_back(std::move(delivery));
}

// What is due already waits for a result, not for time.
std::optional<WallTime> DeliveryLane::next_deadline(WallTime now) const {
    if (!enabled_ || running_.size() >= window_) return std::nullopt;
    std::optional<WallTime> out;
    if (!due_.empty() && due_.begin()->first > now) out = due_.begin()->first;
    if (!fresh_.empty() && paused_until_ > now) out = std::min(out.value_or(paused_until_), paused_until_);
    return out;
}

void DeliveryLane::requeue(t::WebhookDelivery delivery, WallTime now) {
    if (running_.contains(delivery.event)) return;
    if (const auto held = pending_.find(delivery.event); held != pending_.end()) {
        due_.erase({held->second.next_attempt, delivery.event});
        pending_.erase(held);
    }
    delivery.state = t::DeliveryState::Pending;
    delivery.attempts = 0;
    delivery.next_attempt = now;
    changes_.push_back(delivery);
    keep_pending(std::move(delivery));
}

void DeliveryLane::rewind(std::uint64_t cursor) {
    position_ = written_cursor_ = cursor;
    const auto later = [cursor](std::uint64_t sequence) { return sequence > cursor; };
    fresh_.clear();
    settled_.clear();
    std::erase_if(running_, [&](const auto& entry) { return later(entry.first); });
    std::erase_if(pending_, [&](const auto& entry) { return later(entry.first); });
    std::erase_if(due_, [&](const auto& entry) { return later(entry.second); });
    std::erase_if(changes_, [&](const auto& delivery) { return later(delivery.event); });
    failures_ = 0;
    paused_until_ = {};
}

// The first of those that are still without a result holds the cursor back.
std::uint64_t DeliveryLane::cursor() const {
    std::uint64_t out = position_;
    if (!fresh_.empty()) out = std::min(out, fresh_.front()->sequence - 1);
    for (const auto& [sequence, running] : running_)
        if (running.event) out = std::min(out, sequence - 1);
    return out;
}

DeliveryLane::Changes DeliveryLane::take_changes() {
    Changes out;
    out.deliveries = std::exchange(changes_, {});
    const auto now_at = cursor();
    if (now_at != written_cursor_) out.lane = t::WebhookLane{organization_, webhook_, now_at};
    written_cursor_ = now_at;
    return out;
}

}  // namespace dp::events

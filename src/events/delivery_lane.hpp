#pragma once
/// @file DeliveryLane: how one webhook is told of events, as a state machine without I/O: which event to try next, what
/// a result means, when to come back, what to write down. Time and randomness are handed in.
///
/// Order: events are first tried in the order of the log; several may be on their way (window 1, growing to 16 while the
/// target answers well), but never two of one resource. A failed one is tried again on a schedule of its own and holds
/// up nobody; `sequence` in the body says the order. After repeated failures first attempts pause, up to a minute, so
/// that a target that is down is asked politely; the log keeps what waits. At least once: the cursor passes an event
/// only when its result is among the changes handed out.
///
/// | State of an event | on | becomes |
/// |---|---|---|
/// | offered, no match | – | passed by the cursor |
/// | fresh, or pending and due | next() | running |
/// | running | 2xx | delivered |
/// | running | else, tries left | pending until its next attempt (never before Retry-After) |
/// | running | else, the tenth try | dead |
/// | dead, delivered | requeue(), rewind() | pending and due; fresh |
///
/// Source: Standard Webhooks (schedule, Retry-After), product.md "Webhook retries", flows.md 5.

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/random.hpp"
#include "telephony/ports/store.hpp"

namespace dp::events {

using EventPtr = std::shared_ptr<const telephony::Event>;

/// How long after `attempts` failed ones the next follows, with up to a tenth of jitter on top; nothing: give up. Ten
/// tries over at least 76 hours.
std::optional<std::chrono::milliseconds> retry_delay(int attempts, Random& random);

struct AttemptResult {
    int http_status = 0;  ///< 0: no answer
    std::string error;    ///< why there is none
    std::chrono::milliseconds latency{0};
    std::optional<std::chrono::seconds> retry_after;  ///< as the target asked
};

class DeliveryLane {
public:
    struct Limits {
        std::size_t window = 16;
        std::size_t fresh = 64;        ///< matched events held in memory
        std::size_t pending = 10'000;  ///< with so many to be tried again no new one is begun
    };
    struct Attempt {
        std::uint64_t sequence = 0;
        EventPtr event;  ///< null for a later attempt: it is read from the log
        int number = 1;
    };
    struct Changes {
        std::vector<telephony::WebhookDelivery> deliveries;
        std::optional<telephony::WebhookLane> lane;
    };

    DeliveryLane(telephony::OrganizationId organization, telephony::WebhookId webhook,
                 const telephony::WebhookBacklog& backlog, Limits limits);
    DeliveryLane(telephony::OrganizationId organization, telephony::WebhookId webhook,
                 const telephony::WebhookBacklog& backlog);

    /// The last event it was offered.
    std::uint64_t position() const { return position_; }
    bool wants_more() const { return fresh_.size() < limits_.fresh && pending_.size() < limits_.pending; }
    /// The next of the organization's events, in order of the log.
    void offer(EventPtr event, bool matches);
    /// There is nothing for this organization up to there.
    void pass(std::uint64_t sequence);

    std::optional<Attempt> next(WallTime now);
    void finished(std::uint64_t sequence, const AttemptResult& result, WallTime now, Random& random);
    /// When to call next() again although nothing has happened; nothing: not by time.
    std::optional<WallTime> next_deadline(WallTime now) const;

    /// While disabled nothing is tried; what is offered then must not match.
    void set_enabled(bool enabled) { enabled_ = enabled; }
    /// Tries a finished delivery again, at once and from the schedule's beginning.
    void requeue(telephony::WebhookDelivery delivery, WallTime now);
    /// Everything after `cursor` again. What is on its way is forgotten: its result is ignored.
    void rewind(std::uint64_t cursor);

    bool has_results() const { return !changes_.empty(); }
    /// What must be written; once taken it is the caller's to write.
    Changes take_changes();
    std::size_t pending() const { return pending_.size(); }

private:
    struct Running {
        telephony::WebhookDelivery delivery;
        EventPtr event;  ///< of a first attempt
    };
    std::optional<Attempt> next_pending(WallTime now);
    std::optional<Attempt> next_fresh(WallTime now);
    bool is_busy(const telephony::Event& event) const;
    std::uint64_t cursor() const;
    void keep_pending(telephony::WebhookDelivery delivery);

    const telephony::OrganizationId organization_;
    const telephony::WebhookId webhook_;
    const Limits limits_;
    std::uint64_t position_;
    std::uint64_t written_cursor_;
    std::deque<EventPtr> fresh_;
    std::map<std::uint64_t, Running> running_;
    std::map<std::uint64_t, telephony::WebhookDelivery> pending_;
    std::set<std::pair<WallTime, std::uint64_t>> due_;  ///< of `pending_`
    std::set<std::uint64_t> settled_;                   ///< beyond the cursor when the lane was taken up
    std::vector<telephony::WebhookDelivery> changes_;
    std::size_t window_ = 1;
    int failures_ = 0;  ///< in a row
    WallTime paused_until_{};
    bool enabled_ = true;
};

}  // namespace dp::events

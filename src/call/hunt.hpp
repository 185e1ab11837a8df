#pragma once
/// @file Hunt: the gateways that an outbound call may try, in the router's order, and where a failed attempt leaves it.
/// The verdict on each answer is sip/failover's table; the budget bounds all attempts together (no new one starts after
/// it).
///
/// Threads: control shard. Source: sip-stack 5.4; flows.md step 7.

#include <optional>
#include <vector>

#include "call/leg_signaling.hpp"
#include "sip/failover.hpp"
#include "telephony/conversation/termination.hpp"
#include "telephony/dialing/router.hpp"

namespace dp::call {

/// What the attempt had reached when it failed.
struct AttemptProgress {
    bool rang = false;
    bool early_media = false;
};

class Hunt {
public:
    Hunt() = default;
    explicit Hunt(std::vector<telephony::GatewayChoice> plan) : plan_(std::move(plan)) {}

    /// Null when every gateway was tried.
    const telephony::GatewayChoice* current() const { return next_ < plan_.size() ? &plan_[next_] : nullptr; }
    /// Another gateway waits behind the current one.
    bool has_more() const { return next_ + 1 < plan_.size(); }
    void skip_gateway() { ++next_; }
    void skip_trunk();

    /// Moves to the next attempt as the table says; false when the call is over with `failure` as its last word.
    bool failed(const LegFailure& failure, AttemptProgress progress);
    /// The current attempt asks the same gateway again because of media: with the fewest codecs.
    bool wants_fewest_codecs() const { return fewest_codecs_; }
    /// Why the call is over, once nothing is left to try.
    telephony::Termination last_word() const;
    bool empty() const { return plan_.empty(); }
    const std::vector<telephony::GatewayChoice>& plan() const { return plan_; }
    const sip::CallVerdict& verdict() const { return verdict_; }

private:
    std::vector<telephony::GatewayChoice> plan_;
    std::size_t next_ = 0;
    bool retried_same_ = false;
    bool fewest_codecs_ = false;
    sip::CallVerdict verdict_;
    std::optional<LegFailure> last_;
};

/// The table's view of a failure.
sip::CallVerdict judge(const LegFailure& failure, AttemptProgress progress);

}  // namespace dp::call

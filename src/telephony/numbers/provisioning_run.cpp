#include "telephony/numbers/provisioning_run.hpp"

#include <algorithm>

namespace dp::telephony {
namespace {

constexpr int kUnreachableAfter = 5;

RunStage first_stage(const Number& number, RunOrigin origin) {
    const auto& job = *number.job;
    if (job.kind == JobKind::Release)
        return number.state == NumberState::Releasing ? RunStage::Release : RunStage::Over;
    if (number.state != NumberState::Pending && number.state != NumberState::Provisioning) return RunStage::Over;
    if (!job.external_id.empty()) return RunStage::Poll;
    return origin == RunOrigin::Resumed || job.may_exist ? RunStage::Ask : RunStage::Order;
}

}  // namespace

ProvisioningRun::ProvisioningRun(const Number& number, RunOrigin origin, const ProvisioningTiming& timing,
                                 std::chrono::hours give_up_after, TimePoint now)
    : job_(*number.job),
      state_(number.state),
      e164_(number.e164),
      type_(number.type),
      location_(number.location.str()),
      timing_(timing),
      give_up_after_(give_up_after),
      patient_since_(number.job->began),
      due_(now),
      interval_(timing.first_interval) {
    enter(first_stage(number, origin), now, std::chrono::milliseconds(0));
}

CarrierOrder ProvisioningRun::order() const {
    return {.key = job_.id, .e164 = e164_, .type = type_, .location = location_};
}

void ProvisioningRun::enter(RunStage stage, TimePoint now, std::chrono::milliseconds first) {
    stage_ = stage;
    due_ = now + first;
    interval_ = timing_.first_interval;
}

void ProvisioningRun::wait(const CarrierAnswer& answer, TimePoint now) {
    due_ = now + std::max(interval_, std::chrono::milliseconds(answer.retry_after));
    interval_ = std::min(interval_ * 2, timing_.last_interval);
}

NumberChange ProvisioningRun::change() const {
    return {.job = job_.id};
}

std::optional<NumberChange> ProvisioningRun::raise(Attention attention) {
    if (job_.attention == attention) return std::nullopt;
    job_.attention = attention;
    auto out = change();
    out.attention = attention;
    return out;
}

std::optional<NumberChange> ProvisioningRun::provision_automatically(bool on, TimePoint now, WallTime wall) {
    const bool unordered = stage_ == RunStage::Ask || stage_ == RunStage::Order;
    const bool was_held = held_;
    held_ = !on && unordered && job_.kind == JobKind::Order;
    if (was_held && !held_) due_ = now;
    if (!held_ && job_.attention == Attention::AutoProvisionDisabled) {
        patient_since_ = wall;
        return raise(Attention::None);
    }
    if (!held_ || job_.attention == Attention::AutoProvisionDisabled) return std::nullopt;
    auto out = *raise(Attention::AutoProvisionDisabled);
    // Nothing was sent: whoever takes this over need not ask. The state says that we are at it.
    if (state_ == NumberState::Pending) {
        out.transitions.push_back(NumberTransition::OrderPlaced);
        state_ = NumberState::Provisioning;
    }
    return out;
}

std::optional<NumberChange> ProvisioningRun::answered(const CarrierAnswer& answer, TimePoint now) {
    if (stage_ == RunStage::Over) return std::nullopt;
    if (stage_ == RunStage::Release) return released(answer, now);
    using enum CarrierOutcome;
    const bool silent = answer.outcome == Busy || answer.outcome == Unknown;
    silences_ = silent ? silences_ + 1 : 0;
    switch (answer.outcome) {
        case Active:
        case Rejected:
        case Cancelled:
            return finish(answer);
        case Pending:
            return pending(answer, now);
        case NotFound:
        case Released:
            // Ask: nobody has it, so order it now. Poll: the carrier has lost sight of it; the key will tell.
            enter(stage_ == RunStage::Ask ? RunStage::Order : RunStage::Ask, now,
                  stage_ == RunStage::Ask ? std::chrono::milliseconds(0) : timing_.first_interval);
            return std::nullopt;
        case Busy:
            break;
        case Unknown:
            if (stage_ == RunStage::Order) stage_ = RunStage::Ask;
            break;
    }
    wait(answer, now);
    if (silences_ == kUnreachableAfter && job_.attention == Attention::None)
        return raise(Attention::CarrierUnreachable);
    return std::nullopt;
}

std::optional<NumberChange> ProvisioningRun::pending(const CarrierAnswer& answer, TimePoint now) {
    auto out = change();
    bool changed = false;
    if (state_ == NumberState::Pending) {
        out.transitions.push_back(NumberTransition::OrderPlaced);
        state_ = NumberState::Provisioning;
        changed = true;
    }
    if (!answer.external_id.empty() && answer.external_id != job_.external_id) {
        job_.external_id = answer.external_id;
        out.external_id = answer.external_id;
        changed = true;
    }
    const bool recovered =
        job_.attention == Attention::CarrierUnreachable ||
        (job_.attention == Attention::ManualRegistrationRequired && answer.attention == Attention::None);
    if (answer.attention != Attention::None || recovered)
        if (auto raised = raise(answer.attention)) {
            out.attention = raised->attention;
            out.carrier_code = answer.code, out.carrier_text = answer.text;
            changed = true;
        }
    if (stage_ != RunStage::Poll) enter(RunStage::Poll, now, std::chrono::milliseconds(0));
    wait(answer, now);
    return changed ? std::optional(std::move(out)) : std::nullopt;
}

std::optional<NumberChange> ProvisioningRun::finish(const CarrierAnswer& answer) {
    auto out = change();
    if (!answer.external_id.empty()) out.external_id = answer.external_id;
    if (state_ == NumberState::Pending && answer.outcome != CarrierOutcome::Rejected)
        out.transitions.push_back(NumberTransition::OrderPlaced);
    out.transitions.push_back(answer.outcome == CarrierOutcome::Active     ? NumberTransition::Confirmed
                              : answer.outcome == CarrierOutcome::Rejected ? NumberTransition::Refused
                                                                           : NumberTransition::LimitPassed);
    if (job_.attention != Attention::None) out.attention = Attention::None;
    out.carrier_code = answer.code;
    out.carrier_text = answer.text;
    stage_ = RunStage::Over;
    return out;
}

std::optional<NumberChange> ProvisioningRun::released(const CarrierAnswer& answer, TimePoint now) {
    if (answer.outcome == CarrierOutcome::Released || answer.outcome == CarrierOutcome::NotFound) {
        auto out = change();
        out.transitions.push_back(NumberTransition::ReleaseDone);
        stage_ = RunStage::Over;
        return out;
    }
    wait(answer, now);
    if (answer.outcome != CarrierOutcome::Rejected) return std::nullopt;
    auto out = raise(Attention::ReleaseRefused);
    if (out) out->carrier_code = answer.code, out->carrier_text = answer.text;
    return out;
}

WallTime ProvisioningRun::next_mark() const {
    return job_.attention == Attention::None ? patient_since_ + timing_.attention_after : job_.began + give_up_after_;
}

std::optional<NumberChange> ProvisioningRun::elapsed(WallTime now) {
    if (stage_ == RunStage::Over) return std::nullopt;
    if (job_.kind == JobKind::Order && now >= job_.began + give_up_after_) {
        CarrierAnswer limit{.outcome = CarrierOutcome::Cancelled};
        limit.code = kLimitPassed;
        limit.text = "The carrier did not decide within its limit.";
        return finish(limit);
    }
    if (job_.attention == Attention::None && now >= patient_since_ + timing_.attention_after)
        return raise(Attention::CarrierSlow);
    return std::nullopt;
}

}  // namespace dp::telephony

#include "call/hunt.hpp"

namespace dp::call {

using telephony::EndReason;
using telephony::Reached;

sip::CallVerdict judge(const LegFailure& failure, AttemptProgress progress) {
    sip::CallAttempt attempt;
    attempt.status = failure.kind == LegFailure::Kind::Rejected ? failure.status : 0;
    attempt.connect_failed = failure.kind == LegFailure::Kind::Transport;
    attempt.timed_out = failure.kind == LegFailure::Kind::NoResponse;
    attempt.rang = progress.rang;
    attempt.early_description = progress.early_media;
    attempt.phrase = failure.phrase;
    attempt.q850 = failure.q850;
    if (failure.retry_after) {
        attempt.has_retry_after = true;
        attempt.retry_after =
            static_cast<std::uint32_t>(std::chrono::duration_cast<std::chrono::seconds>(*failure.retry_after).count());
    }
    return sip::judge(attempt);
}

namespace {

/// 415, 488, 606: the offer was the trouble.
bool is_about_media(int status) {
    return status == 415 || status == 488 || status == 606;
}

}  // namespace

void Hunt::skip_trunk() {
    const auto trunk = plan_[next_].trunk->id;
    while (next_ < plan_.size() && plan_[next_].trunk->id == trunk) ++next_;
}

bool Hunt::failed(const LegFailure& failure, AttemptProgress progress) {
    last_ = failure;
    verdict_ = judge(failure, progress);
    fewest_codecs_ = false;
    switch (verdict_.verdict) {
        case sip::RetryVerdict::Final:
            next_ = plan_.size();
            break;
        case sip::RetryVerdict::NextGateway:
            skip_gateway();
            break;
        case sip::RetryVerdict::Follow:  // redirections are not followed: credentials and caller ID stay with the trunk
        case sip::RetryVerdict::NextTrunk:
            skip_trunk();
            break;
        case sip::RetryVerdict::RetrySame:
            fewest_codecs_ = is_about_media(failure.status);
            // An offer of one codec has nothing less to say.
            if (retried_same_ || (fewest_codecs_ && plan_[next_].codecs.size() <= 1)) {
                fewest_codecs_ = false;
                skip_trunk();
                break;
            }
            retried_same_ = true;
            return true;
    }
    retried_same_ = false;
    return current() != nullptr;
}

telephony::Termination Hunt::last_word() const {
    if (!last_) return telephony::terminate(EndReason::NoTrunkAvailable, Reached::NotConnected);
    const bool said = last_->kind == LegFailure::Kind::Rejected;
    const int q850 = last_->q850.value_or(0);
    const bool about_callee = verdict_.verdict == sip::RetryVerdict::Final || q850 != 0;
    EndReason reason = EndReason::TrunkFailed;
    if (said && (about_callee || is_about_media(last_->status)))
        reason = telephony::reason_of_final(last_->status, q850);
    return telephony::terminate(reason, Reached::NotConnected, said ? last_->status : 0, q850);
}

}  // namespace dp::call

#include "sip/non_invite_server_fsm.hpp"

namespace dp::sip {

using enum TransactionAction;

namespace {

// RFC 4320 §4.1: the moment at which the client's Timer E, T1 doubling, would be reset to T2: T1 + 2·T1 + … up to T2.
Duration quiet_before_100(const TimerValues& timing) {
    Duration sum{};
    for (Duration interval = timing.t1; interval < timing.t2; interval *= 2) sum += interval;
    return sum;
}

}  // namespace

NonInviteServerFsm::NonInviteServerFsm(const TimerValues& timing, Reliability reliability, TimePoint now)
    : timing_(&timing), arrived_(now), deadline_(now + timing.timeout()), reliability_(reliability) {}

TransactionActions NonInviteServerFsm::on_request_again() const {
    const bool repeats = state_ == State::Proceeding || state_ == State::Completed;
    return repeats ? TransactionActions(Retransmit) : TransactionActions();
}

TransactionActions NonInviteServerFsm::respond(int status, TimePoint now) {
    if (state_ != State::Trying && state_ != State::Proceeding) return {};
    return status < 200 ? provisional(now) : final_answer(status, now);
}

TransactionActions NonInviteServerFsm::provisional(TimePoint now) {
    const bool early = now - arrived_ < quiet_before_100(*timing_);
    if (reliability_ == Reliability::Unreliable && early) return {};
    state_ = State::Proceeding;
    return Transmit;
}

// RFC 4320 §4.2: a 408 would always come too late to be of use.
TransactionActions NonInviteServerFsm::final_answer(int status, TimePoint now) {
    if (status == 408) return terminate({});
    if (reliability_ == Reliability::Reliable) return terminate(Transmit);  // J = 0
    state_ = State::Completed;
    deadline_ = now + timing_->timeout();
    return Transmit;
}

TransactionActions NonInviteServerFsm::on_deadline(TimePoint now) {
    return now >= deadline_ ? terminate({}) : TransactionActions();
}

TransactionActions NonInviteServerFsm::on_transport_error() {
    if (state_ == State::Completed || state_ == State::Terminated) return {};
    return terminate(ReportTransportError);
}

TransactionActions NonInviteServerFsm::terminate(TransactionActions actions) {
    deadline_ = kNever;
    state_ = State::Terminated;
    return actions | Terminate;
}

}  // namespace dp::sip

#include "sip/non_invite_client_fsm.hpp"

#include <algorithm>

namespace dp::sip {

using enum TransactionAction;

// §17.1.2.2: E starts at T1, F at 64·T1.
NonInviteClientFsm::NonInviteClientFsm(const TimerValues& timing, Reliability reliability, TimePoint now,
                                       Duration timer_f)
    : timing_(&timing), interval_(timing.t1), reliability_(reliability) {
    if (reliability == Reliability::Unreliable) deadlines_.set(Wait::Retransmit, now + interval_);
    deadlines_.set(Wait::End, now + (timer_f > Duration{} ? timer_f : timing.timeout()));
}

TransactionActions NonInviteClientFsm::on_response(int status, TimePoint now) {
    switch (state_) {
        case State::Trying:
            return trying(status, now);
        case State::Proceeding:
            return proceeding(status, now);
        case State::Completed:
        case State::Terminated:
            break;
    }
    return {};
}

TransactionActions NonInviteClientFsm::trying(int status, TimePoint now) {
    if (status >= 200) return final_answer(now);
    state_ = State::Proceeding;
    return Deliver;
}

TransactionActions NonInviteClientFsm::proceeding(int status, TimePoint now) {
    if (status >= 200) return final_answer(now);
    return Deliver;
}

// §17.1.2.2: K = T4 absorbs repeated answers; reliable transports have none.
TransactionActions NonInviteClientFsm::final_answer(TimePoint now) {
    deadlines_.clear();
    if (reliability_ == Reliability::Reliable) return terminate(Deliver);
    state_ = State::Completed;
    deadlines_.set(Wait::End, now + timing_->t4);
    return Deliver;
}

TransactionActions NonInviteClientFsm::on_deadline(TimePoint now) {
    const auto due = deadlines_.take_due(now);
    if (!due) return {};
    if (*due == Wait::Retransmit) return retransmit(now);
    return terminate(state_ == State::Completed ? TransactionActions() : ReportTimeout);
}

// §17.1.2.2: doubling up to T2; in Proceeding always T2.
TransactionActions NonInviteClientFsm::retransmit(TimePoint now) {
    interval_ = state_ == State::Proceeding ? timing_->t2 : std::min(2 * interval_, timing_->t2);
    deadlines_.set(Wait::Retransmit, now + interval_);
    return Retransmit;
}

TransactionActions NonInviteClientFsm::on_transport_error() {
    if (state_ == State::Completed || state_ == State::Terminated) return {};
    return terminate(ReportTransportError);
}

TransactionActions NonInviteClientFsm::terminate(TransactionActions actions) {
    deadlines_.clear();
    state_ = State::Terminated;
    return actions | Terminate;
}

}  // namespace dp::sip

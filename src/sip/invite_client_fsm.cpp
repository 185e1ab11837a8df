#include "sip/invite_client_fsm.hpp"

namespace dp::sip {

using enum TransactionAction;

// §17.1.1.2: A starts at T1, B at 64·T1.
InviteClientFsm::InviteClientFsm(const TimerValues& timing, Reliability reliability, TimePoint now, Duration timer_b)
    : timing_(&timing), interval_(timing.t1), reliability_(reliability) {
    if (reliability == Reliability::Unreliable) deadlines_.set(Wait::Retransmit, now + interval_);
    deadlines_.set(Wait::End, now + (timer_b > Duration{} ? timer_b : timing.timeout()));
}

TransactionActions InviteClientFsm::on_response(int status, TimePoint now) {
    switch (state_) {
        case State::Calling:
            return calling(status, now);
        case State::Proceeding:
            return proceeding(status, now);
        case State::Completed:
            return completed(status);
        case State::Accepted:
            return accepted(status);
        case State::Terminated:
            break;
    }
    return {};
}

// §17.1.1.2: any provisional stops retransmission; from here on the wait is the transaction user's.
TransactionActions InviteClientFsm::calling(int status, TimePoint now) {
    deadlines_.clear();
    if (status >= 200) return final_answer(status, now);
    state_ = State::Proceeding;
    return Deliver;
}

TransactionActions InviteClientFsm::proceeding(int status, TimePoint now) {
    if (status >= 200) return final_answer(status, now);
    return Deliver;
}

// §17.1.1.2: a lost ACK brings the failure again; it is acknowledged, not reported.
TransactionActions InviteClientFsm::completed(int status) const {
    return status >= 300 ? TransactionActions(ResendAck) : TransactionActions();
}

// RFC 6026 §7.2: every 2xx goes up, since it may be another fork's or want its ACK again.
TransactionActions InviteClientFsm::accepted(int status) const {
    return status >= 200 && status < 300 ? TransactionActions(Deliver) : TransactionActions();
}

TransactionActions InviteClientFsm::final_answer(int status, TimePoint now) {
    if (status < 300) {
        state_ = State::Accepted;  // RFC 6026 §7.2
        deadlines_.set(Wait::End, now + timing_->timeout());
        return Deliver;
    }
    if (reliability_ == Reliability::Reliable) return terminate(SendAck | Deliver);  // D = 0
    state_ = State::Completed;
    deadlines_.set(Wait::End, now + timing_->d);
    return SendAck | Deliver;
}

TransactionActions InviteClientFsm::on_deadline(TimePoint now) {
    const auto due = deadlines_.take_due(now);
    if (!due) return {};
    if (*due == Wait::End) return terminate(state_ == State::Calling ? ReportTimeout : TransactionActions());
    interval_ *= 2;  // §17.1.1.2: A doubles without a cap
    deadlines_.set(Wait::Retransmit, now + interval_);
    return Retransmit;
}

// §17.1.4. In Accepted the 2xx has been heard: an ACK that cannot be sent is the dialog's trouble.
TransactionActions InviteClientFsm::on_transport_error() {
    if (state_ == State::Accepted || state_ == State::Terminated) return {};
    return terminate(ReportTransportError);
}

TransactionActions InviteClientFsm::terminate(TransactionActions actions) {
    deadlines_.clear();
    state_ = State::Terminated;
    return actions | Terminate;
}

}  // namespace dp::sip

#include "sip/invite_server_fsm.hpp"

#include <algorithm>

namespace dp::sip {

using enum TransactionAction;

// §17.2.1; RFC 6026 §7.1: in Accepted a retransmitted INVITE is absorbed, the transaction user repeats the 2xx by
// itself.
TransactionActions InviteServerFsm::on_request_again() const {
    const bool repeats = state_ == State::Proceeding || state_ == State::Completed;
    return repeats ? TransactionActions(Retransmit) : TransactionActions();
}

TransactionActions InviteServerFsm::on_ack(TimePoint now) {
    if (state_ == State::Accepted) return Deliver;  // RFC 6026 §7.1: the ACK of a 2xx is the transaction user's
    if (state_ != State::Completed) return {};
    deadlines_.clear();
    if (reliability_ == Reliability::Reliable) return terminate({});  // I = 0
    state_ = State::Confirmed;
    deadlines_.set(Wait::End, now + timing_->t4);
    return {};
}

TransactionActions InviteServerFsm::respond(int status, TimePoint now) {
    if (state_ == State::Proceeding) return proceeding_respond(status, now);
    const bool repeated_success = state_ == State::Accepted && status >= 200 && status < 300;
    return repeated_success ? TransactionActions(Transmit) : TransactionActions();
}

TransactionActions InviteServerFsm::proceeding_respond(int status, TimePoint now) {
    if (status < 200) return Transmit;
    deadlines_.set(Wait::End, now + timing_->timeout());  // L (RFC 6026) or H (§17.2.1)
    if (status < 300) {
        state_ = State::Accepted;
        return Transmit;
    }
    state_ = State::Completed;
    interval_ = timing_->t1;
    if (reliability_ == Reliability::Unreliable) deadlines_.set(Wait::Retransmit, now + interval_);
    return Transmit;
}

TransactionActions InviteServerFsm::on_deadline(TimePoint now) {
    const auto due = deadlines_.take_due(now);
    if (!due) return {};
    if (*due == Wait::Retransmit) return retransmit(now);
    return terminate(state_ == State::Completed ? ReportTimeout : TransactionActions());
}

TransactionActions InviteServerFsm::retransmit(TimePoint now) {
    interval_ = std::min(2 * interval_, timing_->t2);
    deadlines_.set(Wait::Retransmit, now + interval_);
    return Retransmit;
}

// §17.2.4. After an ACK or a 2xx nothing of ours depends on the transport any more.
TransactionActions InviteServerFsm::on_transport_error() {
    if (state_ != State::Proceeding && state_ != State::Completed) return {};
    return terminate(ReportTransportError);
}

TransactionActions InviteServerFsm::terminate(TransactionActions actions) {
    deadlines_.clear();
    state_ = State::Terminated;
    return actions | Terminate;
}

}  // namespace dp::sip

#pragma once
/// @file INVITE client transaction, RFC 3261 §17.1.1 with the Accepted state of RFC 6026 §7.2.
///
/// Sans-I/O: inputs are responses, time and transport errors; outputs are actions and the next deadline. A value; no
/// threads.
///
/// | State      | 1xx             | 2xx                     | 300-699                | deadline                           | transport error      |
/// |------------|-----------------|-------------------------|------------------------|------------------------------------|----------------------|
/// | Calling    | ^; → Proceeding | ^; M; → Accepted        | ACK; ^; D; → Completed | A: rtx, 2·A. B: ^time-out; → Term. | ^error; → Terminated |
/// | Proceeding | ^               | ^; M; → Accepted        | ACK; ^; D; → Completed | -                                  | ^error; → Terminated |
/// | Completed  | -               | -                       | ACK again              | D: → Terminated                    | ^error; → Terminated |
/// | Accepted   | -               | ^ (each: TU ACKs again) | -                      | M: → Terminated                    | -                    |
/// | Terminated | -               | -                       | -                      | -                                  | -                    |
///
/// Timer A runs on unreliable transports only, doubling without a cap. D is 0 on reliable ones. How long it may ring is
/// the transaction user's affair: nothing runs in Proceeding.

#include "sip/timing.hpp"
#include "sip/transaction_actions.hpp"

namespace dp::sip {

class InviteClientFsm {
public:
    enum class State : std::uint8_t { Calling, Proceeding, Completed, Accepted, Terminated };

    /// The request has been sent. `timer_b` zero: 64·T1.
    InviteClientFsm(const TimerValues& timing, Reliability reliability, TimePoint now, Duration timer_b = {});

    TransactionActions on_response(int status, TimePoint now);
    /// At or after deadline(). Repeat until nothing is due.
    TransactionActions on_deadline(TimePoint now);
    TransactionActions on_transport_error();

    State state() const { return state_; }
    TimePoint deadline() const { return deadlines_.earliest(); }

private:
    enum class Wait : std::uint8_t { Retransmit, End };  ///< End is B, D or M by state

    TransactionActions calling(int status, TimePoint now);
    TransactionActions proceeding(int status, TimePoint now);
    TransactionActions completed(int status) const;
    TransactionActions accepted(int status) const;
    TransactionActions final_answer(int status, TimePoint now);
    TransactionActions terminate(TransactionActions actions);

    const TimerValues* timing_;
    Deadlines<Wait, 2> deadlines_;
    Duration interval_;
    Reliability reliability_;
    State state_ = State::Calling;
};

}  // namespace dp::sip

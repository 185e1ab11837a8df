#pragma once
/// @file Non-INVITE client transaction, RFC 3261 §17.1.2.
///
/// Sans-I/O: inputs are responses, time and transport errors; outputs are actions and the next deadline. A value; no
/// threads.
///
/// | State      | 1xx             | 200-699           | deadline                                    | transport error      |
/// |------------|-----------------|-------------------|---------------------------------------------|----------------------|
/// | Trying     | ^; → Proceeding | ^; K; → Completed | E: rtx, min(2·E, T2). F: ^time-out; → Term. | ^error; → Terminated |
/// | Proceeding | ^               | ^; K; → Completed | E: rtx, T2.           F: ^time-out; → Term. | ^error; → Terminated |
/// | Completed  | -               | -                 | K: → Terminated                             | -                    |
/// | Terminated | -               | -                 | -                                           | -                    |
///
/// Timer E runs on unreliable transports only; K is 0 on reliable ones.

#include "sip/timing.hpp"
#include "sip/transaction_actions.hpp"

namespace dp::sip {

class NonInviteClientFsm {
public:
    enum class State : std::uint8_t { Trying, Proceeding, Completed, Terminated };

    /// The request has been sent. `timer_f` zero: 64·T1.
    NonInviteClientFsm(const TimerValues& timing, Reliability reliability, TimePoint now, Duration timer_f = {});

    TransactionActions on_response(int status, TimePoint now);
    TransactionActions on_deadline(TimePoint now);
    TransactionActions on_transport_error();

    State state() const { return state_; }
    TimePoint deadline() const { return deadlines_.earliest(); }

private:
    enum class Wait : std::uint8_t { Retransmit, End };  ///< End is F or K by state

    TransactionActions trying(int status, TimePoint now);
    TransactionActions proceeding(int status, TimePoint now);
    TransactionActions final_answer(TimePoint now);
    TransactionActions retransmit(TimePoint now);
    TransactionActions terminate(TransactionActions actions);

    const TimerValues* timing_;
    Deadlines<Wait, 2> deadlines_;
    Duration interval_;
    Reliability reliability_;
    State state_ = State::Trying;
};

}  // namespace dp::sip

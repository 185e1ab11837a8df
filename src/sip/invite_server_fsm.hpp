#pragma once
/// @file INVITE server transaction, RFC 3261 §17.2.1 with the Accepted state of RFC 6026 §7.1.
///
/// Sans-I/O: inputs are requests, our responses, time and transport errors; outputs are actions and the next deadline.
/// A value.
///
/// | State      | INVITE again | our 1xx | our 2xx            | our 300-699           | ACK                       | deadline                                 | transport error |
/// |------------|--------------|---------|--------------------|-----------------------|---------------------------|------------------------------------------|-----------------|
/// | Proceeding | rtx          | tx      | tx; L; → Accepted  | tx; G; H; → Completed | -                         | -                                        | ^error; → Term. |
/// | Completed  | rtx          | -       | -                  | -                     | stop G, H; I; → Confirmed | G: rtx, min(2·G, T2). H: ^time-out; → T. | ^error; → Term. |
/// | Confirmed  | -            | -       | -                  | -                     | -                         | I: → Terminated                          | -               |
/// | Accepted   | -            | -       | tx (TU repeats it) | -                     | ^                         | L: → Terminated                          | -               |
/// | Terminated | -            | -       | -                  | -                     | -                         | -                                        | -               |
///
/// Timer G runs on unreliable transports only; I is 0 on reliable ones. The 100 that quenches retransmissions is sent
/// by the transaction layer as the first "our 1xx".

#include "sip/timing.hpp"
#include "sip/transaction_actions.hpp"

namespace dp::sip {

class InviteServerFsm {
public:
    enum class State : std::uint8_t { Proceeding, Completed, Confirmed, Accepted, Terminated };

    InviteServerFsm(const TimerValues& timing, Reliability reliability) : timing_(&timing), reliability_(reliability) {}

    TransactionActions on_request_again() const;
    TransactionActions on_ack(TimePoint now);
    /// The transaction user responds.
    TransactionActions respond(int status, TimePoint now);
    TransactionActions on_deadline(TimePoint now);
    TransactionActions on_transport_error();

    State state() const { return state_; }
    TimePoint deadline() const { return deadlines_.earliest(); }

private:
    enum class Wait : std::uint8_t { Retransmit, End };  ///< End is H, I or L by state

    TransactionActions proceeding_respond(int status, TimePoint now);
    TransactionActions retransmit(TimePoint now);
    TransactionActions terminate(TransactionActions actions);

    const TimerValues* timing_;
    Deadlines<Wait, 2> deadlines_;
    Duration interval_{};
    Reliability reliability_;
    State state_ = State::Proceeding;
};

}  // namespace dp::sip

#pragma once
/// @file Non-INVITE server transaction, RFC 3261 §17.2.2 with RFC 4320.
///
/// Sans-I/O: inputs are requests, our responses, time and transport errors; outputs are actions and the next deadline.
/// A value.
///
/// | State      | request again | our 100                                  | our 200-699                   | deadline            | transport error |
/// |------------|---------------|------------------------------------------|-------------------------------|---------------------|-----------------|
/// | Trying     | -             | tx; → Proceeding; not before T2 over UDP | tx; J; → Completed; never 408 | Quiet: → Terminated | ^error; → Term. |
/// | Proceeding | rtx           | tx                                       | as above                      | Quiet: → Terminated | ^error; → Term. |
/// | Completed  | rtx           | -                                        | -                             | J: → Terminated     | -               |
/// | Terminated | -             | -                                        | -                             | -                   | -               |
///
/// RFC 4320 §4.1: over UDP no 100 before the client's Timer E would reach T2. §4.2: no 408, and nothing after 64·T1
/// (Quiet): the client has given up. J is 0 on reliable transports.

#include "sip/timing.hpp"
#include "sip/transaction_actions.hpp"

namespace dp::sip {

class NonInviteServerFsm {
public:
    enum class State : std::uint8_t { Trying, Proceeding, Completed, Terminated };

    NonInviteServerFsm(const TimerValues& timing, Reliability reliability, TimePoint now);

    TransactionActions on_request_again() const;
    TransactionActions respond(int status, TimePoint now);
    TransactionActions on_deadline(TimePoint now);
    TransactionActions on_transport_error();

    State state() const { return state_; }
    TimePoint deadline() const { return deadline_; }

private:
    TransactionActions provisional(TimePoint now);
    TransactionActions final_answer(int status, TimePoint now);
    TransactionActions terminate(TransactionActions actions);

    const TimerValues* timing_;
    TimePoint arrived_;
    TimePoint deadline_;
    Reliability reliability_;
    State state_ = State::Trying;
};

}  // namespace dp::sip

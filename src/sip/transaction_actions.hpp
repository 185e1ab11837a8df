#pragma once
/// @file What a transaction machine asks for after one input. The machines decide; the transaction layer sends and
/// tells.

#include <cstdint>

namespace dp::sip {

enum class TransactionAction : std::uint16_t {
    Transmit = 1,    ///< send the request or response handed in with this input
    Retransmit = 2,  ///< send the last message again
    SendAck = 4,     ///< build the ACK of a failure and send it; keep it (client)
    ResendAck = 8,   ///< send the kept ACK again (client)
    Deliver = 16,    ///< give the message to the transaction user
    ReportTimeout = 32,
    ReportTransportError = 64,
    Terminate = 128,  ///< the transaction is over and may be removed
};

/// A set of actions; carried out in the order of the enumerators.
class TransactionActions {
public:
    constexpr TransactionActions() = default;
    constexpr TransactionActions(TransactionAction action) : bits_(static_cast<std::uint16_t>(action)) {}
    constexpr bool has(TransactionAction action) const { return bits_ & static_cast<std::uint16_t>(action); }
    constexpr bool none() const { return bits_ == 0; }
    friend constexpr TransactionActions operator|(TransactionActions a, TransactionActions b) {
        TransactionActions sum;
        sum.bits_ = a.bits_ | b.bits_;
        return sum;
    }
    friend constexpr bool operator==(TransactionActions, TransactionActions) = default;

private:
    std::uint16_t bits_ = 0;
};

constexpr TransactionActions operator|(TransactionAction a, TransactionAction b) {
    return TransactionActions(a) | TransactionActions(b);
}

}  // namespace dp::sip

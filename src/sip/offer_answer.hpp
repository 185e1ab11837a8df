#pragma once
/// @file Whose description is waiting for an answer (RFC 3264, 6337 §2, RFC 3261 §14). Bodies are not looked at.
///
/// | State       | receive offer     | send offer   | receive answer | send answer | failure  |
/// |-------------|-------------------|--------------|----------------|-------------|----------|
/// | Stable      | → RemoteOffer     | → LocalOffer | ignore         | -           | -        |
/// | LocalOffer  | 491 (glare)       | queue        | → Stable       | -           | → Stable |
/// | RemoteOffer | 500 + Retry-After | queue        | ignore         | → Stable    | → Stable |

#include <cstdint>

namespace dp::sip {

class OfferAnswer {
public:
    enum class State : std::uint8_t { Stable, LocalOffer, RemoteOffer };
    enum class Received : std::uint8_t { Taken, Glare, Busy };

    Received receive_offer() {
        if (state_ == State::LocalOffer) return Received::Glare;
        if (state_ == State::RemoteOffer) return Received::Busy;
        state_ = State::RemoteOffer;
        return Received::Taken;
    }
    bool may_offer() const { return state_ == State::Stable; }
    /// True when the offer may go out now.
    bool send_offer() {
        if (state_ != State::Stable) return false;
        state_ = State::LocalOffer;
        return true;
    }
    /// True when this completes our offer; false: to be ignored.
    bool receive_answer() { return leave(State::LocalOffer); }
    bool send_answer() { return leave(State::RemoteOffer); }
    /// A refused, cancelled or unsendable exchange: what was agreed before stays in force (RFC 6141).
    void fail() { state_ = State::Stable; }
    State state() const { return state_; }

private:
    bool leave(State from) {
        if (state_ != from) return false;
        state_ = State::Stable;
        return true;
    }
    State state_ = State::Stable;
};

}  // namespace dp::sip

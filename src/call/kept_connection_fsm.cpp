#include "call/kept_connection_fsm.hpp"

namespace dp::call {
namespace {

using S = KeptState;
using E = KeptEvent;
using A = KeptAction;

struct Row {
    S state;
    E event;
    KeptStep step;
};

constexpr KeptStep kRest{S::Settling, {A::Quiet, A::OfferInactive, A::StartClock}};
constexpr KeptStep kLend{S::Lent, {A::StopClock}};
constexpr KeptStep kHangUp{S::None, {A::HangUp}};
constexpr KeptStep kForget{S::None, {A::Forget}};

constexpr Row kRows[] = {
    {S::None, E::Rests, kRest},

    {S::Settling, E::Settled, {S::Idle, {}}},
    {S::Settling, E::Refused, kHangUp},
    {S::Settling, E::Borrowed, kLend},
    {S::Settling, E::TimedOut, kHangUp},
    {S::Settling, E::PathLost, kHangUp},
    {S::Settling, E::Unwanted, kHangUp},
    {S::Settling, E::PeerEnded, kForget},

    {S::Idle, E::Borrowed, kLend},
    {S::Idle, E::Refused, kHangUp},
    {S::Idle, E::TimedOut, kHangUp},
    {S::Idle, E::PathLost, kHangUp},
    {S::Idle, E::Unwanted, kHangUp},
    {S::Idle, E::PeerEnded, kForget},

    {S::Lent, E::Rests, kRest},
    {S::Lent, E::Untaken, {S::Settling, {A::Quiet, A::OfferInactive, A::ResumeClock}}},
    {S::Lent, E::Dropped, kForget},
};

}  // namespace

const KeptStep* step(KeptState state, KeptEvent event) {
    for (const Row& row : kRows)
        if (row.state == state && row.event == event) return &row.step;
    return nullptr;
}

}  // namespace dp::call

/// Every cell of the table: what the header comment says, and nothing else.

#include "call/kept_connection_fsm.hpp"

#include <gtest/gtest.h>

#include <map>
#include <vector>

namespace dp::call {
namespace {

using S = KeptState;
using E = KeptEvent;
using A = KeptAction;

struct Expected {
    S next;
    std::vector<A> actions;
};

TEST(KeptConnectionTable, IsWhatItsHeaderSays) {
    const Expected rest{S::Settling, {A::Quiet, A::OfferInactive, A::StartClock}};
    const Expected hang_up{S::None, {A::HangUp}};
    std::map<std::pair<S, E>, Expected> table{
        {{S::None, E::Rests}, rest},
        {{S::Lent, E::Rests}, rest},
        {{S::Settling, E::Settled}, {S::Idle, {}}},
        {{S::Lent, E::Untaken}, {S::Settling, {A::Quiet, A::OfferInactive, A::ResumeClock}}},
        {{S::Lent, E::Dropped}, {S::None, {A::Forget}}},
    };
    for (const S state : {S::Settling, S::Idle}) {
        table[{state, E::Borrowed}] = {S::Lent, {A::StopClock}};
        table[{state, E::PeerEnded}] = {S::None, {A::Forget}};
        for (const E event : {E::Refused, E::TimedOut, E::PathLost, E::Unwanted}) table[{state, event}] = hang_up;
    }
    for (int s = 0; s <= static_cast<int>(S::Lent); ++s) {
        for (int e = 0; e <= static_cast<int>(E::PeerEnded); ++e) {
            const auto* found = step(static_cast<S>(s), static_cast<E>(e));
            const auto row = table.find({static_cast<S>(s), static_cast<E>(e)});
            ASSERT_EQ(found != nullptr, row != table.end()) << "state " << s << " event " << e;
            if (found == nullptr) continue;
            EXPECT_EQ(found->next, row->second.next) << "state " << s << " event " << e;
            std::vector<A> actions;
            for (const A action : found->actions)
                if (action != A::None) actions.push_back(action);
            EXPECT_EQ(actions, row->second.actions) << "state " << s << " event " << e;
        }
    }
}

}  // namespace
}  // namespace dp::call

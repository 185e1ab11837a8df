#include "call/transfer_fsm.hpp"

namespace dp::call {
namespace {

using S = TransferState;
using E = TransferEvent;
using A = TransferAction;

struct Row {
    S state;
    E event;
    TransferStep step;
};

constexpr TransferStep kDial(S state) {
    return {state, {A::Park, A::DialTarget}};
}
constexpr TransferStep kReturn{S::None, {A::Return}};
constexpr TransferStep kDropAndReturn{S::None, {A::DropTarget, A::Return}};
constexpr TransferStep kHandOver{S::None, {A::ReplaceTransferor}};
constexpr TransferStep kGoOnWithTarget{S::None, {A::ReplaceObject}};
constexpr TransferStep kEnd{S::None, {A::EndCall}};

constexpr Row kRows[] = {
    {S::None, E::StartBlind, kDial(S::Blind)},
    {S::None, E::StartConsult, kDial(S::Consulting)},

    {S::Blind, E::TargetRings, {S::Blind, {A::ObjectHearsRinging, A::TellRinging}}},
    {S::Blind, E::TargetAnswers, kHandOver},
    {S::Blind, E::TargetFails, kReturn},
    {S::Blind, E::Cancelled, kDropAndReturn},
    {S::Blind, E::TransferorLeaves, {S::Orphaned, {}}},
    {S::Blind, E::ObjectLeaves, kEnd},

    {S::Consulting, E::TargetRings, {S::Consulting, {A::TransferorHearsRinging}}},
    {S::Consulting, E::TargetAnswers, {S::Talking, {A::JoinTarget}}},
    {S::Consulting, E::TargetFails, kReturn},
    {S::Consulting, E::Cancelled, kDropAndReturn},
    {S::Consulting, E::TransferorLeaves, {S::Orphaned, {A::ObjectHearsRinging}}},
    {S::Consulting, E::ObjectLeaves, kEnd},

    {S::Talking, E::SpeakToObject, {S::Aside, {A::JoinObject}}},
    {S::Talking, E::TransferorLeaves, kHandOver},
    {S::Talking, E::ObjectLeaves, kGoOnWithTarget},
    {S::Talking, E::TargetFails, kReturn},
    {S::Talking, E::Cancelled, kDropAndReturn},

    {S::Aside, E::SpeakToTarget, {S::Talking, {A::JoinTarget}}},
    {S::Aside, E::TransferorLeaves, kHandOver},
    {S::Aside, E::ObjectLeaves, kGoOnWithTarget},
    {S::Aside, E::TargetFails, kReturn},
    {S::Aside, E::Cancelled, kDropAndReturn},

    {S::Orphaned, E::TargetRings, {S::Orphaned, {A::ObjectHearsRinging}}},
    {S::Orphaned, E::TargetAnswers, kHandOver},
    {S::Orphaned, E::TargetFails, kEnd},
    {S::Orphaned, E::Cancelled, kEnd},
    {S::Orphaned, E::ObjectLeaves, kEnd},
};

}  // namespace

const TransferStep* step(TransferState state, TransferEvent event) {
    for (const Row& row : kRows)
        if (row.state == state && row.event == event) return &row.step;
    return nullptr;
}

}  // namespace dp::call

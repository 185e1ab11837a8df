#pragma once
/// @file The transfer of a connected call, blind or with consultation, as a machine beside the call's own. Three
/// parties: the *transferor*, the *object* (who is handed over) and the *target*.
///
///     state       event             next        does
///     None        StartBlind        Blind       Park DialTarget
///     None        StartConsult      Consulting  Park DialTarget
///     Blind       TargetRings       Blind       ObjectHearsRinging TellRinging
///     Blind       TargetAnswers     None        ReplaceTransferor
///     Blind       TargetFails       None        Return              (busy, no answer, refused: back to the transferor)
///     Blind       Cancelled         None        DropTarget Return
///     Blind       TransferorLeaves  Orphaned
///     Consulting  TargetRings       Consulting  TransferorHearsRinging
///     Consulting  TargetAnswers     Talking     JoinTarget
///     Consulting  TransferorLeaves  Orphaned    ObjectHearsRinging  (from here on it is a blind one)
///     Consulting  TargetFails       None        Return
///     Consulting  Cancelled         None        DropTarget Return
///     Talking     SpeakToObject     Aside       JoinObject
///     Aside       SpeakToTarget     Talking     JoinTarget
///     Talking Aside  TransferorLeaves  None     ReplaceTransferor   (that completes it)
///     Talking Aside  ObjectLeaves   None        ReplaceObject       (transferor and target go on)
///     Talking Aside  TargetFails    None        Return
///     Talking Aside  Cancelled      None        DropTarget Return
///     Orphaned    TargetAnswers     None        ReplaceTransferor
///     Orphaned    TargetRings       Orphaned    ObjectHearsRinging
///     Orphaned    TargetFails       None        EndCall
///     Orphaned    Cancelled         None        EndCall
///     Blind Consulting Orphaned  ObjectLeaves  None  EndCall
///
/// Everything else is ignored. A call that ends takes the target along, whatever the state. Source: RFC 5589 sections 6
/// and 7 as seen by a B2BUA; genesys-api 1.6.

#include <array>
#include <cstdint>

namespace dp::call {

enum class TransferState : std::uint8_t { None, Blind, Consulting, Talking, Aside, Orphaned };

enum class TransferEvent : std::uint8_t {
    StartBlind,
    StartConsult,
    TargetRings,
    TargetAnswers,
    TargetFails,  ///< before the answer or after it
    TransferorLeaves,
    ObjectLeaves,
    SpeakToTarget,
    SpeakToObject,
    Cancelled,
};

enum class TransferAction : std::uint8_t {
    None,
    Park,  ///< transferor and object hear silence and not each other
    DialTarget,
    DropTarget,
    ObjectHearsRinging,
    TransferorHearsRinging,
    TellRinging,
    JoinTarget,  ///< transferor and target talk, the object waits
    JoinObject,  ///< transferor and object talk, the target waits
    ReplaceTransferor,
    ReplaceObject,
    Return,  ///< transferor and object talk again, the target is forgotten
    EndCall,
};

struct TransferStep {
    TransferState next;
    std::array<TransferAction, 2> actions{};
};

/// Null: nothing happens.
const TransferStep* step(TransferState state, TransferEvent event);

}  // namespace dp::call

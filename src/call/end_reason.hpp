#pragma once
/// @file Why a call ends, as its parts report it: what a phone's answer, a leg's end or a media failure stands for in
/// the one table of terminations (telephony/conversation/termination.hpp). Pure functions.

#include "call/leg_signaling.hpp"
#include "call/media_engine.hpp"
#include "telephony/conversation/termination.hpp"

namespace dp::call {

/// Who gave the call to us: an API client or the agent's own phone, or somebody outside who calls a user.
enum class Calling : std::uint8_t { Agent, Remote };

/// A phone of a user refused or could not be reached.
telephony::EndReason reason_of_phone_failure(const LegFailure& failure, Calling calling);
/// Of several phones that all failed the one that says most: refused before incompatible before silent before
/// unreachable.
telephony::EndReason worse_of(telephony::EndReason a, telephony::EndReason b);
/// A leg ended that had been answered (or had called us).
telephony::EndReason reason_of_end(const LegEnd& end, Party party, Calling calling, telephony::Reached reached);
telephony::EndReason reason_of_media(MediaFailure failure);
/// A 6xx of one phone speaks for the user (RFC 3261 §16.7 step 5): the others stop ringing.
bool speaks_for_all(const LegFailure& failure);

}  // namespace dp::call

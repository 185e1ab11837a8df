#include "call/end_reason.hpp"

#include <algorithm>
#include <array>

namespace dp::call {

using telephony::EndReason;
using telephony::Reached;

EndReason reason_of_phone_failure(const LegFailure& failure, Calling calling) {
    if (failure.kind != LegFailure::Kind::Rejected) return EndReason::AgentUnreachable;
    switch (failure.status) {
        case 408:
        case 480:
            return EndReason::AgentNoAnswer;
        case 415:
        case 488:
        case 606:
            return EndReason::IncompatibleMedia;
        case 486:
        case 600:
            return calling == Calling::Agent ? EndReason::AgentDeclined : EndReason::Busy;
        case 403:
        case 603:
            return EndReason::AgentDeclined;
        default:
            return EndReason::AgentUnreachable;
    }
}

EndReason worse_of(EndReason a, EndReason b) {
    static constexpr std::array kOrder = {EndReason::AgentDeclined, EndReason::Busy, EndReason::IncompatibleMedia,
                                          EndReason::AgentNoAnswer, EndReason::AgentUnreachable};
    return std::ranges::find(kOrder, a) <= std::ranges::find(kOrder, b) ? a : b;
}

EndReason reason_of_end(const LegEnd& end, Party party, Calling calling, Reached reached) {
    switch (end.kind) {
        case LegEnd::Kind::SessionExpired:
            return EndReason::SessionExpired;
        case LegEnd::Kind::DialogDead:
        case LegEnd::Kind::NoAck:
        case LegEnd::Kind::Transport:
            return EndReason::TransportError;
        case LegEnd::Kind::Bye:
            break;
    }
    // A phone that finds no media path (ICE, DTLS) says so in its BYE: nobody hung up.
    if (end.sip_cause == 408 || end.sip_cause == 480) return EndReason::MediaTimeout;
    if (end.sip_cause == 488 || end.sip_cause == 606) return EndReason::IncompatibleMedia;
    const bool caller = (party == Party::Agent) == (calling == Calling::Agent);
    if (reached == Reached::NotConnected && caller) return EndReason::CallerHangup;
    return party == Party::Agent ? EndReason::AgentHangup : EndReason::RemoteHangup;
}

EndReason reason_of_media(MediaFailure failure) {
    switch (failure) {
        case MediaFailure::IceFailed:
            return EndReason::IceFailed;
        case MediaFailure::DtlsFailed:
        case MediaFailure::FingerprintMismatch:
        case MediaFailure::NoSrtpProfile:
            return EndReason::DtlsFailed;
        case MediaFailure::ConsentLost:
        case MediaFailure::ClosedByPeer:
            return EndReason::MediaTimeout;
        case MediaFailure::IncompatibleCodecs:
            return EndReason::IncompatibleMedia;
        case MediaFailure::Overloaded:
            return EndReason::Overloaded;
    }
    return EndReason::InternalError;
}

bool speaks_for_all(const LegFailure& failure) {
    return failure.kind == LegFailure::Kind::Rejected && failure.status >= 600 && failure.status != 606;
}

}  // namespace dp::call

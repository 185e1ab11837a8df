#include "telephony/conversation/termination.hpp"

#include <array>

namespace dp::telephony {
namespace {

using enum EndResult;

// name, before, after, Genesys disconnectType, SIP status for a leg not yet answered, Q.850 (RFC 3398 section 8.2.6.1)
constexpr std::array<EndFacts, kEndReasons> kTable{{
    {"agent_unreachable", Failed, Disconnected, "transfer.notavailable", 480, 20},
    {"agent_no_answer", Failed, Disconnected, "timeout", 480, 19},
    {"agent_declined", Failed, Disconnected, "endpoint", 603, 21},
    {"caller_hangup", Disconnected, Disconnected, "client", 487, 16},
    {"agent_hangup", Disconnected, Disconnected, "client", 487, 16},
    {"remote_hangup", Disconnected, Disconnected, "peer", 487, 16},
    {"busy", Failed, Disconnected, "peer", 486, 17},
    {"no_answer", Failed, Disconnected, "timeout", 480, 19},
    {"rejected", Failed, Disconnected, "peer", 603, 21},
    {"number_not_found", Failed, Disconnected, "peer", 404, 1},
    {"no_trunk_available", Failed, Disconnected, "system", 503, 34},
    {"trunk_failed", Failed, Disconnected, "transport.failure", 503, 38},
    {"incompatible_media", Failed, Disconnected, "error", 488, 88},
    {"media_timeout", Failed, Disconnected, "timeout", 480, 41},
    {"ice_failed", Failed, Disconnected, "transport.failure", 480, 41},
    {"dtls_failed", Failed, Disconnected, "transport.failure", 480, 41},
    {"cancelled", Disconnected, Disconnected, "client", 487, 16},
    {"api_disconnect", Disconnected, Disconnected, "client", 487, 16},
    {"overloaded", Failed, Disconnected, "system", 503, 42},
    {"server_restart", Failed, Failed, "system", 503, 41},
    {"server_shutdown", Failed, Disconnected, "system", 503, 41},
    {"transport_error", Failed, Disconnected, "transport.failure", 503, 38},
    {"session_expired", Failed, Disconnected, "timeout", 408, 102},
    {"inbound_unrouted", Failed, Disconnected, "system", 480, 20},
    {"transferred", Disconnected, Disconnected, "transfer", 487, 16},
    {"duration_limit", Failed, Disconnected, "system", 480, 16},
    {"flow_ended", Disconnected, Disconnected, "system", 480, 16},
    {"internal_error", Failed, Failed, "error", 500, 41},
}};

}  // namespace

const EndFacts& facts(EndReason reason) {
    return kTable[static_cast<std::size_t>(reason)];
}

std::optional<EndReason> end_reason_from(std::string_view name) {
    for (std::size_t i = 0; i < kTable.size(); ++i)
        if (kTable[i].name == name) return static_cast<EndReason>(i);
    return std::nullopt;
}

std::string_view to_string(EndResult result) {
    return result == Disconnected ? "disconnected" : "failed";
}

Termination terminate(EndReason reason, Reached reached, int received_sip_status, int received_q850) {
    const EndFacts& row = facts(reason);
    return {.result = reached == Reached::Connected ? row.after_connect : row.before_connect,
            .reason = reason,
            .sip_status = received_sip_status,
            .q850 = received_q850 != 0 ? received_q850 : row.q850};
}

namespace {

// RFC 3398 section 7.2.4.1, in our reasons.
std::optional<EndReason> reason_of_cause(int q850) {
    switch (q850) {
        case 1:
        case 2:
        case 3:
        case 22:
        case 26:
        case 28:
            return EndReason::NumberNotFound;
        case 17:
            return EndReason::Busy;
        case 18:
        case 19:
        case 20:
            return EndReason::NoAnswer;
        case 21:
        case 55:
        case 57:
        case 87:
            return EndReason::Rejected;
        case 65:
        case 70:
        case 88:
            return EndReason::IncompatibleMedia;
        default:
            return std::nullopt;
    }
}

}  // namespace

EndReason reason_of_final(int sip_status, int q850) {
    if (const auto reason = reason_of_cause(q850)) return *reason;
    switch (sip_status) {
        case 486:
        case 600:
            return EndReason::Busy;
        case 408:
        case 480:
            return EndReason::NoAnswer;
        case 401:
        case 403:
        case 407:
        case 603:
        case 607:
        case 608:
            return EndReason::Rejected;
        case 404:
        case 410:
        case 484:
        case 485:
        case 604:
            return EndReason::NumberNotFound;
        case 415:
        case 488:
        case 606:
            return EndReason::IncompatibleMedia;
        case 487:
            return EndReason::Cancelled;
        default:
            return EndReason::TrunkFailed;
    }
}

}  // namespace dp::telephony

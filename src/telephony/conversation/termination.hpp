#pragma once
/// @file Termination: every call that ends has exactly one, from one table: what the API says, what Genesys clients
/// read, what SIP and Q.850 carry to the leg that is still up.
///
/// Source: product.md "Decided" (connected, failed, disconnected); RFC 3398 section 8.2.6.1 for Q.850. Pure functions.

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace dp::telephony {

enum class EndReason : std::uint8_t {
    AgentUnreachable,  ///< no registered phone
    AgentNoAnswer,
    AgentDeclined,
    CallerHangup,  ///< the side that called ended first, before the other answered
    AgentHangup,
    RemoteHangup,
    Busy,
    NoAnswer,
    Rejected,        ///< 403, 603, 607, 608
    NumberNotFound,  ///< 404, 410, 484, 485, 604
    NoTrunkAvailable,
    TrunkFailed,  ///< every gateway failed
    IncompatibleMedia,
    MediaTimeout,
    IceFailed,
    DtlsFailed,
    Cancelled,      ///< through the API before it connected
    ApiDisconnect,  ///< through the API after it connected
    Overloaded,
    ServerRestart,
    ServerShutdown,
    TransportError,
    SessionExpired,  ///< RFC 4028: no refresh
    Unrouted,        ///< inbound: the number leads nowhere yet
    Transferred,     ///< handed over: the party's place is somebody else's now
    DurationLimit,   ///< the longest call the configuration allows
    FlowEnded,       ///< inbound: the call flow hung up
    InternalError,
};
inline constexpr std::size_t kEndReasons = static_cast<std::size_t>(EndReason::InternalError) + 1;

enum class EndResult : std::uint8_t { Disconnected, Failed };
/// Had both legs answered with their media standing?
enum class Reached : std::uint8_t { NotConnected, Connected };

struct EndFacts {
    std::string_view name;  ///< the API's `reason`
    EndResult before_connect;
    EndResult after_connect;
    std::string_view genesys_disconnect_type;
    int sip_status;  ///< for a leg not yet answered
    int q850;        ///< cause towards the other leg
};

const EndFacts& facts(EndReason reason);
std::optional<EndReason> end_reason_from(std::string_view name);
std::string_view to_string(EndResult result);

struct Termination {
    EndResult result = EndResult::Failed;
    EndReason reason = EndReason::InternalError;
    int sip_status = 0;  ///< as received from the far end; 0 = none
    int q850 = 0;        ///< as received (RFC 3326), else from the table
    bool operator==(const Termination&) const = default;
};

/// The one way to make a Termination.
Termination terminate(EndReason reason, Reached reached, int received_sip_status = 0, int received_q850 = 0);
/// Which reason a carrier's final answer to our INVITE stands for; a Q.850 cause in its Reason header wins (RFC 3326).
EndReason reason_of_final(int sip_status, int q850 = 0);

}  // namespace dp::telephony

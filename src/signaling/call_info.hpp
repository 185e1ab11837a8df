#pragma once
/// @file The INFO package `dialplane-call` (RFC 6086): calls inside a dialog that stays up between them
/// (call/kept_connection_fsm.hpp tells the whole protocol).
///
/// Body `application/vnd.dialplane.call`, lines of `Name=value`: `Act` is alert, release (from us), accept, decline,
/// leave (from the phone); `Call` numbers the calls of one dialog, 0 is the one that its INVITE was for; `Status` is
/// the SIP status that a decline stands for. Unknown names are ignored. Pure functions over untrusted text.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "sip/message.hpp"

namespace dp::signaling {

inline constexpr std::string_view kCallPackage = "dialplane-call";
inline constexpr std::string_view kCallBody = "application/vnd.dialplane.call";

enum class CallAct : std::uint8_t { Alert, Release, Accept, Decline, Leave };

struct CallInfo {
    CallAct act = CallAct::Alert;
    std::uint32_t call = 0;
    int status = 603;  ///< Decline
    bool operator==(const CallInfo&) const = default;
};

/// None: another package, or nothing that could be read.
std::optional<CallInfo> read_call_info(const sip::MessageView& info);
std::string write_call_info(const CallInfo& info);

/// Its sender takes INFO of this package (`Recv-Info`, RFC 6086 section 5.2).
bool receives_call_info(const sip::MessageView& message);

}  // namespace dp::signaling

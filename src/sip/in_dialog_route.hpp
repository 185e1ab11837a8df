#pragma once
/// @file Where a request within a dialog is sent when the dialog runs over UDP (RFC 3261 §12.2.1.1, §8.1.2), without
/// any name resolution: a name means the place the peer's packets come from.

#include <optional>
#include <string_view>

#include "sip/invite_request.hpp"

namespace dp::sip {

/// Nothing: over `flow` itself. `next_hop` is the top of the route set, or the remote target.
std::optional<Target> in_dialog_target(std::string_view next_hop, const Flow& flow, InDialogPath path);

}  // namespace dp::sip

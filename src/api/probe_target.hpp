#pragma once
/// @file How a STUN or TURN server is asked whether it answers: for the diagnostics, and for the watch over media
/// regions. Pure.

#include "net/ice_prober.hpp"
#include "telephony/sites/ice_server_uri.hpp"

namespace dp::api {

net::ProbeTarget probe_target(const telephony::IceServerUri& server, ice::ProbeKind kind);

}  // namespace dp::api

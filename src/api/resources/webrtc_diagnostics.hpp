#pragma once
/// @file WebRtcDiagnostics: why a browser phone has no sound. Browser phones report how their search for a media path
/// ended; GET /api/v2/telephony/diagnostics/web-r-t-c answers with these records and with live probes of the STUN and
/// TURN servers of the user's profile (seed 0, edge case 2).
///
/// Threads: the API thread. Lifetime: outlives the router's requests.

#include <boost/json/fwd.hpp>

#include "api/api_context.hpp"
#include "api/http/router.hpp"
#include "net/ice_prober.hpp"
#include "telephony/diagnostics/ice_sessions.hpp"

namespace dp::api {

class WebRtcDiagnostics {
public:
    /// `prober` may be null: then nothing is probed.
    WebRtcDiagnostics(ApiContext& context, net::IceProber* prober) : context_(context), prober_(prober) {}
    void add_routes(Router& router);

private:
    void report(const ApiRequest& request, Reply reply);
    void diagnose(const ApiRequest& request, Reply reply);
    boost::json::object records(const telephony::OrganizationConfig& config, const telephony::UserId& user) const;

    ApiContext& context_;
    net::IceProber* prober_;
    telephony::IceSessions sessions_;
};

}  // namespace dp::api

#pragma once
/// @file What an outgoing INVITE is made of, and the small values that go with it. A value; no threads, no errors.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "sip/digest_client.hpp"
#include "sip/header_lines.hpp"
#include "sip/session_timer.hpp"
#include "sip/transport.hpp"

namespace dp::sip {

/// A body to send. Without bytes no Content-Type is sent.
struct Body {
    std::string type;  ///< e.g. "application/sdp"
    std::string bytes;
};

/// RFC 3262, caller: what our INVITE says about 100rel.
enum class ReliableProvisionals : std::uint8_t { Off, Supported, Required };

/// Callee: when our 101-199 go out reliably, if the caller supports it.
enum class ReliableAnswers : std::uint8_t { IfRequired, IfSupported };

/// How in-dialog requests travel when the dialog runs over UDP (streams always stay on their connection).
enum class InDialogPath : std::uint8_t {
    Automatic,  ///< first Route or remote target if it is a routable address, else where the peer's packets come from
    Flow,       ///< always where the peer's packets come from: phones behind NAT, registered flows (RFC 5626)
    Target,     ///< first Route or remote target
};

/// One way to the peer: an open flow (a registered phone's connection) or a resolved target.
struct NextHop {
    std::optional<Flow> flow;
    Target target;
    /// Requests above 1300 octets may change from UDP to TCP (RFC 3261 §18.1.1).
    enum class LargeRequest : std::uint8_t { StayOnUdp, SwitchToTcp } large = LargeRequest::StayOnUdp;
};

/// Everything of an outgoing INVITE. `from`, `to` and `contact` are whole header values without tags: `"Ann"
/// <sip:ann@example.org>`.
struct InviteRequest {
    std::vector<NextHop>
        hops;  ///< tried in order on transport failure, time-out without any answer, and 503 (RFC 3263 §4.3)
    std::string request_uri;
    std::string from;
    std::string to;
    std::string contact;  ///< empty: `<sip:CONTACT_USER@advertised;transport=…>`
    std::string contact_user;
    std::vector<std::string> routes;  ///< preloaded route set, Route values in order
    HeaderLines headers;              ///< further headers; never those named above
    Body offer;                       ///< empty: late offer (the answer to the 2xx's offer goes into the ACK)
    std::string call_id;              ///< empty: a fresh one
    /// Answers 401 and 407, for the whole session; shared by the calls of one trunk so that its nonce is used again.
    /// None: a challenge ends the session.
    std::shared_ptr<DigestClient> credentials;
    ReliableProvisionals reliable = ReliableProvisionals::Supported;
    SessionTimerPolicy session_timer;
    InDialogPath path = InDialogPath::Automatic;
    Duration timer_b{};  ///< zero: 64·T1. Shorter where another gateway is waiting
    int max_forwards = 70;
};

}  // namespace dp::sip

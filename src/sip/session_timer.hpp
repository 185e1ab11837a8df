#pragma once
/// @file Session timers, RFC 4028: who refreshes, how often, and when a silent session is over. Pure rules over header
/// values.
///
/// | Peer supports `timer`; asked            | Our 2xx                             | Who refreshes |
/// |-----------------------------------------|-------------------------------------|---------------|
/// | no; no Session-Expires                  | none                                | nobody        |
/// | no; Session-Expires (a proxy's)         | `refresher=uas`, no Require         | we            |
/// | yes; no refresher or no Session-Expires | `refresher=uac`, `Require: timer`   | peer          |
/// | yes; uac or uas                         | the same, `Require: timer` when uac | as said       |
///
/// Below our Min-SE: 422 only when the peer supports timer, else we take it and refresh ourselves (§9).

#include <optional>

#include "base/clock.hpp"
#include "sip/header_values.hpp"

namespace dp::sip {

/// RFC 4028. `interval` zero: no session timer is asked for.
struct SessionTimerPolicy {
    std::chrono::seconds interval{1800};
    std::chrono::seconds min_interval{90};
};

/// What a request or a 2xx says about session timers.
struct SessionTimerHeaders {
    bool supported = false;
    std::optional<SessionExpires> expires;
    std::chrono::seconds min_se{0};
    static SessionTimerHeaders of(const MessageView& message);
};

/// What our 2xx says, or that the interval is too brief.
struct SessionTimerAnswer {
    bool too_brief = false;            ///< 422 with Min-SE
    std::chrono::seconds interval{0};  ///< 0: no Session-Expires
    Refresher refresher = Refresher::Uas;
    bool require_timer = false;
};

SessionTimerAnswer answer_session_timer(const SessionTimerHeaders& asked, const SessionTimerPolicy& policy);

/// The timer as it runs in a confirmed session.
class SessionTimer {
public:
    bool runs() const { return interval_.count() > 0; }
    std::chrono::seconds interval() const { return interval_; }
    bool we_refresh() const { return we_refresh_; }
    /// The role that the `refresher` parameter names in a request of ours.
    Refresher refresher_in_request() const { return we_refresh_ ? Refresher::Uac : Refresher::Uas; }

    /// Our role in the transaction that agreed on it.
    enum class As : std::uint8_t { Uac, Uas };
    void agree(std::chrono::seconds interval, Refresher refresher, As role);
    void stop() { interval_ = std::chrono::seconds(0); }

    /// §10: the refresher refreshes at half time.
    Duration refresh_after() const { return Duration(interval_) / 2; }
    /// §10: without a refresh the session is over at SE − min(32 s, SE/3).
    Duration expire_after() const;

private:
    std::chrono::seconds interval_{0};
    bool we_refresh_ = false;
};

/// `1800;refresher=uac`
std::string session_expires_value(std::chrono::seconds interval, Refresher refresher);

}  // namespace dp::sip

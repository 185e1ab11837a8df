#pragma once
/// @file RegistrationClient: keeps one address-of-record registered at a carrier: REGISTER with digest, refresh,
/// back-off.
///
/// Threads: the control thread. Lifetime: the UserAgent, the wheel and the handler must outlive it. Errors: reported as
/// events; nothing is thrown. Source: RFC 3261 §10.2, 5626 §4.2.1 and §4.5, 7616.
///
/// | State        | 2xx          | 401/407                | 423         | other failure | timer         | stop()               |
/// |--------------|--------------|------------------------|-------------|---------------|---------------|----------------------|
/// | Unregistered | -            | -                      | -           | -             | → Registering | -                    |
/// | Registering  | → Registered | answer, ≤ 2 (+3 stale) | raise, once | → Failed      | -             | → Stopping           |
/// | Registered   | -            | -                      | -           | -             | → Refreshing  | expires=0 → Stopping |
/// | Refreshing   | → Registered | as above               | as above    | → Failed      | -             | → Stopping           |
/// | Failed       | -            | -                      | -           | -             | → Registering | → Stopped            |
/// | Stopping     | → Stopped    | answer                 | → Stopped   | → Stopped     | -             | -                    |

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/timer_wheel.hpp"
#include "sip/digest_client.hpp"
#include "sip/user_agent.hpp"

namespace dp::sip {

struct RegistrationConfig {
    std::vector<NextHop> hops;      ///< the registrar's addresses in RFC 3263 order
    std::string registrar_uri;      ///< R-URI: `sip:carrier.example.com`
    std::string address_of_record;  ///< From and To: `<sip:user@carrier.example.com>`
    std::string contact_user;       ///< opaque token by which the trunk is found again
    std::string contact;            ///< whole Contact value; empty: `<sip:CONTACT_USER@advertised;transport=…>`
    std::string instance;           ///< `urn:uuid:…`; empty: no outbound (RFC 5626)
    std::uint32_t reg_id = 1;
    std::chrono::seconds expires{3600};
    DigestAccount account;
    Duration timeout{};  ///< Timer F per try; zero: 64·T1
    HeaderLines headers;
};

enum class RegistrationState : std::uint8_t {
    Unregistered,
    Registering,
    Registered,
    Refreshing,
    Failed,
    Stopping,
    Stopped
};

enum class RegistrationFailure : std::uint8_t {
    None,
    BadCredentials,    ///< a second challenge: not tried again before 600-1800 s, carriers lock accounts
    Forbidden,         ///< 403, 404, 410, 6xx
    Rejected,          ///< 3xx, 4xx not named elsewhere
    IntervalTooBrief,  ///< 423 twice
    ServerFailed,      ///< 5xx, 480
    Timeout,
    TransportFailed,
};

/// One finished attempt.
struct RegistrationReport {
    RegistrationState state = RegistrationState::Unregistered;
    RegistrationFailure failure = RegistrationFailure::None;
    int status = 0;  ///< last final answer; 0 when nothing came
    std::string_view reason;
    Duration latency{};  ///< first REGISTER of the attempt to its final answer, challenges included
    std::chrono::seconds granted{0};
    TimePoint next_attempt = kNever;
    unsigned failures_in_a_row = 0;
    Flow flow;  ///< the flow that holds the registration
};

class RegistrationHandler {
public:
    virtual ~RegistrationHandler() = default;
    /// Every attempt that ended, good or bad. May call stop() and start(); must not destroy the client.
    virtual void on_registration_finished(class RegistrationClient& client, const RegistrationReport& report) = 0;
};

class RegistrationClient {
public:
    RegistrationClient(UserAgent& agent, Environment environment, RegistrationConfig config,
                       RegistrationHandler& handler);
    ~RegistrationClient();
    RegistrationClient(const RegistrationClient&) = delete;
    RegistrationClient& operator=(const RegistrationClient&) = delete;

    /// First attempt after `delay`; with none given, after 0-5 s at random, so that a start is no herd.
    void start(std::optional<Duration> delay = std::nullopt);
    /// Un-REGISTERs (expires=0) when registered; ends in Stopped.
    void stop();
    /// New settings (an edit): un-REGISTERs the old ones if needed and registers at once.
    void reconfigure(RegistrationConfig config);
    /// The connection that holds the registration is gone: again after 0-5 s.
    void flow_lost();

    RegistrationState state() const;
    const RegistrationConfig& config() const;

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace dp::sip

#pragma once
/// @file OptionsProbe: asks one gateway by OPTIONS whether it is alive, and damps the answer so that a flapping gateway
/// does not flap the routing.
///
/// Down after 3 failed probes in a row, or 1 when an INVITE to it timed out as well, or at once by 503 with
/// Retry-After. Up after 2 good ones, held back 10 s doubling to 300 s with every relapse within 30 minutes. Which
/// answers count as alive: is_alive().
///
/// Threads: the control thread. Lifetime: the UserAgent, the wheel and the handler must outlive it.

#include <cstdint>
#include <memory>
#include <string>

#include "sip/gateway_health.hpp"
#include "sip/user_agent.hpp"

namespace dp::sip {

struct ProbeConfig {
    NextHop hop;
    std::string request_uri;  ///< the gateway
    std::string from;         ///< trunk user at our domain, whole value
    std::string contact;      ///< with our FQDN: some carriers look it up; empty: `<sip:CONTACT_USER@advertised>`
    std::string contact_user;
    std::chrono::seconds interval{30};  ///< ± 10 % at random
    std::chrono::seconds timeout{5};    ///< its own Timer F
    HeaderLines headers;
};

struct ProbeReport {
    Health health = Health::Unknown;
    bool alive = false;  ///< what this probe or call saw
    int status = 0;      ///< 0: no answer
    Duration latency{};
    unsigned failures_in_a_row = 0;
};

class ProbeHandler {
public:
    virtual ~ProbeHandler() = default;
    /// Health changed. May call any operation of the probe but must not destroy it.
    virtual void on_probe_health_changed(class OptionsProbe& probe, const ProbeReport& report) = 0;
    /// Every probe that ended.
    virtual void on_probe_finished(class OptionsProbe& probe, const ProbeReport& report) = 0;
};

/// 2xx, 3xx, 401, 403, 404, 405, 407, 415, 420, 480, 481, 488, 501, 6xx: somebody answered who could take calls.
bool is_alive(int status);

class OptionsProbe {
public:
    OptionsProbe(UserAgent& agent, Environment environment, ProbeConfig config, ProbeHandler& handler);
    ~OptionsProbe();
    OptionsProbe(const OptionsProbe&) = delete;
    OptionsProbe& operator=(const OptionsProbe&) = delete;

    /// First probe within one second at random.
    void start();
    void stop();
    /// What calls saw of the same gateway; counts always, also with probing off.
    void call_answered();
    void call_timed_out();
    void held_down(std::chrono::seconds retry_after);  ///< 503 with Retry-After

    Health health() const;

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace dp::sip

#pragma once
/// @file TrunkLine: one carrier connection as it lives: its registration, the probes of its gateways, the addresses its
/// calls may come from, its sessions, and the status that readers see.
///
/// Registration state, shown as product.md has it:
///
///     sip::RegistrationClient        shown as
///     (type None)                    not needed
///     (the name has no address)      failed, and tried again once a minute
///     Stopping, Stopped              unregistered (and before the registrar's name is resolved)
///     Unregistered, Registering      registering
///     Registered, Refreshing         registered
///     Failed                         failed
///
/// Threads: control shard. Lifetime: owned by Trunks; ports outlive it. Source: sip-stack 5.3, 5.4; seed 1.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/timer_wheel.hpp"
#include "call/conversation_sink.hpp"
#include "signaling/host_resolver.hpp"
#include "sip/options_probe.hpp"
#include "sip/registration_client.hpp"
#include "telephony/config/snapshot.hpp"
#include "telephony/dialing/router.hpp"
#include "telephony/live/trunk_status.hpp"

namespace dp::signaling {

struct TrunkPorts {
    sip::Environment sip;
    sip::UserAgent& agent;
    HostResolver& resolver;
    call::ConversationSink& events;
    const telephony::Secrets& secrets;
    telephony::LiveTrunks& live;
};

sip::TransportKind transport_of(const telephony::Trunk& trunk);
/// `sip:USER@HOST:PORT;transport=…` as it is written to this carrier; what is default is left out.
std::string trunk_uri(std::string_view user, const std::string& host, std::uint16_t port, sip::TransportKind kind);

/// One gateway, resolved.
struct GatewayLine {
    telephony::TrunkGateway gateway;
    std::vector<sip::Target> targets;
    std::unique_ptr<sip::OptionsProbe> probe;
    bool nowhere = false;  ///< the name has no address
};

class TrunkLine final : public sip::RegistrationHandler, public sip::ProbeHandler {
public:
    struct Start {
        Duration delay{};  ///< spreads the registrations of a start
        // From before an edit:
        std::int32_t sessions = 0;  ///< that calls still hold
        telephony::CallCounts inbound = {}, outbound = {};
        std::shared_ptr<const telephony::TrunkMeasures> measures = nullptr;
    };
    TrunkLine(const TrunkPorts& ports, telephony::Ptr<telephony::Trunk> trunk, std::string domain, Start start);
    ~TrunkLine() override;

    const telephony::Trunk& trunk() const { return *trunk_; }
    const telephony::Ptr<telephony::Trunk>& trunk_ptr() const { return trunk_; }
    /// User part of our Contact at the carrier: tells whose call comes in over a registration.
    const std::string& token() const { return token_; }
    const std::shared_ptr<sip::DigestClient>& credentials() const { return credentials_; }
    /// Host part of our From and asserted identity at this carrier.
    const std::string& identity_host() const { return identity_host_; }

    telephony::TrunkCondition condition() const;
    const std::vector<GatewayLine>& gateways() const { return gateways_; }
    GatewayLine* gateway(std::size_t index) { return index < gateways_.size() ? &gateways_[index] : nullptr; }

    const telephony::TrunkStatus& status() const { return status_; }

    bool acquire(telephony::Direction direction);
    void release();
    void answered(telephony::Direction direction);

    /// How surely somebody is this carrier: by address, by address and port, by registered flow or our own token.
    enum class Match : std::uint8_t { None, Address, Endpoint, Certain };
    /// Does a datagram or connection from there belong to this carrier?
    Match matches(const Endpoint& source) const;
    bool registered_over(const sip::Flow& flow) const;

    void flow_closed(const sip::Flow& flow);
    /// Un-REGISTERs.
    void stop();
    bool quiet() const;

    void on_registration_finished(sip::RegistrationClient& client, const sip::RegistrationReport& report) override;
    void on_probe_health_changed(sip::OptionsProbe& probe, const sip::ProbeReport& report) override;
    void on_probe_finished(sip::OptionsProbe& probe, const sip::ProbeReport& report) override;

private:
    /// How an attempt to register ended.
    struct Attempt {
        bool good = false;
        int status = 0;  ///< SIP; 0: nobody answered
        std::string why{};
        Duration latency{};
    };
    void finished(const Attempt& attempt);
    void look_up();
    void resolved_registrar(Result<std::vector<sip::Target>> result);
    void resolved_gateway(std::size_t index, Result<std::vector<sip::Target>> result);
    void resolved_source(Result<std::vector<sip::Target>> result);
    void start_probe(GatewayLine& line);
    sip::RegistrationConfig registration_config(const std::vector<sip::Target>& targets) const;
    telephony::CallCounts& counts(telephony::Direction direction);
    void measure(const std::function<void(telephony::TrunkMeasures&)>& change);
    telephony::RegistrationState shown_registration() const;
    telephony::TrunkHealth shown_health() const;
    void publish();
    void announce(std::string_view type, const telephony::Payload& payload);

    const TrunkPorts& ports_;
    telephony::Ptr<telephony::Trunk> trunk_;
    std::string domain_;
    std::string token_;
    std::string identity_host_;
    std::shared_ptr<sip::DigestClient> credentials_;
    std::string password_;
    Duration delay_;
    std::vector<GatewayLine> gateways_;
    std::vector<Endpoint> sources_;  ///< further addresses that calls may come from; port 0: any
    std::unique_ptr<sip::RegistrationClient> registration_;
    std::optional<sip::Flow> registered_flow_;
    std::vector<Endpoint> registrar_targets_;
    telephony::TrunkStatus status_;
    bool stopping_ = false;
    bool nowhere_ = false;  ///< the registrar's name has no address
    TimePoint looked_up_{};
    Timer refresh_;                     ///< addresses are looked up again once a minute
    std::shared_ptr<TrunkLine*> self_;  ///< cleared on destruction: a late DNS answer finds nobody
};

}  // namespace dp::signaling

#pragma once
/// @file PhoneRegistrar: who the phones are and where they can be reached: digest authentication against the
/// configuration, REGISTER bindings over any flow, station states and their events.
///
/// An address of record is always `USERNAME@SIP-DOMAIN` of the phone that the credentials belong to; a phone may
/// register nothing else. Threads: control shard. Lifetime: ports outlive it. Source: RFC 3261 §10.3, 5626, 7616, 8760;
/// sip-stack 5.1, 5.2.

#include <functional>
#include <optional>
#include <string>
#include <unordered_map>

#include "base/timer_wheel.hpp"
#include "call/conversation_sink.hpp"
#include "call/phone_directory.hpp"
#include "signaling/flow_keeper.hpp"
#include "signaling/guess_guard.hpp"
#include "signaling/phone_sessions.hpp"
#include "sip/digest_server.hpp"
#include "sip/registrar.hpp"
#include "sip/user_agent.hpp"
#include "telephony/config/snapshot_hub.hpp"
#include "telephony/live/station.hpp"
#include "telephony/phones/registration_permit.hpp"
#include "telephony/phones/sip_accounts.hpp"

namespace dp::signaling {

/// What the credentials of a request prove.
struct PhoneProof {
    sip::DigestOutcome outcome = sip::DigestOutcome::NoCredentials;
    telephony::Ptr<telephony::OrganizationConfig> config;  ///< whose realm; null: no organization serves this domain
    telephony::Ptr<telephony::Phone> phone;                ///< when Accepted
    bool silence = false;                                  ///< too many guesses from there
    bool late = false;                                     ///< some guesses: the answer is to wait
    sip::DigestServer::Offer offer = sip::DigestServer::Offer::ByTransport;  ///< what to challenge it with
};

telephony::PhoneTransport phone_transport(sip::TransportKind kind);

/// How to reach one contact.
struct PhoneTarget {
    std::string uri;
    sip::Flow flow;
    std::vector<std::string> path;
    telephony::Ptr<telephony::OrganizationConfig> config;
};

class PhoneRegistrar final : public call::PhoneDirectory {
public:
    struct Ports {
        TimerWheel& timers;
        const Clock& clock;
        Random& random;
        call::ConversationSink& events;
        const telephony::SnapshotHub& snapshots;
        const telephony::Secrets& secrets;
        telephony::LiveStations& stations;
        FlowKeeper* flows;
        std::function<void(const sip::Flow& from, const sip::Flow& to)> flow_replaced;
        std::function<void(call::ContactId contact)> contact_gone;
    };
    explicit PhoneRegistrar(Ports ports);
    ~PhoneRegistrar() override;

    /// Is this the SIP domain of one of our organizations?
    bool serves(std::string_view domain) const;
    /// The organization that `domain` belongs to; the only one there is, where the domain is an address of ours.
    telephony::Ptr<telephony::OrganizationConfig> realm_of(std::string_view domain);
    /// Checks the request's credentials for the organization of `domain`.
    PhoneProof authenticate(const sip::MessageView& request, const sip::Flow& flow, std::string_view domain);
    /// The 401 for a request without good credentials.
    sip::Response challenge(const PhoneProof& proof, const sip::Flow& flow);

    /// A REGISTER whose credentials were accepted. 403 with the reason where the user's settings forbid it.
    void process(const sip::IncomingRequest& request, const PhoneProof& proof, sip::UserAgent& agent);
    void flow_closed(const sip::Flow& flow);
    /// Phones that are gone or changed lose their bindings, and those whose user's settings forbid them now.
    void configuration_changed();

    /// The phone that is registered over this very flow, if any.
    telephony::Ptr<telephony::Phone> phone_on(const sip::Flow& flow) const;
    std::optional<PhoneTarget> target(call::ContactId contact) const;

    std::vector<call::PhoneContact> contacts_of(const telephony::OrganizationId& organization,
                                                const telephony::UserId& user) const override;
    std::chrono::seconds keeps_connection(call::ContactId contact) const override;
    void station_busy(const telephony::StationId& station, int delta) override;
    void media_observed(const telephony::StationId& station, const telephony::ConversationId& conversation,
                        const call::MediaStatistics& statistics, bool one_way) override;
    /// What the session behind this flow logged in with; null where there is none.
    telephony::Ptr<telephony::BoundSettings> settings_on(const sip::Flow& flow) const;

private:
    struct Account {
        telephony::OrganizationId organization;
        telephony::PhoneId phone;
        std::string user_agent;
    };

    const telephony::Ptr<telephony::Snapshot>& snapshot() const { return reader_.get(); }
    sip::DigestServer& digest_of(const std::string& realm);
    telephony::Ptr<telephony::Phone> find_phone(const std::string& aor) const;
    void apply(const std::vector<sip::RegistrarEvent>& events);
    void take_event(const sip::RegistrarEvent& event);
    telephony::Ptr<telephony::PhoneBaseSettings> base_settings_of(const std::string& aor) const;
    std::shared_ptr<telephony::Station> describe(const telephony::Phone& phone, const std::string& aor) const;
    void publish_station(const std::string& aor);
    void arm();
    void keep(const sip::Binding& binding) const;
    void unkeep(const sip::Flow& flow) const;
    void expire();
    void drop_forbidden();

    Ports ports_;
    mutable telephony::SnapshotReader reader_;
    sip::Registrar registrar_;
    GuessGuard guard_;
    PhoneSessions sessions_;
    std::unordered_map<std::string, std::unique_ptr<sip::DigestServer>> digests_;  ///< by realm
    std::unordered_map<std::string, Account> accounts_;                            ///< by address of record
    std::unordered_map<std::uint64_t, sip::Flow> flows_;                           ///< by binding
    std::unordered_map<telephony::StationId, int> busy_;
    Timer expiry_;
};

}  // namespace dp::signaling

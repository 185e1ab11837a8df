#pragma once
/// @file Switchboard: turns what asks for a call (the API, a phone, a trunk) into a CallSetup: who is called, by which
/// gateways, what is shown to whom; and refuses what cannot become a call with the right SIP answer.
///
/// Threads: control shard. Source: flows.md 1 and 2; product.md "A call on behalf of an agent".

#include "call/call_book.hpp"
#include "signaling/control_shard.hpp"
#include "signaling/inbound_screen.hpp"
#include "signaling/sip_legs.hpp"

namespace dp::signaling {

class Switchboard final : public call::TransferPlanner, public ReferralHandler {
public:
    struct Ports {
        call::CallBook& book;
        SipLegs& legs;
        Trunks& trunks;
        PhoneRegistrar& phones;
        call::ConversationSink& conversations;
        const telephony::SnapshotHub& snapshots;
        const Clock& clock;
        Random& random;
    };
    explicit Switchboard(const Ports& ports) : ports_(ports), reader_(ports.snapshots) {}

    /// A call that the API has stored as queued.
    void start(StartCall start);
    /// An INVITE of a phone of ours, authenticated.
    void phone_calls(sip::InviteSession& session, const sip::MessageView& invite, const sip::Flow& flow,
                     const PhoneProof& proof);
    /// An INVITE of a carrier.
    void trunk_calls(sip::InviteSession& session, const sip::MessageView& invite, const sip::Flow& flow,
                     TrunkLine& trunk);

    /// What the API asks of a running call.
    Result<void> obey(const telephony::CallOrder& order);
    Result<call::DialPlan> plan_transfer(const call::TransferAsked& asked) override;
    void on_referred(call::LegId leg, const sip::MessageView& refer, sip::ServerRequestId request) override;

private:
    using Config = telephony::Ptr<telephony::OrganizationConfig>;

    void phone_calls_number(sip::InviteSession& session, call::IncomingLeg incoming, const Config& config,
                            const std::string& number);
    void phone_calls_phone(sip::InviteSession& session, call::IncomingLeg incoming, const Config& config,
                           const telephony::Phone& called);
    void ring_user(sip::InviteSession& session, call::IncomingLeg incoming, const Config& config,
                   const telephony::User& user, const std::string& called);
    Result<call::DialPlan> plan_to_user(const telephony::OrganizationConfig& config, const telephony::User& user,
                                        const call::TransferAsked& asked);
    Result<call::DialPlan> plan_to_queue(const Config& config, const call::TransferAsked& asked);
    call::DialPlan plan_to_journey(const Config& config, telephony::JourneyPlan journey,
                                   const call::TransferAsked& asked);
    Result<call::DialPlan> plan_to_number(const telephony::OrganizationConfig& config,
                                          const call::TransferAsked& asked);
    void bring_together(call::LegId leg, const std::string& replaces, sip::ServerRequestId request);
    void lead(sip::InviteSession& session, call::IncomingLeg incoming, const Config& config,
              telephony::JourneyPlan plan, const std::string& called);
    call::CallSetup inbound_setup(call::IncomingLeg incoming, const Config& config, const std::string& called);
    void unrouted(sip::InviteSession& session, const call::IncomingLeg& incoming, const Config& config,
                  const std::string& called, std::string_view reason, int status);
    void connect(sip::InviteSession& session, call::CallSetup setup);
    std::shared_ptr<telephony::Conversation> dialed_by_phone(const telephony::OrganizationId& organization,
                                                             const telephony::PlaceCall& asked);
    void record_ended(std::shared_ptr<telephony::Conversation> conversation, telephony::EndReason reason);
    void abandon(StartCall start, telephony::EndReason reason);
    static void fill_from_site(call::CallSetup& setup, const telephony::Site* site);
    call::CallSetup outbound_setup(const Config& config, const telephony::OutboundCall& call);

    Ports ports_;
    telephony::SnapshotReader reader_;
};

}  // namespace dp::signaling

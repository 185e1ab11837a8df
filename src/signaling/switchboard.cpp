#include "signaling/switchboard.hpp"

#include "base/log.hpp"
#include "base/timed_uuid.hpp"
#include "signaling/addressing.hpp"
#include "sip/body.hpp"
#include "sip/header_values.hpp"
#include "telephony/conversation/conversation_service.hpp"

namespace dp::signaling {
namespace {

using telephony::EndReason;

constexpr int kRetryAfterSeconds = 5;

void refuse(sip::InviteSession& session, int status) {
    sip::HeaderLines headers;
    if (status == 503) headers.add("Retry-After", std::to_string(kRetryAfterSeconds));
    (void)session.reject(status, {}, headers);
}

/// What an INVITE brings, or the status that refuses it.
std::expected<call::IncomingLeg, int> read_invite(const sip::MessageView& invite, const sip::Flow& flow, Trust trust) {
    if (invite.max_forwards() <= 1) return std::unexpected(483);  // RFC 7332: nothing would be left for the other leg
    const auto sdp = sip::sdp_body(invite);
    if (!sdp) return std::unexpected(415);
    call::IncomingLeg incoming;
    incoming.sdp = *sdp;
    incoming.signalled_from = flow.remote.address;
    incoming.max_forwards = invite.max_forwards();
    incoming.caller = caller_of(invite, trust);
    return incoming;
}

/// Where this trunk's INVITEs carry the number; a Request-URI that is only our own Contact says nothing, then To does.
std::string called_number(const sip::MessageView& invite, const TrunkLine& trunk) {
    const auto to = invite.to().uri().user_unescaped();
    switch (trunk.trunk().called_number) {
        case telephony::CalledNumberSource::To:
            return to;
        case telephony::CalledNumberSource::PCalledPartyId:
            if (const auto id = sip::address(invite, sip::HeaderId::PCalledPartyId)) return id->uri().user_unescaped();
            break;
        case telephony::CalledNumberSource::RequestUri:
            break;
    }
    const auto user = invite.request_uri().user_unescaped();
    return user == trunk.token() ? to : user;
}

}  // namespace

void Switchboard::fill_from_site(call::CallSetup& setup, const telephony::Site* site) {
    if (site == nullptr) return;
    setup.agent_rings = site->agent_ring_timeout;
    setup.order = site->dial_order;
}

call::CallSetup Switchboard::outbound_setup(const Config& config, const telephony::OutboundCall& call) {
    call::CallSetup setup;
    setup.kind = call::CallSetup::Kind::Outbound;
    setup.config = config;
    setup.agent = call.agent->id;
    setup.country = config->organization().default_country_code;
    setup.gateways = telephony::plan_route(*config, call, ports_.trunks, ports_.random.next_u64()).gateways;
    setup.shown_to_remote = {call.caller_id, call.caller_name, call.caller_id.empty()};
    setup.shown_to_agent = {call.destination, {}, false};
    setup.dialed = call.dialed;
    fill_from_site(setup, call.site.get());
    return setup;
}

void Switchboard::start(StartCall start) {
    const auto& config = reader_.get()->organization(start.call.organization);
    const call::LegId first = config ? ports_.book.reserve() : call::LegId{};
    if (!first.valid()) return abandon(std::move(start), EndReason::Overloaded);
    call::CallSetup setup = outbound_setup(config, start.call);
    setup.conversation = std::move(start.conversation);
    setup.answer_mode = start.answer_mode;
    ports_.book.begin(first, std::move(setup));
}

void Switchboard::abandon(StartCall start, EndReason reason) {
    record_ended(std::make_shared<telephony::Conversation>(*start.conversation), reason);
}

void Switchboard::record_ended(std::shared_ptr<telephony::Conversation> conversation, EndReason reason) {
    const auto termination = telephony::terminate(reason, telephony::Reached::NotConnected);
    if (!telephony::end(*conversation, termination, ports_.clock.wall())) return;
    auto event =
        telephony::conversation_event(*conversation, telephony::event_type::kConversationEnded, ports_.clock.wall());
    ports_.conversations.record(std::move(conversation), {std::move(event)});
}

/// Binds the session to a call and lets it begin.
void Switchboard::connect(sip::InviteSession& session, call::CallSetup setup) {
    const call::LegId leg = ports_.book.reserve();
    if (!leg.valid() || !ports_.conversations.accepting()) {
        if (leg.valid()) ports_.book.forget(leg);
        if (setup.incoming->trunk) ports_.trunks.release(setup.incoming->trunk->id);
        return refuse(session, 503);
    }
    ports_.legs.adopt(leg, session);
    ports_.book.begin(leg, std::move(setup));
}

void Switchboard::phone_calls(sip::InviteSession& session, const sip::MessageView& invite, const sip::Flow& flow,
                              const PhoneProof& proof) {
    auto incoming = read_invite(invite, flow, Trust::Stranger);
    if (!incoming) return refuse(session, incoming.error());
    if (invite.from().uri().user_unescaped() != proof.phone->sip.username) return refuse(session, 403);
    if (registration_refusal(*proof.config, proof.phone->user, phone_transport(flow.kind))) return refuse(session, 403);
    incoming->phone = proof.phone;
    incoming->phone_settings = ports_.phones.settings_on(flow);
    const std::string called = invite.request_uri().user_unescaped();
    const auto& phone = proof.config->phone_by_sip_username(called);
    if (phone)
        phone_calls_phone(session, std::move(*incoming), proof.config, *phone);
    else
        phone_calls_number(session, std::move(*incoming), proof.config, called);
}

void Switchboard::phone_calls_phone(sip::InviteSession& session, call::IncomingLeg incoming, const Config& config,
                                    const telephony::Phone& called) {
    const auto& user = config->user(called.user);
    if (!user || !called.enabled) return refuse(session, 480);
    const auto& caller = config->user(incoming.phone->user);
    incoming.caller = {incoming.phone->sip.username, caller ? caller->name : std::string(), false};
    ring_user(session, std::move(incoming), config, *user, called.sip.username);
}

/// What a phone's own call is recorded as before it is known whether it may be made.
std::shared_ptr<telephony::Conversation> Switchboard::dialed_by_phone(const telephony::OrganizationId& organization,
                                                                      const telephony::PlaceCall& asked) {
    auto out = std::make_shared<telephony::Conversation>();
    const auto now = ports_.clock.wall();
    out->id = telephony::ConversationId(timed_uuid(ports_.random, now));
    out->meta = {.organization = organization,
                 .version = 0,
                 .created = now,
                 .modified = now,
                 .created_by = asked.agent.str(),
                 .modified_by = asked.agent.str()};
    out->agent = asked.agent;
    out->destination = out->dialed = asked.destination;
    out->started = now;
    return out;
}

void Switchboard::phone_calls_number(sip::InviteSession& session, call::IncomingLeg incoming, const Config& config,
                                     const std::string& number) {
    telephony::PlaceCall asked;
    asked.agent = incoming.phone->user;
    asked.destination = number;
    asked.type = "pstn";
    const auto call = telephony::check_outbound(*config, asked);
    auto conversation = dialed_by_phone(config->id(), asked);
    if (!call) {
        log::info("call", "phone may not dial phone={} reason={}", incoming.phone->id.str(), call.error().detail);
        const bool no_number = call.error().code == ErrorCode::InvalidValue;
        record_ended(std::move(conversation), no_number ? EndReason::NumberNotFound : EndReason::Rejected);
        return refuse(session, no_number ? 404 : facts(call.error().code).sip_status);
    }
    conversation->caller_id = call->caller_id;
    conversation->caller_name = call->caller_name;
    conversation->destination = call->destination;
    conversation->dialed = call->dialed;
    call::CallSetup setup = outbound_setup(config, *call);
    setup.conversation = std::move(conversation);
    setup.incoming = std::move(incoming);
    connect(session, std::move(setup));
}

/// What every inbound call starts with.
call::CallSetup Switchboard::inbound_setup(call::IncomingLeg incoming, const Config& config,
                                           const std::string& called) {
    auto conversation = std::make_shared<telephony::Conversation>(
        telephony::make_inbound_conversation(telephony::ConversationId(timed_uuid(ports_.random, ports_.clock.wall())),
                                             config->id(), incoming.caller.user, called, ports_.clock.wall()));
    conversation->meta.version = 0;
    conversation->caller_name = incoming.caller.display;
    call::CallSetup setup;
    setup.kind = call::CallSetup::Kind::Inbound;
    setup.conversation = std::move(conversation);
    setup.config = config;
    setup.country = config->organization().default_country_code;
    setup.shown_to_agent = incoming.caller;
    setup.incoming = std::move(incoming);
    return setup;
}

void Switchboard::ring_user(sip::InviteSession& session, call::IncomingLeg incoming, const Config& config,
                            const telephony::User& user, const std::string& called) {
    call::CallSetup setup = inbound_setup(std::move(incoming), config, called);
    auto conversation = std::make_shared<telephony::Conversation>(*setup.conversation);
    conversation->agent = user.id;
    setup.conversation = std::move(conversation);
    setup.agent = user.id;
    fill_from_site(setup, config->site_of(user).get());
    connect(session, std::move(setup));
}

void Switchboard::lead(sip::InviteSession& session, call::IncomingLeg incoming, const Config& config,
                       telephony::JourneyPlan plan, const std::string& called) {
    call::CallSetup setup = inbound_setup(std::move(incoming), config, called);
    fill_from_site(setup, config->site(config->organization().default_site).get());
    setup.journey = std::move(plan);
    connect(session, std::move(setup));
}

void Switchboard::trunk_calls(sip::InviteSession& session, const sip::MessageView& invite, const sip::Flow& flow,
                              TrunkLine& trunk) {
    auto incoming = read_invite(invite, flow, Trust::Peer);
    if (!incoming) return refuse(session, incoming.error());
    const Config config = reader_.get()->organization(trunk.trunk().meta.organization);
    if (!config) return refuse(session, 404);
    const std::string called = called_number(invite, trunk);
    const auto route = telephony::route_inbound(*config, called);
    if (const auto* nowhere = std::get_if<telephony::Unrouted>(&route))
        return unrouted(session, *incoming, config, called, to_string(nowhere->reason),
                        nowhere->reason == telephony::UnroutedReason::UnknownNumber ? 404 : 480);
    if (!trunk.acquire(telephony::Direction::Inbound)) return refuse(session, 503);
    incoming->trunk = trunk.trunk_ptr();
    if (const auto* user = std::get_if<telephony::ToUser>(&route))
        return ring_user(session, std::move(*incoming), config, *user->user, called);
    lead(session, std::move(*incoming), config, std::get<telephony::ToJourney>(route).plan, called);
}

void Switchboard::unrouted(sip::InviteSession& session, const call::IncomingLeg& incoming, const Config& config,
                           const std::string& called, std::string_view reason, int status) {
    telephony::Event event;
    event.organization = config->id();
    event.type = telephony::event_type::kInboundUnrouted;
    event.resource_type = "number";
    event.resource_id = called;
    event.time = ports_.clock.wall();
    event.payload = telephony::Payload()
                        .text("called", called)
                        .text("caller", incoming.caller.user)
                        .text("reason", reason)
                        .number("sipStatus", status)
                        .str();
    ports_.conversations.record({std::move(event)});
    refuse(session, status);
}

}  // namespace dp::signaling

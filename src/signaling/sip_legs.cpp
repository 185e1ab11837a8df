#include "signaling/sip_legs.hpp"

#include "base/ascii.hpp"
#include "base/log.hpp"
#include "signaling/addressing.hpp"
#include "signaling/dtmf_info.hpp"
#include "sip/body.hpp"
#include "sip/header_values.hpp"

namespace dp::signaling {
namespace {

using call::LegEnd;
using call::LegFailure;

constexpr std::string_view kSdp = "application/sdp";

sip::Body sdp_body_of(std::string_view sdp) {
    if (sdp.empty()) return {};
    return {std::string(kSdp), std::string(sdp)};
}

LegFailure failure_of(const sip::SessionEnd& end) {
    LegFailure failure;
    failure.status = end.status;
    failure.phrase = end.reason_phrase;
    if (end.message != nullptr) failure.q850 = sip::q850_cause(*end.message);
    if (end.retry_after) failure.retry_after = *end.retry_after;
    switch (end.cause) {
        case sip::EndCause::NoAnswer:
            failure.kind = LegFailure::Kind::NoResponse;
            break;
        case sip::EndCause::TransportFailed:
            failure.kind = LegFailure::Kind::Transport;
            break;
        case sip::EndCause::LocalCancel:
            failure.kind = LegFailure::Kind::Cancelled;
            break;
        default:
            failure.kind = LegFailure::Kind::Rejected;
            if (failure.status == 0) failure.status = 488;  // BadAnswer: what the peer said cannot be a session
    }
    return failure;
}

LegEnd end_of(const sip::SessionEnd& end) {
    LegEnd leg;
    if (end.message != nullptr) {
        leg.q850 = sip::q850_cause(*end.message);
        for (const auto& reason : sip::reasons(*end.message))
            if (ascii::iequals(reason.protocol, "SIP")) leg.sip_cause = reason.cause;
    }
    switch (end.cause) {
        case sip::EndCause::NoAck:
        case sip::EndCause::NoPrack:
            leg.kind = LegEnd::Kind::NoAck;
            break;
        case sip::EndCause::SessionExpired:
            leg.kind = LegEnd::Kind::SessionExpired;
            break;
        case sip::EndCause::DialogLost:
            leg.kind = LegEnd::Kind::DialogDead;
            break;
        case sip::EndCause::TransportFailed:
            leg.kind = LegEnd::Kind::Transport;
            break;
        default:
            leg.kind = LegEnd::Kind::Bye;
            break;
    }
    return leg;
}

}  // namespace

SipLegs::SipLegs(const Ports& ports) : ports_(ports) {}
SipLegs::~SipLegs() = default;

sip::InviteSession* SipLegs::session_of(call::LegId leg) {
    const auto it = legs_.find(leg);
    return it == legs_.end() ? nullptr : ports_.agent.find(it->second);
}

call::LegId SipLegs::leg_of(const sip::InviteSession& session) const {
    const auto it = sessions_.find(session.id());
    return it == sessions_.end() ? call::LegId{} : it->second;
}

void SipLegs::let_go(call::LegId leg) {
    const auto it = legs_.find(leg);
    if (it == legs_.end()) return;
    sessions_.erase(it->second);
    legs_.erase(it);
    inside_.erase(leg);
}

call::PeerSdp SipLegs::sdp_of(const sip::InviteSession& session, sip::BodyView body) const {
    return {body.bytes, session.flow().remote.address};
}

void SipLegs::adopt(call::LegId leg, sip::InviteSession& session) {
    legs_[leg] = session.id();
    sessions_[session.id()] = leg;
    session.set_session_timer(ports_.session_timer);
    session.set_handler(this);
}

void SipLegs::place(call::LegId leg, call::OutgoingLeg invite) {
    const auto* contact = std::get_if<call::ContactId>(&invite.target);
    auto request = contact != nullptr ? invite_phone(*contact, invite)
                                      : invite_gateway(std::get<call::GatewayId>(invite.target), invite);
    if (!request) return place_failed(leg);
    request->offer = sdp_body_of(invite.sdp);
    request->session_timer = ports_.session_timer;
    request->timer_b = invite.silence_limit;
    request->max_forwards = invite.max_forwards;
    const auto session = ports_.agent.place(*request, *this);
    if (!session) {
        log::warn("call", "cannot place a leg reason={}", session.error().detail);
        return place_failed(leg);
    }
    legs_[leg] = *session;
    sessions_[*session] = leg;
}

void SipLegs::place_failed(call::LegId leg) {
    LegFailure failure;
    failure.kind = LegFailure::Kind::Transport;
    (void)ports_.later.post([this, leg, failure] { events_->on_failed(leg, failure); });
}

Result<sip::InviteRequest> SipLegs::invite_phone(call::ContactId contact, const call::OutgoingLeg& invite) const {
    const auto target = ports_.phones.target(contact);
    if (!target || !target->config) return fail(ErrorCode::NotFound, "The phone is not reachable any more.");
    const std::string& domain = target->config->organization().sip_domain;
    sip::InviteRequest request;
    sip::NextHop hop;
    hop.flow = target->flow;
    request.hops.push_back(std::move(hop));
    request.request_uri = target->uri;
    request.from = from_header(invite.from, domain);
    request.to = '<' + target->uri + '>';
    request.contact_user = "dialplane";
    for (const auto& path : target->path) request.routes.push_back(path);
    request.path = sip::InDialogPath::Flow;
    request.reliable = sip::ReliableProvisionals::Off;
    describe_call(request.headers, invite, domain);
    if (invite.may_rest) request.headers.add("Recv-Info", kCallPackage);
    return request;
}

Result<sip::InviteRequest> SipLegs::invite_gateway(call::GatewayId id, const call::OutgoingLeg& invite) {
    const auto [line, gateway] = ports_.trunks.resolve(id);
    if (gateway == nullptr || gateway->targets.empty()) return fail(ErrorCode::NotFound, "The gateway is gone.");
    sip::InviteRequest request;
    for (const auto& target : gateway->targets) {
        sip::NextHop hop;
        hop.target = target;
        hop.large = sip::NextHop::LargeRequest::SwitchToTcp;
        request.hops.push_back(std::move(hop));
    }
    const auto kind = gateway->targets.front().transport;
    const std::uint16_t port = gateway->gateway.port == sip::default_port(kind) ? 0 : gateway->gateway.port;
    request.request_uri = sip_uri(invite.called, gateway->gateway.host, port,
                                  kind == sip::TransportKind::Udp ? std::string_view{} : sip::uri_name(kind));
    request.from = from_header(invite.from, line->identity_host());
    request.to = name_addr({}, invite.called, gateway->gateway.host);
    request.contact_user = line->token();
    request.credentials = line->credentials();
    add_asserted_identity(request.headers, invite.from, line->identity_host());
    return request;
}

void SipLegs::progress(call::LegId leg, call::Ringing ringing, std::string_view sdp) {
    sip::InviteSession* session = session_of(leg);
    if (session == nullptr) return;
    (void)session->provide(ringing == call::Ringing::EarlyMedia ? 183 : 180, sdp_body_of(sdp));
}

void SipLegs::answer(call::LegId leg, std::string_view sdp) {
    if (sip::InviteSession* session = session_of(leg)) (void)session->accept(sdp_body_of(sdp));
}

void SipLegs::refuse(call::LegId leg, const call::Refusal& refusal) {
    sip::InviteSession* session = session_of(leg);
    let_go(leg);
    if (session == nullptr) return;
    sip::HeaderLines headers;
    if (refusal.q850 != 0) headers.add("Reason", q850_reason(refusal.q850));
    if (refusal.retry_after)
        headers.add("Retry-After",
                    std::to_string(std::chrono::duration_cast<std::chrono::seconds>(*refusal.retry_after).count()));
    session->set_handler(nullptr);
    (void)session->reject(refusal.status, {}, headers);
}

void SipLegs::hang_up(call::LegId leg, const call::Release& release) {
    sip::InviteSession* session = session_of(leg);
    let_go(leg);
    if (session == nullptr) return;
    session->set_handler(nullptr);
    session->hang_up(reason_of(release));
}

void SipLegs::offer(call::LegId leg, std::string_view sdp) {
    sip::InviteSession* session = session_of(leg);
    if (session == nullptr) return;
    const auto sent = sdp.empty() ? session->request_offer() : session->offer(sdp_body_of(sdp));
    if (!sent) (void)ports_.later.post([this, leg] { events_->on_offer_refused(leg, 500); });
}

void SipLegs::answer_offer(call::LegId leg, std::string_view sdp) {
    if (sip::InviteSession* session = session_of(leg)) (void)session->answer(sdp_body_of(sdp));
}

void SipLegs::refuse_offer(call::LegId leg, int status) {
    if (sip::InviteSession* session = session_of(leg)) (void)session->refuse_offer(status);
}

void SipLegs::send_digit(call::LegId leg, char digit, std::chrono::milliseconds duration) {
    if (sip::InviteSession* session = session_of(leg))
        (void)session->info({std::string(kDtmfRelay), write_dtmf_relay({digit, duration})});
}

void SipLegs::on_session_progress(sip::InviteSession& session, const sip::Progress& progress) {
    events_->on_progress(leg_of(session), progress.status, sdp_of(session, progress.body));
}

void SipLegs::on_session_answered(sip::InviteSession& session, const sip::Answered& answered) {
    const call::LegId leg = leg_of(session);
    note_abilities(leg, answered);
    events_->on_answered(leg, sdp_of(session, answered.body));
}

void SipLegs::on_session_confirmed(sip::InviteSession& session, sip::BodyView answer) {
    events_->on_acknowledged(leg_of(session), sdp_of(session, answer));
}

void SipLegs::on_session_offered(sip::InviteSession& session, const sip::RemoteOffer& offer) {
    events_->on_offer(leg_of(session), sdp_of(session, offer.body));
}

void SipLegs::on_session_offer_answered(sip::InviteSession& session, sip::BodyView answer) {
    events_->on_offer_answered(leg_of(session), sdp_of(session, answer));
}

void SipLegs::on_session_offer_withdrawn(sip::InviteSession&) {}

void SipLegs::on_session_offer_failed(sip::InviteSession& session, sip::OfferFailure, int status) {
    events_->on_offer_refused(leg_of(session), status);
}

void SipLegs::on_session_info(sip::InviteSession& session, const sip::MessageView& info) {
    const call::LegId leg = leg_of(session);
    if (const auto press = read_dtmf_info(info)) return events_->on_digit(leg, press->digit, press->duration);
    if (const auto said = read_call_info(info)) take_call_info(leg, *said);
}

void SipLegs::on_session_referred(sip::InviteSession& session, const sip::MessageView& refer,
                                  sip::ServerRequestId request) {
    const call::LegId leg = leg_of(session);
    if (!leg.valid() || referrals_ == nullptr) return refuse_referral(request, 603);
    referrals_->on_referred(leg, refer, request);
}

void SipLegs::accept_referral(call::LegId leg, sip::ServerRequestId request) {
    ports_.agent.respond(request, sip::Response{.status = 202});
    transfer_progress(leg, 100);
}

void SipLegs::refuse_referral(sip::ServerRequestId request, int status) {
    ports_.agent.respond(request, sip::Response{.status = status});
}

call::LegId SipLegs::leg_of_dialog(const sip::Replaces& dialog) {
    const sip::InviteSession* session = ports_.agent.find(dialog.call_id, dialog.to_tag, dialog.from_tag);
    return session == nullptr ? call::LegId{} : leg_of(*session);
}

void SipLegs::transfer_progress(call::LegId leg, int status) {
    sip::InviteSession* session = session_of(leg);
    if (session == nullptr) return;
    const std::string line = "SIP/2.0 " + std::to_string(status) + ' ' + std::string(sip::reason_phrase(status));
    (void)session->notify_refer(line, status < 200 ? "active;expires=60" : "terminated;reason=noresource");
}

void SipLegs::on_session_notified(sip::InviteSession&, const sip::MessageView&) {}

sip::Body SipLegs::current_description(sip::InviteSession& session) {
    return sdp_body_of(events_->current_sdp(leg_of(session)));
}

void SipLegs::on_session_ended(sip::InviteSession& session, const sip::SessionEnd& end) {
    const call::LegId leg = leg_of(session);
    if (!leg.valid()) return;
    if (alerts(leg)) return alert_failed(leg);
    let_go(leg);
    // A caller hears of its transport only while the INVITE is out: the next gateway is tried (RFC 3263 section 4.3).
    const bool unreachable =
        end.cause == sip::EndCause::TransportFailed && session.role() == sip::InviteSession::Role::Caller;
    const bool before_answer = session.state() == sip::InviteSession::State::Inviting || unreachable ||
                               end.cause == sip::EndCause::Rejected || end.cause == sip::EndCause::NoAnswer ||
                               end.cause == sip::EndCause::LocalCancel;
    if (end.cause == sip::EndCause::RemoteCancel)
        events_->on_cancelled(leg);
    else if (before_answer)
        events_->on_failed(leg, failure_of(end));
    else
        events_->on_ended(leg, end_of(end));
}

}  // namespace dp::signaling

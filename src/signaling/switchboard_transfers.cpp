/// Transfers: whom the target stands for, and what a phone asks by REFER (RFC 3515, RFC 5589).

#include "base/log.hpp"
#include "signaling/switchboard.hpp"
#include "sip/header_values.hpp"
#include "telephony/dialing/router.hpp"

namespace dp::signaling {

using telephony::TransferTarget;

namespace {

/// The number of ours that leads to a user directly, or null.
const telephony::User* user_behind(const telephony::OrganizationConfig& config, const std::string& address) {
    if (const auto& phone = config.phone_by_sip_username(address)) return config.user(phone->user).get();
    const auto& number = config.number_by_e164(address);
    if (!number || number->state != telephony::NumberState::Active || !number->routing) return nullptr;
    const auto route = telephony::route_inbound(config, address);
    const auto* to_user = std::get_if<telephony::ToUser>(&route);
    return to_user == nullptr ? nullptr : to_user->user.get();
}

/// The flow or queue behind a number of ours, or none.
std::optional<telephony::JourneyPlan> journey_behind(const telephony::OrganizationConfig& config,
                                                     const std::string& address) {
    if (!config.number_by_e164(address)) return std::nullopt;
    auto route = telephony::route_inbound(config, address);
    auto* journey = std::get_if<telephony::ToJourney>(&route);
    return journey == nullptr ? std::nullopt : std::optional(std::move(journey->plan));
}

/// Whom the target sees: in a consultation who consults, else the one who is handed over.
call::CallerIdentity shown_to_user(const telephony::OrganizationConfig& config, const call::TransferAsked& asked) {
    const auto& conversation = asked.conversation;
    if (asked.consult)
        if (const auto& user = config.user(asked.transferor)) {
            const auto& phones = config.phones_of(asked.transferor);
            return {phones.empty() ? user->id.str() : phones.front()->sip.username, user->name, false};
        }
    const bool outbound = conversation.direction == telephony::Direction::Outbound;
    return {outbound ? conversation.destination : conversation.caller_id,
            outbound ? std::string() : conversation.caller_name, false};
}

}  // namespace

Result<void> Switchboard::obey(const telephony::CallOrder& order) {
    call::Call* call = ports_.book.find(order.conversation);
    if (call == nullptr || call->organization() != order.organization)
        return fail(ErrorCode::NotFound, "The conversation is not active.");
    return ports_.book.act(*call, [&](call::Call& running) { return running.obey(order, *this); });
}

Result<call::DialPlan> Switchboard::plan_transfer(const call::TransferAsked& asked) {
    const Config config = reader_.get()->organization(asked.conversation.meta.organization);
    if (!config) return fail(ErrorCode::NotFound, "The organization is gone.");
    if (!asked.target.user.empty()) {
        const auto& user = config->user(asked.target.user);
        if (!user) return fail(ErrorCode::InvalidValue, "userId is not a user of this organization.", "userId");
        return plan_to_user(*config, *user, asked);
    }
    if (!asked.target.queue.empty()) return plan_to_queue(config, asked);
    if (const auto* user = user_behind(*config, asked.target.address)) return plan_to_user(*config, *user, asked);
    // A consultation needs somebody who answers: it calls the number as anybody would.
    if (auto journey = journey_behind(*config, asked.target.address); journey && !asked.consult)
        return plan_to_journey(config, std::move(*journey), asked);
    return plan_to_number(*config, asked);
}

Result<call::DialPlan> Switchboard::plan_to_user(const telephony::OrganizationConfig& config,
                                                 const telephony::User& user, const call::TransferAsked& asked) {
    if (user.id == asked.transferor)
        return fail(ErrorCode::InvalidValue, "A call cannot be transferred to the one who transfers it.", "userId");
    if (ports_.phones.contacts_of(config.id(), user.id).empty())
        return fail(ErrorCode::Conflict, "No phone of that user is registered.", user.id.str());
    call::DialPlan plan;
    plan.reach = call::Reach::Phones;
    plan.user = user.id;
    plan.user_name = user.name;
    if (const auto site = config.site_of(user)) plan.rings = site->agent_ring_timeout;
    plan.shown = shown_to_user(config, asked);
    const auto& numbers = config.numbers_of(user.id);
    plan.address = numbers.empty() ? user.id.str() : numbers.front()->e164;
    return plan;
}

Result<call::DialPlan> Switchboard::plan_to_queue(const Config& config, const call::TransferAsked& asked) {
    const auto& queue = config->find<telephony::Queue>(asked.target.queue);
    if (!queue) return fail(ErrorCode::InvalidValue, "queueId is not a queue of this organization.", "queueId");
    if (asked.consult) return fail(ErrorCode::InvalidValue, "A queue cannot be consulted.", "queueId");
    if (queue->members.empty() && !queue->overflow)
        return fail(ErrorCode::Conflict, "The queue has no members.", queue->id.str());
    return plan_to_journey(config, {{}, telephony::RouteTarget{telephony::RoutingKind::Queue, queue->id.str()}}, asked);
}

call::DialPlan Switchboard::plan_to_journey(const Config& config, telephony::JourneyPlan journey,
                                            const call::TransferAsked& asked) {
    call::DialPlan plan;
    plan.reach = call::Reach::Journey;
    plan.shown = shown_to_user(*config, asked);
    journey.transferred_by = asked.transferor;
    plan.journey = std::move(journey);
    plan.config = config;
    return plan;
}

/// The rules of a new call of the transferor's hold: dial rules, caller ID, classes.
Result<call::DialPlan> Switchboard::plan_to_number(const telephony::OrganizationConfig& config,
                                                   const call::TransferAsked& asked) {
    telephony::PlaceCall placed;
    placed.agent = asked.transferor.empty() ? asked.conversation.agent : asked.transferor;
    placed.destination = asked.target.address;
    placed.destination_field = asked.target.address_field;
    placed.type = "pstn";
    DP_TRY(call, telephony::check_outbound(config, placed));
    auto route = telephony::plan_route(config, call, ports_.trunks, ports_.random.next_u64());
    if (route.gateways.empty()) return fail(ErrorCode::Conflict, "No trunk can take the call at the moment.");
    call::DialPlan plan;
    plan.reach = call::Reach::Gateways;
    plan.hunt = call::Hunt(std::move(route.gateways));
    plan.shown = {call.caller_id, call.caller_name, call.caller_id.empty()};
    plan.dialed = call.dialed;
    plan.address = call.destination;
    return plan;
}

void Switchboard::on_referred(call::LegId leg, const sip::MessageView& refer, sip::ServerRequestId request) {
    const auto target = sip::address(refer, sip::HeaderId::ReferTo);
    if (!target) return ports_.legs.refuse_referral(request, 400);
    call::Call* call = ports_.book.find(leg);
    // Only phones of ours may: a carrier would have us call at our own cost.
    if (call == nullptr || !call->may_transfer(leg)) return ports_.legs.refuse_referral(request, 603);
    const auto replaces = sip::uri_header(target->uri(), "replaces");
    if (replaces) return bring_together(leg, *replaces, request);
    ports_.legs.accept_referral(leg, request);
    TransferTarget asked;
    asked.address = target->uri().user_unescaped();
    const auto done =
        ports_.book.act(*call, [&](call::Call& running) { return running.refer(leg, std::move(asked), *this); });
    if (done) return;
    log::info("call", "a transfer by REFER is not possible reason={}", done.error().detail);
    ports_.legs.transfer_progress(leg, facts(done.error().code).sip_status);
}

/// RFC 3891: the dialog named is the phone's own second call; a phone may replace only what is its user's.
void Switchboard::bring_together(call::LegId leg, const std::string& replaces, sip::ServerRequestId request) {
    const auto dialog = sip::parse_replaces(replaces);
    if (!dialog) return ports_.legs.refuse_referral(request, 400);
    const call::LegId others = ports_.legs.leg_of_dialog(*dialog);
    call::Call* here = ports_.book.find(leg);
    call::Call* there = others.valid() ? ports_.book.find(others) : nullptr;
    if (there == nullptr || there == here || there->organization() != here->organization() ||
        there->user_of(others) != here->user_of(leg))
        return ports_.legs.refuse_referral(request, 481);
    ports_.legs.accept_referral(leg, request);
    if (const auto done = ports_.book.merge(leg, others); !done)
        ports_.legs.transfer_progress(leg, facts(done.error().code).sip_status);
}

}  // namespace dp::signaling

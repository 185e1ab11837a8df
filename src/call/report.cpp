#include "call/report.hpp"

#include <fmt/format.h>

#include "call/codec_policy.hpp"
#include "telephony/conversation/conversation_service.hpp"

namespace dp::call {

using telephony::CommunicationState;
using telephony::Conversation;
using telephony::ConversationStatus;
using telephony::ParticipantPurpose;

Report::Report(ConversationSink& sink, const Clock& clock, telephony::Ptr<Conversation> first)
    : sink_(sink), clock_(clock), current_(std::move(first)) {
    if (current_->meta.version == 0) event(telephony::event_type::kConversationCreated);
}

Conversation& Report::edit() {
    if (!draft_) draft_ = std::make_unique<Conversation>(*current_);
    return *draft_;
}

void Report::status(ConversationStatus status) {
    if (!telephony::may_follow(seen().status, status)) return;
    Conversation& c = edit();
    (void)telephony::advance(c, status, clock_.wall());
    events_.push_back(telephony::conversation_event(c, telephony::event_type::kConversationUpdated, clock_.wall()));
}

/// Unique within the installation because the conversation's id is.
std::string Report::next_id() {
    std::size_t made = 0;
    for (const auto& participant : seen().participants) made += 1 + participant.communications.size();
    return current_->id.str() + '.' + std::to_string(made + 1);
}

std::uint16_t Report::participant_of(Party party) {
    Conversation& c = edit();
    const bool agent = party == Party::Agent;
    for (std::size_t i = 0; i < c.participants.size(); ++i)
        if ((c.participants[i].purpose == ParticipantPurpose::Agent) == agent &&
            (!agent || c.participants[i].user == c.agent))  // a queue rings one member after the other
            return static_cast<std::uint16_t>(i);
    telephony::Participant added;
    added.id = telephony::ParticipantId(next_id());
    added.purpose = agent ? ParticipantPurpose::Agent : ParticipantPurpose::Customer;
    if (agent) added.user = c.agent;
    c.participants.push_back(std::move(added));
    return static_cast<std::uint16_t>(c.participants.size() - 1);
}

std::uint16_t Report::add_participant(telephony::Participant added) {
    added.id = telephony::ParticipantId(next_id());
    edit().participants.push_back(std::move(added));
    return static_cast<std::uint16_t>(seen().participants.size() - 1);
}

CommunicationRef Report::begin_leg(const NewCommunication& leg) {
    const std::uint16_t index = leg.participant ? *leg.participant : participant_of(leg.party);
    auto& legs = edit().participants[index].communications;
    const bool announced = !legs.empty() && legs.back().state == CommunicationState::None && !legs.back().ended;
    constexpr std::size_t kMostRecorded = 50;  // a long wait in a queue rings somebody again and again
    const bool again = legs.size() >= kMostRecorded && legs.back().ended && !legs.back().connected;
    auto id = again ? legs.back().id : telephony::CommunicationId(next_id());
    if (again) legs.back() = {};
    if (!again && !announced) legs.emplace_back();
    telephony::Communication& begun = legs.back();
    if (!announced) begun.id = std::move(id);
    begun.state = leg.state;
    begun.direction = leg.direction;
    begun.address = leg.address;
    begun.trunk = leg.trunk;
    begun.phone = leg.phone;
    begun.started = clock_.wall();
    return {index, static_cast<std::uint16_t>(legs.size() - 1)};
}

telephony::Communication& Report::communication(CommunicationRef ref) {
    return edit().participants[ref.participant].communications[ref.communication];
}

void Report::leg_state(CommunicationRef ref, CommunicationState state) {
    if (seen(ref).state == state) return;
    auto& leg = communication(ref);
    leg.state = state;
    if (state == CommunicationState::Connected && !leg.connected) leg.connected = clock_.wall();
}

void Report::leg_codec(CommunicationRef ref, sdp::Codec codec) {
    if (seen(ref).codec != to_telephony(codec)) communication(ref).codec = to_telephony(codec);
}
void Report::leg_flags(CommunicationRef ref, LegFlags flags) {
    const auto& now = seen(ref);
    if (LegFlags{now.held, now.muted, now.confined} == flags) return;
    auto& leg = communication(ref);
    leg.held = flags.held;
    leg.muted = flags.muted;
    leg.confined = flags.confined;
}

void Report::leg_ended(CommunicationRef ref, const telephony::Termination& termination) {
    if (seen(ref).ended) return;
    auto& leg = communication(ref);
    leg.state = CommunicationState::Disconnected;
    leg.ended = clock_.wall();
    leg.termination = termination;
}

void Report::ended(const telephony::Termination& termination) {
    if (telephony::is_final(seen().status)) return;
    Conversation& c = edit();
    (void)telephony::end(c, termination, clock_.wall());
    events_.push_back(telephony::conversation_event(c, telephony::event_type::kConversationEnded, clock_.wall()));
}

void Report::event(std::string_view type) {
    events_.push_back(telephony::conversation_event(edit(), type, clock_.wall()));
}

void Report::silent(CommunicationRef ref) {
    event(telephony::event_type::kConversationMediaWarning);
    const auto& participant = seen().participants[ref.participant];
    auto& payload = events_.back().payload;
    payload.pop_back();  // the closing brace
    payload += fmt::format(R"(,"warning":"no_audio","party":"{}","communicationId":"{}"}})",
                           telephony::to_string(participant.purpose), seen(ref).id.str());
}

void Report::step(telephony::RouteStep step) {
    Conversation& c = edit();
    telephony::Event event = telephony::conversation_event(c, step.type, step.time);
    event.payload = telephony::route_payload(c, step);
    events_.push_back(std::move(event));
    constexpr std::size_t kMostRecorded = 200;  // a long wait in a queue goes on in events alone
    if (c.route.size() < kMostRecorded) c.route.push_back(std::move(step));
}

void Report::agent(const telephony::UserId& user) {
    if (seen().agent != user) edit().agent = user;
}

void Report::publish() {
    if (!draft_) return;
    ++draft_->meta.version;
    draft_->meta.modified = clock_.wall();
    current_ = std::shared_ptr<const Conversation>(std::move(draft_));
    sink_.record(current_, std::exchange(events_, {}));
}

}  // namespace dp::call

#include "call/kept_connections.hpp"

#include <vector>

#include "base/metrics.hpp"

namespace dp::call {
namespace {

constexpr int kNotAcceptableHere = 488;

metrics::Gauge& open_connections() {
    static metrics::Gauge& gauge = metrics::gauge("dialplane_call_kept_connections", "",
                                                  "Persistent connections of browser phones, in a call or at rest.");
    return gauge;
}

}  // namespace

struct KeptConnections::Kept {
    LegId id;
    ContactId contact;
    KeptState state = KeptState::None;
    CallLeg leg;  ///< while it is not lent
    BorrowerId borrower;
    bool waits = false;  ///< for the answer to an offer of the last call's, before it offers `inactive`
    TimePoint until = kNever;
    Timer clock;
};

KeptConnections::KeptConnections(const Ports& ports) : ports_(ports), media_(ports.media) {}

KeptConnections::~KeptConnections() {
    open_connections().add(-static_cast<std::int64_t>(kept_.size()));
}

KeptConnections::Kept* KeptConnections::at_rest(LegId leg) const {
    const auto contact = contacts_.find(leg);
    if (contact == contacts_.end()) return nullptr;
    Kept& kept = *kept_.at(contact->second);
    return kept.state == KeptState::Lent ? nullptr : &kept;
}

bool KeptConnections::holds(LegId leg) const {
    return at_rest(leg) != nullptr;
}

BorrowerId KeptConnections::borrower_of(LegId leg) const {
    const auto contact = contacts_.find(leg);
    if (contact == contacts_.end()) return {};
    const Kept& kept = *kept_.at(contact->second);
    return kept.state == KeptState::Lent ? kept.borrower : BorrowerId{};
}

bool KeptConnections::reassign(LegId leg, BorrowerId borrower) {
    if (!borrower_of(leg).valid()) return false;
    kept_.at(contacts_.at(leg))->borrower = borrower;
    return true;
}

std::optional<CallLeg> KeptConnections::borrow(ContactId contact, BorrowerId borrower) {
    const auto found = kept_.find(contact);
    if (found == kept_.end() || found->second->state == KeptState::Lent) return std::nullopt;
    Kept& kept = *found->second;
    kept.borrower = borrower;
    take(kept, KeptEvent::Borrowed);
    return std::move(kept.leg);
}

/// One connection for each contact: whoever comes second ends with its call.
bool KeptConnections::wants(const CallLeg& leg) const {
    if (closing_ || !leg.contact.valid() || !leg.anchored() || !leg.path_up) return false;
    const auto other = kept_.find(leg.contact);
    if (other != kept_.end() && other->second->id != leg.id) return false;
    return ports_.phones.keeps_connection(leg.contact).count() > 0 && ports_.signaling.can_rest(leg.id);
}

void KeptConnections::rest(CallLeg leg) {
    auto& place = kept_[leg.contact];
    if (!place) {
        place = std::make_unique<Kept>();
        place->id = leg.id;
        place->contact = leg.contact;
        place->clock.set_callback([this, kept = place.get()] { take(*kept, KeptEvent::TimedOut); });
        contacts_[leg.id] = leg.contact;
        open_connections().add(1);
    }
    place->leg = std::move(leg);
    take(*place, KeptEvent::Rests);
}

void KeptConnections::leave_untaken(CallLeg leg) {
    Kept& kept = *kept_.at(leg.contact);
    kept.leg = std::move(leg);
    take(kept, KeptEvent::Untaken);
}

void KeptConnections::dropped(LegId leg) {
    const auto contact = contacts_.find(leg);
    if (contact != contacts_.end()) take(*kept_.at(contact->second), KeptEvent::Dropped);
}

void KeptConnections::contact_gone(ContactId contact) {
    if (const auto found = kept_.find(contact); found != kept_.end()) take(*found->second, KeptEvent::Unwanted);
}

void KeptConnections::close_all() {
    closing_ = true;
    std::vector<Kept*> all;
    for (auto& [contact, kept] : kept_) all.push_back(kept.get());
    for (Kept* kept : all) take(*kept, KeptEvent::Unwanted);
}

void KeptConnections::take(Kept& kept, KeptEvent event) {
    const KeptStep* found = step(kept.state, event);
    if (found == nullptr) return;
    kept.state = found->next;
    for (KeptAction action : found->actions) {
        if (action == KeptAction::HangUp) return hang_up(kept);
        if (action == KeptAction::Forget) return forget(kept);
        run(kept, action);
    }
}

void KeptConnections::run(Kept& kept, KeptAction action) {
    switch (action) {
        case KeptAction::Quiet:
            media_.part(kept.leg);
            ports_.media.stop_tone(kept.id);
            break;
        case KeptAction::OfferInactive:
            offer_inactive(kept);
            break;
        case KeptAction::StartClock:
            kept.until = ports_.clock.now() + ports_.phones.keeps_connection(kept.contact);
            ports_.timers.arm(kept.clock, kept.until);
            break;
        case KeptAction::StopClock:
            kept.clock.cancel();
            break;
        case KeptAction::ResumeClock:
            ports_.timers.arm(kept.clock, kept.until);
            break;
        case KeptAction::None:
        case KeptAction::HangUp:
        case KeptAction::Forget:
            break;
    }
}

/// After the answer to what the call has offered, if that is still due.
void KeptConnections::offer_inactive(Kept& kept) {
    Negotiation& negotiation = *kept.leg.negotiation;
    kept.waits = negotiation.awaits_answer();
    if (kept.waits) return;
    negotiation.set_direction(sdp::Direction::Inactive);
    ports_.signaling.offer(kept.id, negotiation.make_offer());
}

void KeptConnections::hang_up(Kept& kept) {
    ports_.signaling.hang_up(kept.id, {});
    forget(kept);
}

/// A lent leg's media was the borrower's to close.
void KeptConnections::forget(Kept& kept) {
    media_.close(kept.leg);
    open_connections().add(-1);
    contacts_.erase(kept.id);
    const ContactId contact = kept.contact;
    kept_.erase(contact);
}

/// A phone that moves to another network restarts ICE here; it may ask for anything, it gets `inactive`.
void KeptConnections::on_offer(LegId leg, const PeerSdp& sdp) {
    Kept* kept = at_rest(leg);
    if (kept == nullptr) return;
    Negotiation& negotiation = *kept->leg.negotiation;
    if (sdp.empty()) return ports_.signaling.answer_offer(leg, negotiation.make_offer());
    if (!negotiation.take_offer(sdp.text)) return ports_.signaling.refuse_offer(leg, kNotAcceptableHere);
    kept->leg.signalled_from = sdp.signalled_from;
    if (negotiation.restarts_ice()) media_.restart_ice(kept->leg);
    const auto answer = negotiation.make_answer();
    if (!answer) {
        negotiation.refuse_offer();
        return ports_.signaling.refuse_offer(leg, kNotAcceptableHere);
    }
    media_.apply(kept->leg);
    ports_.signaling.answer_offer(leg, *answer);
}

void KeptConnections::on_offer_answered(LegId leg, const PeerSdp& sdp) {
    if (Kept* kept = at_rest(leg)) answered(*kept, sdp);
}

void KeptConnections::on_offer_refused(LegId leg) {
    if (Kept* kept = at_rest(leg)) answered(*kept, {});
}

/// An empty `sdp`: it was refused.
void KeptConnections::answered(Kept& kept, const PeerSdp& sdp) {
    const bool agreed = !sdp.empty() && kept.leg.negotiation->take_answer(sdp.text).has_value();
    if (!agreed) kept.leg.negotiation->withdraw_offer();
    if (kept.waits) return offer_inactive(kept);
    if (agreed) media_.apply(kept.leg);
    take(kept, agreed ? KeptEvent::Settled : KeptEvent::Refused);
}

std::string KeptConnections::current_sdp(LegId leg) const {
    const Kept* kept = at_rest(leg);
    return kept == nullptr ? std::string() : kept->leg.negotiation->current();
}

void KeptConnections::on_ended(LegId leg) {
    if (Kept* kept = at_rest(leg)) take(*kept, KeptEvent::PeerEnded);
}

void KeptConnections::on_path_lost(LegId leg) {
    if (Kept* kept = at_rest(leg)) take(*kept, KeptEvent::PathLost);
}

}  // namespace dp::call

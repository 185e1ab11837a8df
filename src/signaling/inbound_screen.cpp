#include "signaling/inbound_screen.hpp"

#include "base/metrics.hpp"

namespace dp::signaling {
namespace {

using Verdict = sip::Screening::Verdict;
using Match = TrunkLine::Match;

sip::Screening answer(int status) {
    return {Verdict::Answer, sip::Response{.status = status}};
}

}  // namespace

sip::Screening InboundScreen::pass(RequestOrigin origin) {
    passed_ = std::move(origin);
    return {};
}

sip::Screening InboundScreen::screen(const sip::MessageView& request, const sip::Flow& flow) {
    static auto& crowded = metrics::counter("dialplane_signaling_source_limited_total", "",
                                            "Requests of unknown sources above their share: silence.");
    static auto& shed =
        metrics::counter("dialplane_signaling_shed_total", "", "Requests refused because the control thread lags.");
    const bool known = is_known(request, flow);
    if (!known && !unknown_.admit(flow.remote.address, clock_.now())) {
        crowded.add();
        return {Verdict::Drop, {}};
    }
    // A peer we know keeps its REGISTER and OPTIONS whatever the lag.
    if (load_ != nullptr && (!known || request.method() == sip::Method::Invite)) {
        auto verdict = sip::shed_load(request, load_->lag(), random_);
        if (verdict.verdict != Verdict::Pass) {
            shed.add();
            return verdict;
        }
    }
    return identify(request, flow);
}

bool InboundScreen::is_known(const sip::MessageView& request, const sip::Flow& flow) const {
    return phones_.phone_on(flow) != nullptr || has_authenticated(flow.remote.address) ||
           trunks_.caller_at(flow, request.request_uri().user(), Match::Address) != nullptr;
}

sip::Screening InboundScreen::identify(const sip::MessageView& request, const sip::Flow& flow) {
    if (request.method() == sip::Method::Register) return screen_phone(request, flow, request.to().uri().host());
    if (TrunkLine* trunk = trunk_behind(request, flow, Match::Certain))
        return pass({RequestOrigin::Kind::Trunk, {}, trunk});
    if (is_phone_flow(flow)) return screen_phone(request, flow, request.from().uri().host());
    if (TrunkLine* trunk = trunk_behind(request, flow, Match::Endpoint))
        return pass({RequestOrigin::Kind::Trunk, {}, trunk});
    if (phones_.serves(request.from().uri().host())) return screen_phone(request, flow, request.from().uri().host());
    if (TrunkLine* trunk = trunk_behind(request, flow, Match::Address))
        return pass({RequestOrigin::Kind::Trunk, {}, trunk});
    return stranger(flow);
}

TrunkLine* InboundScreen::trunk_behind(const sip::MessageView& request, const sip::Flow& flow, Match at_least) {
    return trunks_.caller_at(flow, request.request_uri().user(), at_least);
}

bool InboundScreen::is_phone_flow(const sip::Flow& flow) const {
    return sip::is_websocket(flow.kind) || phones_.phone_on(flow) != nullptr;
}

sip::Screening InboundScreen::screen_phone(const sip::MessageView& request, const sip::Flow& flow,
                                           std::string_view domain) {
    PhoneProof proof = phones_.authenticate(request, flow, domain);
    if (proof.silence) return {Verdict::Drop, {}};
    if (!proof.config) return stranger(flow);
    if (proof.outcome != sip::DigestOutcome::Accepted) return refuse(request, flow, std::move(proof));
    note_authenticated(flow.remote.address);
    return pass({RequestOrigin::Kind::Phone, std::move(proof), nullptr});
}

/// Only a REGISTER waits for a late answer: what guesses with other methods gets none.
sip::Screening InboundScreen::refuse(const sip::MessageView& request, const sip::Flow& flow, PhoneProof proof) {
    if (!proof.late) return {Verdict::Answer, phones_.challenge(proof, flow)};
    if (request.method() != sip::Method::Register) return {Verdict::Drop, {}};
    return pass({RequestOrigin::Kind::Guesser, std::move(proof), nullptr});
}

void InboundScreen::note_authenticated(const IpAddress& source) {
    const TimePoint now = clock_.now();
    if (authenticated_.size() >= kAuthenticated)
        std::erase_if(authenticated_, [&](const auto& entry) { return now - entry.second > kRecently; });
    // Full of sources that are all recent: a new one keeps its bucket, which lets it register.
    if (authenticated_.size() < kAuthenticated || authenticated_.contains(source)) authenticated_[source] = now;
}

bool InboundScreen::has_authenticated(const IpAddress& source) const {
    const auto found = authenticated_.find(source);
    return found != authenticated_.end() && clock_.now() - found->second <= kRecently;
}

sip::Screening InboundScreen::stranger(const sip::Flow& flow) {
    static auto& counter =
        metrics::counter("dialplane_signaling_strangers_total", "", "Requests from unknown sources.");
    counter.add();
    const TimePoint now = clock_.now();
    if (strangers_.size() >= kStrangers)
        std::erase_if(strangers_, [&](const auto& entry) { return now - entry.second > kSilence; });
    if (strangers_.size() >= kStrangers) return {Verdict::Drop, {}};
    const auto [it, first] = strangers_.try_emplace(flow.remote.address, now);
    if (!first && now - it->second <= kSilence) return {Verdict::Drop, {}};
    it->second = now;
    return answer(403);
}

}  // namespace dp::signaling

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
    if (proof.outcome != sip::DigestOutcome::Accepted) return {Verdict::Answer, phones_.challenge(proof, flow)};
    return pass({RequestOrigin::Kind::Phone, std::move(proof), nullptr});
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

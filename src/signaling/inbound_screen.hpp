#pragma once
/// @file InboundScreen: who sends a request that would start something, decided before any state is made for it: a
/// phone (by digest), a carrier (by registered flow, token or source address, never by what the message claims), or a
/// stranger (403 once, then silence).
///
///     in this order                                         is
///     registered trunk flow, or our token in the R-URI      that trunk
///     WebSocket, or the flow of a registered phone          a phone: 401 until its credentials are right
///     source address and port of a trunk                    that trunk
///     From in a SIP domain of ours                          a phone
///     source address of a trunk                             that trunk
///     anything else                                         a stranger
///
/// Threads: control shard. Source: sip-stack 5.1, 5.3 ("who is calling us"), 9.

#include <optional>
#include <unordered_map>

#include "signaling/phone_registrar.hpp"
#include "signaling/trunks.hpp"

namespace dp::signaling {

/// Who the request that was let through came from.
struct RequestOrigin {
    enum class Kind : std::uint8_t { Stranger, Phone, Trunk } kind = Kind::Stranger;
    PhoneProof proof;            ///< Phone: accepted
    TrunkLine* trunk = nullptr;  ///< Trunk; valid until the loop turns
};

class InboundScreen {
public:
    InboundScreen(PhoneRegistrar& phones, Trunks& trunks, const Clock& clock)
        : phones_(phones), trunks_(trunks), clock_(clock) {}

    sip::Screening screen(const sip::MessageView& request, const sip::Flow& flow);
    /// Of the request that screen() has let through just now.
    RequestOrigin take_origin() { return std::exchange(passed_, {}); }

private:
    sip::Screening screen_phone(const sip::MessageView& request, const sip::Flow& flow, std::string_view domain);
    sip::Screening stranger(const sip::Flow& flow);
    sip::Screening pass(RequestOrigin origin);
    TrunkLine* trunk_behind(const sip::MessageView& request, const sip::Flow& flow, TrunkLine::Match at_least);
    bool is_phone_flow(const sip::Flow& flow) const;

    static constexpr std::chrono::seconds kSilence{60};
    static constexpr std::size_t kStrangers = 10'000;

    PhoneRegistrar& phones_;
    Trunks& trunks_;
    const Clock& clock_;
    RequestOrigin passed_;
    std::unordered_map<IpAddress, TimePoint> strangers_;  ///< when each was told 403
};

}  // namespace dp::signaling

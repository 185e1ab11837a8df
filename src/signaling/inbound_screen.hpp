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
/// Before that: a source that is neither a trunk's nor a phone's flow, and from which nobody has authenticated within ten
/// minutes, has a token bucket, whatever credentials it shows; and what the shard's lag does not allow is told to come
/// back (sip/load_shedding). What runs in dialogs never comes here.
///
/// A wrong password that is to be answered late is let through as a Guesser; it is told what every other is, 1 to 4 s
/// later.
///
/// Threads: control shard. Source: sip-stack 5.1, 5.3 ("who is calling us"), 9.

#include <optional>
#include <unordered_map>

#include "signaling/load_gauge.hpp"
#include "signaling/phone_registrar.hpp"
#include "signaling/trunks.hpp"
#include "sip/load_shedding.hpp"

namespace dp::signaling {

/// Who the request that was let through came from.
struct RequestOrigin {
    enum class Kind : std::uint8_t { Stranger, Phone, Trunk, Guesser } kind = Kind::Stranger;
    PhoneProof proof;            ///< Phone: accepted; Guesser: wrong
    TrunkLine* trunk = nullptr;  ///< Trunk; valid until the loop turns
};

class InboundScreen {
public:
    /// `load` may be null: then nothing is refused for lag.
    InboundScreen(PhoneRegistrar& phones, Trunks& trunks, const Clock& clock, Random& random, const LoadGauge* load)
        : phones_(phones), trunks_(trunks), clock_(clock), random_(random), load_(load) {}

    sip::Screening screen(const sip::MessageView& request, const sip::Flow& flow);
    /// Of the request that screen() has let through just now.
    RequestOrigin take_origin() { return std::exchange(passed_, {}); }

private:
    bool is_known(const sip::MessageView& request, const sip::Flow& flow) const;
    sip::Screening identify(const sip::MessageView& request, const sip::Flow& flow);
    sip::Screening screen_phone(const sip::MessageView& request, const sip::Flow& flow, std::string_view domain);
    sip::Screening refuse(const sip::MessageView& request, const sip::Flow& flow, PhoneProof proof);
    sip::Screening stranger(const sip::Flow& flow);
    void note_authenticated(const IpAddress& source);
    bool has_authenticated(const IpAddress& source) const;
    sip::Screening pass(RequestOrigin origin);
    TrunkLine* trunk_behind(const sip::MessageView& request, const sip::Flow& flow, TrunkLine::Match at_least);
    bool is_phone_flow(const sip::Flow& flow) const;

    static constexpr std::chrono::seconds kSilence{60};
    static constexpr std::size_t kStrangers = 10'000;
    static constexpr std::chrono::minutes kRecently{10};
    static constexpr std::size_t kAuthenticated = 10'000;

    PhoneRegistrar& phones_;
    Trunks& trunks_;
    const Clock& clock_;
    Random& random_;
    const LoadGauge* load_;
    sip::SourceLimiter unknown_{{}};  ///< what sources without a face may ask for
    RequestOrigin passed_;
    std::unordered_map<IpAddress, TimePoint> strangers_;      ///< when each was told 403
    std::unordered_map<IpAddress, TimePoint> authenticated_;  ///< when each last proved a phone's credentials
};

}  // namespace dp::signaling

#pragma once
/// @file Which source address a leg believes, and where it sends: a pure state machine.
///
/// Problem: symmetric RTP must follow a peer behind NAT, yet whoever sprays packets at an open port must neither be
/// heard nor be sent audio (RTP bleed). So an address is believed only if signalled, ICE-validated or
/// SRTP-authenticated, and after that it is locked.
///
///   state      | packet of class A–D, confirmed      | other packet | signalling: new address
///   Closed     | drop                                | drop         | → Open
///   Open (3 s) | → Locked, better class may replace  | drop, count  | → Open anew
///   Locked     | same source: accept                 | drop, count  | → Open; the old source is forgotten
///
/// Threads: the leg's worker; no allocation; time handed in. Confirmed = 2 consecutive sequence numbers of one SSRC (5
/// for class D) with a negotiated payload type; the caller shows only valid RTP with such a type and a non-empty
/// payload.

#include <array>
#include <cstdint>
#include <optional>

#include "base/clock.hpp"
#include "base/endpoint.hpp"

namespace dp::rtp {

enum class SourcePolicy : std::uint8_t {
    Strict,      ///< only the signalled address and port
    Nat,         ///< default for trunks and SIP phones: classes A, B, C (D if allowed)
    Asymmetric,  ///< accept from the signalled IP, any port; send where SDP says
    Validated,   ///< ICE: only addresses the ICE agent validated; this machine then only obeys validated() and
                 ///< selected()
};

/// How near a source is to what was signalled; smaller is better.
enum class SourceClass : std::uint8_t { Exact, SameAddress, SignallingAddress, Anything, Foreign };

struct SignalledSource {
    std::optional<Endpoint> rtp{};          ///< from SDP; absent: a name, 0.0.0.0, port 9
    std::optional<IpAddress> signalling{};  ///< where the SIP message came from
    bool allow_anything = false;            ///< class D, only if the trunk explicitly allows it
    bool authenticated = false;             ///< SRTP: only on_authenticated() counts, plain RTP is dropped
    bool relatch_after_silence = false;     ///< NAT rebinding: same IP, locked source silent 5 s
};

enum class SourceVerdict : std::uint8_t {
    Drop,  ///< not believed: reset no timer, learn nothing
    Accept,
    AcceptMoved,  ///< believed now; the sending address has changed
};

class SourceLock {
public:
    explicit SourceLock(SourcePolicy policy) : policy_(policy) {}

    /// A description told (or repeated) where the peer is. Only an address different from the last one re-opens the
    /// window.
    void signalled(const SignalledSource& source, TimePoint now);
    /// Plain RTP.
    SourceVerdict on_rtp(const Endpoint& from, std::uint32_t ssrc, std::uint16_t sequence, TimePoint now);
    /// SRTP whose tag matched; `newest` as SrtpReceiver::last_was_newest(). Without ICE the source follows it.
    SourceVerdict on_authenticated(const Endpoint& from, bool newest, TimePoint now);
    /// ICE (policy Validated): an address proved itself; at most 8 are kept, the selected one always.
    void validated(const Endpoint& peer);
    /// ICE: the selected pair changed.
    void selected(const Endpoint& peer);
    /// RTCP is believed from the IP of the RTP lock (or the signalled one before) and never moves anything.
    bool allows_rtcp(const Endpoint& from) const;

    /// Where to send RTP now; nothing until something is known.
    std::optional<Endpoint> destination() const { return destination_; }
    bool locked() const { return locked_.has_value(); }
    std::uint64_t foreign() const { return foreign_; }

private:
    struct Contender {
        Endpoint from;
        std::uint32_t ssrc = 0;
        std::uint16_t sequence = 0;
        std::uint8_t run = 0;
        bool in_use = false;
    };

    SourceClass classify(const Endpoint& from) const;
    SourceClass permitted_class(const Endpoint& from) const;
    bool may_lock(SourceClass source, const Endpoint& from, TimePoint now) const;
    bool is_validated(const Endpoint& from) const;
    bool confirmed(const Endpoint& from, std::uint32_t ssrc, std::uint16_t sequence, SourceClass source);
    SourceVerdict lock(const Endpoint& from, SourceClass source, TimePoint now);
    SourceVerdict drop();

    // What a packet from the locked source touches stands together.
    TimePoint last_heard_{};
    std::optional<Endpoint> locked_;
    SourcePolicy policy_;
    SourceClass locked_class_ = SourceClass::Foreign;
    std::optional<SignalledSource> signalled_;
    std::optional<Endpoint> destination_;
    TimePoint window_end_{};
    std::array<Endpoint, 8> validated_{};
    std::size_t validated_count_ = 0;
    std::array<Contender, 4> contenders_{};
    std::size_t next_contender_ = 0;
    std::uint64_t foreign_ = 0;
};

}  // namespace dp::rtp

#pragma once
/// @file The ICE-lite agent of one browser leg (RFC 8445 sections 2.5, 7.3; RFC 7675; RFC 8839): answers checks, knows
/// which remote addresses are validated, which one is selected, and when consent has gone. It never sends a check and
/// resolves nothing.
///
/// Sans-I/O: datagrams, source addresses and time in; replies into the caller's buffer out. No allocation per request.
///
/// Selection: before any nomination the first validated address; then the newest request with USE-CANDIDATE. In the
/// first second after the first nomination a higher PRIORITY wins instead, so that aggressive nomination does not
/// oscillate. Role conflict: a request with ICE-CONTROLLED is answered with success, not 487: a lite agent cannot
/// change its role, and browsers recover from success only.

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "base/clock.hpp"
#include "base/endpoint.hpp"
#include "base/random.hpp"
#include "ice/stun.hpp"

namespace dp::ice {

struct Credentials {
    std::string ufrag;
    std::string pwd;

    /// 8 and 24 ice-chars (RFC 8839 section 5.4): 48 and 144 random bits.
    static Credentials fresh(Random& random);
};

inline constexpr std::chrono::seconds kConsentTimeout{30};
inline constexpr std::chrono::seconds kRestartOverlap{10};
inline constexpr std::size_t kMaxRemoteAddresses = 8;
inline constexpr std::size_t kMaxStunReply = 128;

/// What one request did. `reply` may be empty (silence).
struct CheckOutcome {
    Bytes reply;
    bool authenticated = false;
    bool selection_changed = false;
    bool restart_completed = false;   ///< first request with the new credentials: the old ufrag is void
    std::optional<Endpoint> evicted;  ///< no longer valid, to make room for this source
};

class LiteAgent {
public:
    explicit LiteAgent(Credentials local) : local_(std::move(local)) {}

    /// The peer's ufrag, from SDP. Until it is known any is accepted; then USERNAME must name it.
    void set_remote_ufrag(std::string_view ufrag) { remote_ufrag_ = ufrag; }
    /// ICE restart: answers to both until a request with `fresh` comes, at most kRestartOverlap.
    void restart(Credentials fresh, std::string_view remote_ufrag, TimePoint now);

    /// A Binding request whose USERNAME begins with one of our ufrags. `may_refuse` false suppresses error replies
    /// (rate limit).
    CheckOutcome on_request(const StunMessage& request, const Endpoint& source, TimePoint now, bool may_refuse,
                            std::span<std::uint8_t> buffer);

    bool is_valid(const Endpoint& source) const { return find(source) != nullptr; }
    const std::optional<Endpoint>& selected() const { return selected_; }
    bool accepts_ufrag(std::string_view ufrag) const;
    const Credentials& local() const { return local_; }
    const std::optional<Credentials>& previous() const { return previous_; }
    /// Time of the last authenticated request; nothing before the first.
    std::optional<TimePoint> last_check() const { return last_check_; }
    /// RFC 7675 section 5.1: false 30 s after the last authenticated request, or before the first.
    bool has_consent(TimePoint now) const { return last_check_ && now - *last_check_ < kConsentTimeout; }

private:
    struct Pair {
        Endpoint remote;
        TimePoint last{};
        std::uint32_t priority = 0;
    };

    const Credentials* credentials_for(const StunMessage& request, TimePoint now) const;
    const Pair* find(const Endpoint& source) const;
    Pair& admit(const Endpoint& source, TimePoint now, CheckOutcome& outcome);
    void nominate(const Pair& pair, TimePoint now, CheckOutcome& outcome);

    Credentials local_;
    std::optional<Credentials> previous_;
    TimePoint previous_until_{};
    std::string remote_ufrag_;
    std::string previous_remote_ufrag_;
    std::array<Pair, kMaxRemoteAddresses> pairs_{};
    std::size_t count_ = 0;
    std::optional<Endpoint> selected_;
    std::uint32_t selected_priority_ = 0;
    std::optional<TimePoint> first_nomination_;
    std::optional<TimePoint> last_check_;
};

/// The part of USERNAME before the colon: our ufrag.
std::optional<std::string_view> local_ufrag_of(const StunMessage& request);

/// An error reply without authentication (400 for a request that lacks USERNAME or MESSAGE-INTEGRITY).
Bytes refuse(const StunMessage& request, std::uint16_t code, std::string_view reason, std::span<std::uint8_t> buffer);

}  // namespace dp::ice

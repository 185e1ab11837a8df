#pragma once
/// @file One Binding transaction over UDP (RFC 8489 section 6.2.1): what is my address as the server sees it, or, with
/// credentials, an ICE connectivity check as a full agent sends it.
///
/// Sans-I/O: call poll() for bytes to send when next_deadline() has come, hand every datagram from the server to
/// receive(). Retransmissions after 0.5, 1.5, 3.5, 7.5, 15.5, 31.5 s, failure after 39.5 s.

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "ice/stun.hpp"

namespace dp::ice {

struct BindingRequest {
    std::string username;  ///< `their_ufrag:our_ufrag`; empty: no authentication
    std::string password;
    std::optional<std::uint32_t> priority{};
    std::optional<std::uint64_t> controlling{};  ///< tie-breaker
    bool use_candidate = false;
};

class StunClient {
public:
    StunClient(const BindingRequest& request, const TransactionId& transaction, TimePoint now);

    /// The request, when it is due for (re)transmission; else empty.
    Bytes poll(TimePoint now);
    TimePoint next_deadline() const { return done_ ? kNever : next_; }
    /// True when the datagram belonged to this transaction and ended it.
    bool receive(Bytes datagram);
    /// Once ended: the mapped address, or why there is none (Timeout, Forbidden for 401/403, TransportFailed for the
    /// rest).
    const std::optional<Result<Endpoint>>& outcome() const { return outcome_; }

private:
    void end(Result<Endpoint> outcome);

    std::string password_;
    TransactionId transaction_;
    std::array<std::uint8_t, 700> buffer_{};
    std::size_t size_ = 0;
    unsigned sent_ = 0;
    TimePoint next_;
    bool done_ = false;
    std::optional<Result<Endpoint>> outcome_;
};

}  // namespace dp::ice

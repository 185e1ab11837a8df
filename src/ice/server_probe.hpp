#pragma once
/// @file ServerProbe: does a STUN or TURN server answer? One transaction: a Binding request (RFC 8489), or an Allocate
/// without credentials, which a TURN server challenges with 401, realm and nonce (RFC 8656 section 7.2, RFC 8489 section
/// 9.2.4).
///
/// Sans-I/O: call poll() for bytes to send when next_deadline() has come, hand everything from the server to receive().
/// Over UDP it is sent at 0, 0.5 and 1.5 s; over a stream once. It never ends by itself: whoever drives it knows how
/// long the answer may take.

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "base/clock.hpp"
#include "ice/stun.hpp"

namespace dp::ice {

enum class ProbeKind : std::uint8_t { Binding, Allocate };
enum class ProbeCarrier : std::uint8_t { Datagram, Stream };

struct ProbeAnswer {
    std::optional<Endpoint> mapped;  ///< our address as the server sees it
    bool challenged = false;         ///< 401 with realm and nonce: a TURN server that wants a login
    std::uint16_t error = 0;         ///< STUN error code; 0: success
    std::string realm;
};

class ServerProbe {
public:
    ServerProbe(ProbeKind kind, ProbeCarrier carrier, const TransactionId& transaction, TimePoint now);

    /// The request, when it is due; else empty.
    Bytes poll(TimePoint now);
    TimePoint next_deadline() const { return answer_ ? kNever : next_; }
    /// True when the message belonged to this transaction. Other bytes are ignored.
    bool receive(Bytes message);
    const std::optional<ProbeAnswer>& answer() const { return answer_; }

private:
    static constexpr unsigned kSends = 3;

    TransactionId transaction_;
    std::array<std::uint8_t, 64> buffer_{};
    std::size_t size_ = 0;
    unsigned sent_ = 0, sends_;
    TimePoint next_;
    std::optional<ProbeAnswer> answer_;
};

}  // namespace dp::ice

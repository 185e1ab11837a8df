#pragma once
/// @file DTLS 1.2 for DTLS-SRTP: the process's certificate and one association per browser leg, over datagrams handed
/// in and out.
///
/// Problem: OpenSSL wants a socket. A BIO of our own keeps one write = one datagram, answers the MTU questions (without
/// which flights leave in 256-octet pieces) and never blocks. DTLSv1_listen is not used: it cannot take a ClientHello
/// of several records, and ICE has proven the address already. Threads: DtlsIdentity is shared and constant; an
/// association is its worker's. OpenSSL stays in dtls.cpp. Errors: an association that cannot go on is Failed with a
/// reason; nothing throws. A handshake step costs up to 350 µs: the worker bounds how many it makes per turn. Source:
/// RFC 6347, RFC 5763, RFC 5764, RFC 8122.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "sdp/crypto_attribute.hpp"
#include "sdp/session_description.hpp"

namespace dp::media {

inline constexpr std::size_t kDtlsMtu = 1200;
inline constexpr std::chrono::seconds kDtlsHandshakeLimit{15};

enum class DtlsRole : std::uint8_t { Server, Client };
enum class DtlsState : std::uint8_t { Handshaking, Up, Failed, Closed };
enum class DtlsFailure : std::uint8_t { None, Handshake, TimedOut, NoSrtpProfile };

/// A self-signed P-256 certificate, its key, and everything associations share. One per process start.
class DtlsIdentity {
public:
    static Result<std::shared_ptr<DtlsIdentity>> create();
    ~DtlsIdentity();
    /// SHA-256 of our certificate, for SDP.
    const sdp::Fingerprint& fingerprint() const { return fingerprint_; }

    struct Context;
    const Context& context() const { return *context_; }

private:
    DtlsIdentity(std::unique_ptr<Context> context, sdp::Fingerprint fingerprint);
    std::unique_ptr<Context> context_;
    sdp::Fingerprint fingerprint_;
};

/// RFC 5764 section 4.2: what the handshake yields for SRTP.
struct DtlsKeys {
    sdp::SrtpKey local;
    sdp::SrtpKey remote;
};

struct DtlsWire;

class DtlsAssociation {
public:
    using Send = std::function<void(std::span<const std::uint8_t>)>;

    /// `send` is called with whole datagrams from inside receive(), step() and close(). A client's first flight leaves
    /// at the first step().
    DtlsAssociation(std::shared_ptr<const DtlsIdentity> identity, DtlsRole role, TimePoint now, Send send);
    ~DtlsAssociation();
    DtlsAssociation(const DtlsAssociation&) = delete;
    DtlsAssociation& operator=(const DtlsAssociation&) = delete;

    /// Queues a datagram (at most 16; more are dropped, the peer repeats them).
    void receive(std::span<const std::uint8_t> datagram);
    /// Works on what is queued and on timers that are due.
    void step(TimePoint now);
    /// When step() is next needed without input; kNever when up.
    TimePoint deadline() const;
    bool has_input() const;

    DtlsState state() const { return state_; }
    DtlsFailure failure() const { return failure_; }
    DtlsRole role() const { return role_; }
    /// Once up.
    std::optional<DtlsKeys> keys() const;
    /// RFC 8122 section 5: the peer's certificate is the one of any of these (sha-256, -384, -512; sha-1 is not
    /// believed).
    bool peer_is(std::span<const sdp::Fingerprint> fingerprints) const;
    /// close_notify.
    void close();

private:
    void advance_handshake();
    void read_alerts();
    void fail(DtlsFailure reason);

    std::shared_ptr<const DtlsIdentity> identity_;
    DtlsRole role_;
    DtlsState state_ = DtlsState::Handshaking;
    DtlsFailure failure_ = DtlsFailure::None;
    TimePoint limit_;
    TimePoint timer_ = kNever;
    bool started_ = false;
    std::unique_ptr<DtlsWire> wire_;
};

}  // namespace dp::media

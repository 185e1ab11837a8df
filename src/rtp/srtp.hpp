#pragma once
/// @file SRTP and SRTCP on OpenSSL EVP: AES-CM with HMAC-SHA1 and AES-GCM.
///
/// Problem: a general library spends eight times the cipher's cost on look-ups and locks; here every context is made
/// once per direction, per packet only the IV is set and the two SHA-1 midstates of HMAC are copied. Threads: one
/// owner. No allocation per packet. Errors: a status, never an abort; failures are counted by the caller. Source: RFC
/// 3711, 4568 (re-keying), 6188, 7714.

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "base/result.hpp"
#include "base/srtp_suite.hpp"
#include "rtp/rtp_packet.hpp"

namespace dp::rtp {

enum class SrtpStatus : std::uint8_t {
    Ok,
    Malformed,  ///< not RTP or RTCP, or too short for a tag
    NoRoom,     ///< the buffer cannot take the tag
    Replayed,   ///< this index was seen (unprotect) or used (protect)
    TooOld,     ///< 128 or more behind the newest
    AuthFailed,
    KeyExhausted,  ///< 2^48 RTP or 2^31 RTCP packets under one key
};

/// Octets a buffer needs behind the packet before protect.
inline constexpr std::size_t kSrtpTailroom = 16 + 4;

struct SrtpResult {
    SrtpStatus status = SrtpStatus::Malformed;
    std::size_t size = 0;  ///< of the packet after the operation, when Ok
    explicit operator bool() const { return status == SrtpStatus::Ok; }
};

/// One direction of sending: one master key, up to 4 SSRCs.
class SrtpSender {
public:
    static Result<SrtpSender> create(SrtpSuite suite, std::span<const std::uint8_t> key_salt);
    SrtpSender(SrtpSender&&) noexcept;
    SrtpSender& operator=(SrtpSender&&) noexcept;
    ~SrtpSender();

    /// `buffer` begins with the packet of `size` octets and is kSrtpTailroom longer. Encrypts and appends the tag in
    /// place. An index already used under this key is refused with Replayed: protecting two payloads under one index
    /// breaks the cipher.
    SrtpResult protect(MutableBytes buffer, std::size_t size);
    SrtpResult protect_rtcp(MutableBytes buffer, std::size_t size);
    /// Takes over rollover counters and used indexes of `previous`, for a re-key with the same SSRC (RFC 3711 3.3.1).
    void continue_from(const SrtpSender& previous);
    /// True from 2^47 RTP or 2^30 RTCP packets on: ask signalling for a new key.
    bool wants_new_key() const;
    SrtpSuite suite() const;

    struct State;  ///< defined in the source

private:
    explicit SrtpSender(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

/// One direction of receiving: one master key, states for up to 4 SSRCs, kept when an SSRC is silent and returns.
class SrtpReceiver {
public:
    static Result<SrtpReceiver> create(SrtpSuite suite, std::span<const std::uint8_t> key_salt,
                                       std::size_t mki_size = 0);
    SrtpReceiver(SrtpReceiver&&) noexcept;
    SrtpReceiver& operator=(SrtpReceiver&&) noexcept;
    ~SrtpReceiver();

    /// Verifies and decrypts in place. State changes only after the tag matched.
    SrtpResult unprotect(MutableBytes packet);
    SrtpResult unprotect_rtcp(MutableBytes packet);
    /// True when the packet last accepted by unprotect() had the newest index of its SSRC: its source address may be
    /// followed (roaming).
    bool last_was_newest() const;
    /// Re-key with the same SSRCs: the first 50 packets of each are tried at the rollover counter of `previous`, then
    /// at 0; what authenticates is kept (devices differ).
    void continue_from(const SrtpReceiver& previous);
    SrtpSuite suite() const;

    struct State;

private:
    explicit SrtpReceiver(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace dp::rtp

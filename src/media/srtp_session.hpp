#pragma once
/// @file SRTP of one leg: both directions, and what happens to them when keys are agreed again.
///
/// Thread: the leg's worker. The same key again changes nothing (a re-INVITE that repeats its crypto line must not
/// restart the stream); a new key keeps the old receiving context for 2 s, as packets under it are still on their way.
/// Source: RFC 3711 section 3.3.1, RFC 4568 section 7.1.4.

#include <optional>

#include "base/clock.hpp"
#include "rtp/srtp.hpp"
#include "sdp/crypto_attribute.hpp"

namespace dp::media {

class SrtpSession {
public:
    /// Whether rollover counters go on: they start at 0 when the transport address is new too.
    enum class Rollover : std::uint8_t { Continue, Restart };
    Result<void> set_keys(const sdp::SrtpKey& local, const sdp::SrtpKey& remote, std::size_t mki_size,
                          Rollover rollover, TimePoint now);

    bool ready() const { return sender_.has_value(); }
    rtp::SrtpResult unprotect(rtp::MutableBytes packet, TimePoint now);
    rtp::SrtpResult unprotect_rtcp(rtp::MutableBytes packet);
    /// `buffer` reaches kSrtpTailroom beyond the packet.
    rtp::SrtpResult protect(rtp::MutableBytes buffer, std::size_t size) { return sender_->protect(buffer, size); }
    rtp::SrtpResult protect_rtcp(rtp::MutableBytes buffer, std::size_t size) {
        return sender_->protect_rtcp(buffer, size);
    }
    bool last_was_newest() const { return receiver_ && receiver_->last_was_newest(); }

private:
    std::optional<sdp::SrtpKey> local_key_;
    std::optional<sdp::SrtpKey> remote_key_;
    std::optional<rtp::SrtpSender> sender_;
    std::optional<rtp::SrtpReceiver> receiver_;
    std::optional<rtp::SrtpReceiver> previous_;
    TimePoint previous_until_{};
};

}  // namespace dp::media

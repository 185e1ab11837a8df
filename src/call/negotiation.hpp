#pragma once
/// @file Negotiation: the offer/answer side of one anchored leg. It owns what the leg's dialog has agreed on (our
/// description, the peer's, the audio stream) and what is pending, and turns SDP text into sdp::NegotiatedAudio and
/// back. The two legs of a call negotiate apart; what joins them is the order of codecs (codec_policy.hpp).
///
/// Threads: control shard. Errors: UnsupportedMedia (488), MalformedInput (488 or 400); a failed exchange leaves what
/// was agreed before in force (RFC 3261 §14.1, RFC 6141). Source: RFC 3264, 6337; sip-stack table of offer and answer
/// states.

#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "sdp/offer_answer.hpp"

namespace dp::call {

class Negotiation {
public:
    Negotiation(sdp::Capabilities capabilities, sdp::LocalMedia local, std::uint64_t session_id);

    /// The order in which codecs are offered, or picked from an offer, from now on.
    void set_codecs(std::vector<sdp::Codec> codecs) { capabilities_.codecs = std::move(codecs); }
    void set_direction(sdp::Direction direction) { capabilities_.direction = direction; }
    void set_opus_profile(sdp::OpusProfile profile) { capabilities_.opus = profile; }
    /// Fresh ICE credentials after the peer restarted ICE.
    void set_local_media(sdp::LocalMedia local) { local_media_ = std::move(local); }

    /// Our description as an offer: first, late (in a 2xx), or again.
    std::string make_offer();
    /// The peer's answer to it. A preview in an unreliable 1xx is taken the same way and may be taken again (RFC 6337
    /// §3.1).
    Result<void> take_answer(std::string_view answer);
    /// Our offer came to nothing.
    void withdraw_offer() { offered_.reset(); }

    /// Keeps the peer's offer, unless it is protected as this leg does not take it; `wanted_codecs()` and `restarts_ice()` then speak of it.
    Result<void> take_offer(std::string_view offer);
    /// Answers the offer taken last. Asked again before the next offer it returns the same octets: browsers take the
    /// SDP of a 183 for final, so a 200 must repeat it exactly.
    Result<std::string> make_answer();
    void refuse_offer();

    /// Of the offer taken last, in its order.
    std::vector<sdp::Codec> wanted_codecs() const;
    bool restarts_ice() const;
    /// An offer of ours is out.
    bool awaits_answer() const { return offered_.has_value(); }
    bool has_pending_offer() const { return pending_remote_.has_value(); }

    /// Our description in force; empty before the first exchange.
    std::string current() const { return local_ ? sdp::serialise(*local_) : std::string(); }
    /// Empty until the first exchange (or preview) is complete.
    const std::optional<sdp::NegotiatedAudio>& audio() const { return audio_; }
    const sdp::Capabilities& capabilities() const { return capabilities_; }

private:
    sdp::DialogState dialog_state() const;

    sdp::Capabilities capabilities_;
    sdp::LocalMedia local_media_;
    sdp::Origin origin_;
    std::optional<sdp::SessionDescription> local_, remote_;  ///< agreed
    std::optional<sdp::SessionDescription> offered_;         ///< ours, unanswered
    std::optional<sdp::SessionDescription> pending_remote_;  ///< theirs, unanswered
    std::string answer_text_;                                ///< our last answer
    std::optional<sdp::NegotiatedAudio> audio_;
};

}  // namespace dp::call

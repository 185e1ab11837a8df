#include "call/negotiation.hpp"

namespace dp::call {

Negotiation::Negotiation(sdp::Capabilities capabilities, sdp::LocalMedia local, std::uint64_t session_id)
    : capabilities_(std::move(capabilities)), local_media_(std::move(local)) {
    origin_.session_id = std::to_string(session_id);
    origin_.version = "1";
    origin_.address = local_media_.rtp.address.str();
}

sdp::DialogState Negotiation::dialog_state() const {
    return {origin_, local_ ? &*local_ : nullptr, remote_ ? &*remote_ : nullptr};
}

std::string Negotiation::make_offer() {
    offered_ = sdp::make_offer(capabilities_, local_media_, dialog_state());
    answer_text_.clear();
    return sdp::serialise(*offered_);
}

Result<void> Negotiation::take_answer(std::string_view answer) {
    const sdp::SessionDescription* ours = offered_ ? &*offered_ : local_ ? &*local_ : nullptr;
    if (ours == nullptr) return fail(ErrorCode::Conflict, "An answer came although nothing was offered.");
    DP_TRY(description, sdp::parse(answer));
    DP_TRY(audio, sdp::accept_answer(*ours, description, capabilities_, local_media_));
    if (offered_) local_ = std::move(offered_);
    offered_.reset();
    remote_ = std::move(description);
    audio_ = std::move(audio);
    return {};
}

Result<void> Negotiation::take_offer(std::string_view offer) {
    DP_TRY(description, sdp::parse(offer));
    if (description.find_audio() == nullptr)
        return fail(ErrorCode::UnsupportedMedia, "The offer has no audio that could be accepted.");
    DP_CHECK(sdp::check_protection(description, capabilities_, local_media_));
    pending_remote_ = std::move(description);
    answer_text_.clear();
    return {};
}

Result<std::string> Negotiation::make_answer() {
    if (!answer_text_.empty()) return answer_text_;
    if (!pending_remote_) return fail(ErrorCode::Conflict, "There is no offer to answer.");
    DP_TRY(answer, sdp::make_answer(*pending_remote_, capabilities_, local_media_, dialog_state()));
    remote_ = std::move(pending_remote_);
    pending_remote_.reset();
    local_ = std::move(answer.description);
    audio_ = std::move(answer.audio);
    answer_text_ = sdp::serialise(*local_);
    return answer_text_;
}

void Negotiation::refuse_offer() {
    pending_remote_.reset();
}

std::vector<sdp::Codec> Negotiation::wanted_codecs() const {
    const auto& offer = pending_remote_ ? pending_remote_ : remote_;
    return offer ? sdp::offered_codecs(*offer) : std::vector<sdp::Codec>{};
}

bool Negotiation::restarts_ice() const {
    if (!pending_remote_ || !remote_) return false;
    const auto* next = pending_remote_->find_audio();
    const auto* previous = remote_->find_audio();
    return next && previous && next->ice && previous->ice && next->ice->ufrag != previous->ice->ufrag;
}

}  // namespace dp::call

#include "media/srtp_session.hpp"

#include <array>
#include <cstring>

namespace dp::media {
namespace {

constexpr std::chrono::seconds kOverlap{2};

}  // namespace

Result<void> SrtpSession::set_keys(const sdp::SrtpKey& local, const sdp::SrtpKey& remote, std::size_t mki_size,
                                   Rollover rollover, TimePoint now) {
    if (local_key_ != local) {
        DP_TRY(sender, rtp::SrtpSender::create(local.suite, local.key_salt()));
        if (sender_ && rollover == Rollover::Continue) sender.continue_from(*sender_);
        sender_ = std::move(sender);
        local_key_ = local;
    }
    if (remote_key_ == remote) return {};
    DP_TRY(receiver, rtp::SrtpReceiver::create(remote.suite, remote.key_salt(), mki_size));
    if (receiver_) {
        if (rollover == Rollover::Continue) receiver.continue_from(*receiver_);
        previous_ = std::move(receiver_);
        previous_until_ = now + kOverlap;
    }
    receiver_ = std::move(receiver);
    remote_key_ = remote;
    return {};
}

rtp::SrtpResult SrtpSession::unprotect(rtp::MutableBytes packet, TimePoint now) {
    if (!receiver_) return {};
    if (previous_ && now >= previous_until_) previous_.reset();
    const auto result = receiver_->unprotect(packet);
    if (result.status != rtp::SrtpStatus::AuthFailed || !previous_) return result;
    return previous_->unprotect(packet);
}

rtp::SrtpResult SrtpSession::unprotect_rtcp(rtp::MutableBytes packet) {
    if (!receiver_) return {};
    return receiver_->unprotect_rtcp(packet);
}

}  // namespace dp::media

#include "media/leg.hpp"

namespace dp::media {
namespace {

call::MediaFailure failure_of(DtlsFailure failure) {
    return failure == DtlsFailure::NoSrtpProfile ? call::MediaFailure::NoSrtpProfile : call::MediaFailure::DtlsFailed;
}

}  // namespace

void Leg::on_stun(const ice::StunMessage& request, const Endpoint& from, bool may_refuse, TimePoint now) {
    std::array<std::uint8_t, ice::kMaxStunReply> reply{};
    const auto outcome = ice_->on_request(request, from, now, may_refuse, reply);
    if (!outcome.reply.empty()) transport_.send_to(outcome.reply, from);
    if (!outcome.authenticated) return;
    Demultiplexer& legs = transport_.shared()->legs();
    if (outcome.evicted) legs.remove_remote(*outcome.evicted, *this);
    legs.add_remote(from, *this);
    if (outcome.restart_completed && old_ufrag_) {
        legs.remove_ufrag(*old_ufrag_);
        old_ufrag_.reset();
    }
    if (outcome.selection_changed) {
        lock_.selected(*ice_->selected());
        transport_.set_rtp_destination(ice_->selected());
    }
    const bool client = agreed_ && agreed_->local_setup == sdp::Setup::Active;
    if (client && !dtls_) start_association(DtlsRole::Client, now);
}

void Leg::restart_ice(ice::Credentials fresh, TimePoint now) {
    if (!ice_) return;
    Demultiplexer& legs = transport_.shared()->legs();
    if (old_ufrag_) legs.remove_ufrag(*old_ufrag_);
    old_ufrag_ = ice_->local().ufrag;
    legs.add_ufrag(fresh.ufrag, *this);
    ice_->restart(std::move(fresh), {}, now);
}

void Leg::start_association(DtlsRole role, TimePoint now) {
    if (!dtls_peer_) dtls_peer_ = ice_->selected();
    dtls_ = std::make_unique<DtlsAssociation>(host_.identity, role, now, [this](rtp::Bytes datagram) {
        if (dtls_peer_) transport_.send_to(datagram, *dtls_peer_);
    });
    host_.want_handshake(*this);
}

/// Only datagrams from validated addresses come here (CVE-2023-49786 is what happens otherwise). Any validated one may
/// speak: Safari uses two or three at once; answers go to where the last one came from.
void Leg::on_dtls(rtp::Bytes datagram, const Endpoint& from, TimePoint now) {
    dtls_peer_ = from;
    if (!dtls_) start_association(DtlsRole::Server, now);
    dtls_->receive(datagram);
    host_.want_handshake(*this);
}

void Leg::step_dtls(TimePoint now) {
    if (!dtls_) return;
    dtls_->step(now);
    switch (dtls_->state()) {
        case DtlsState::Handshaking:
            return;
        case DtlsState::Up:
            return adopt_dtls_keys(now);
        case DtlsState::Failed:
            return fail(failure_of(dtls_->failure()));
        case DtlsState::Closed:
            return fail(call::MediaFailure::ClosedByPeer);
    }
}

/// The handshake may end before signalling told the fingerprint: keys are used only when both are there and fit (RFC
/// 5763 section 5).
void Leg::adopt_dtls_keys(TimePoint now) {
    if (dtls_done_ || !dtls_ || dtls_->state() != DtlsState::Up || !agreed_) return;
    if (!dtls_->peer_is(agreed_->remote_fingerprints)) return fail(call::MediaFailure::FingerprintMismatch);
    const auto keys = dtls_->keys();
    if (!keys || !srtp_.set_keys(keys->local, keys->remote, 0, SrtpSession::Rollover::Restart, now))
        return fail(call::MediaFailure::NoSrtpProfile);
    dtls_done_ = true;
    tell_path_up();
}

void Leg::check_browser_deadlines(TimePoint now) {
    if (ice_->last_check() && !ice_->has_consent(now)) {
        consent_lost_ = true;
        return fail(call::MediaFailure::ConsentLost);
    }
    if (!ice_deadline_ || now < *ice_deadline_) return;
    if (!ice_->last_check()) return fail(call::MediaFailure::IceFailed);
    if (!dtls_done_ && now >= *ice_deadline_ + kDtlsHandshakeLimit) fail(call::MediaFailure::DtlsFailed);
}

void Leg::fail(call::MediaFailure reason) {
    if (failed_) return;
    failed_ = true;
    host_.failed(*this, reason);
}

}  // namespace dp::media

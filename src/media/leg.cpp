#include "media/leg.hpp"

#include <algorithm>

namespace dp::media {
namespace {

rtp::SourcePolicy source_policy(call::SourcePolicy policy) {
    switch (policy) {
        case call::SourcePolicy::Strict:
            return rtp::SourcePolicy::Strict;
        case call::SourcePolicy::Nat:
            return rtp::SourcePolicy::Nat;
        case call::SourcePolicy::Asymmetric:
            return rtp::SourcePolicy::Asymmetric;
        case call::SourcePolicy::Ice:
            return rtp::SourcePolicy::Validated;
    }
    return rtp::SourcePolicy::Strict;
}

constexpr std::uint32_t kTelephoneClock = 8000;

Endpoint next_port(Endpoint endpoint) {
    ++endpoint.port;
    return endpoint;
}

/// One encoder serves every codec that the source may send and that is not passed on as it is, so the narrowest of
/// those sets its rate: a browser that answers Opus first takes PCMU too, and PCMU has no 48 kHz.
std::optional<audio::CodecId> narrowest_decoded(const sdp::NegotiatedAudio& source, const PayloadRoutes& routes) {
    std::optional<audio::CodecId> found;
    for (const auto& mapping : source.receive) {
        const auto codec = audio_codec(mapping.codec);
        const bool decodes = routes[mapping.payload_type & 0x7F].crossing == PayloadRoute::Crossing::Decode;
        if (!codec || !decodes) continue;
        const auto rate = [](audio::CodecId id) { return audio::common_rate(id, audio::CodecId::Opus); };
        if (!found || rate(*codec) < rate(*found)) found = codec;
    }
    return found;
}

}  // namespace

Leg::Leg(LegSetup setup, LegTransport transport, LegHost& host, TimePoint now)
    : host_(host),
      kind_(setup.transport),
      on_shared_port_(transport.shared_port() != nullptr),
      stream_(host.random, kTelephoneClock),
      transport_(std::move(transport)),
      liveness_(host.config.liveness),
      digits_out_(kTelephoneClock, kFrame),
      digits_on_(kTelephoneClock, kTelephoneClock),
      lock_(is_browser() ? rtp::SourcePolicy::Validated : source_policy(setup.policy)),
      received_(kTelephoneClock),
      setup_(std::move(setup)),
      rtcp_(setup_.cname, now, host.random),
      digits_in_(kTelephoneClock) {
    if (!setup_.ice) return;
    ice_.emplace(*setup_.ice);
    transport_.shared()->legs().add_ufrag(setup_.ice->ufrag, *this);
}

Leg::~Leg() {
    if (peer_) peer_->peer_ = nullptr;
    if (is_browser() && transport_.shared()) transport_.shared()->legs().remove(*this);
}

void Leg::configure(const call::MediaPeer& peer, TimePoint now) {
    const sdp::NegotiatedAudio& next = peer.audio;
    const bool first = !agreed_;
    const bool moved = first || sdp::transport_changed(*agreed_, next);
    if (first || agreed_->send.clock_rate != next.send.clock_rate) stream_.renew(host_.random, next.send.clock_rate);
    if (!next.receive.empty() &&
        (first || agreed_->receive.empty() || agreed_->receive.front().clock_rate != next.receive.front().clock_rate))
        received_.reset(next.receive.front().clock_rate);
    apply_security(next, moved, now);
    const bool same = !first && *agreed_ == next;
    const bool same_rtcp = !first && agreed_->remote_rtcp == next.remote_rtcp && agreed_->rtcp_mux == next.rtcp_mux;
    agreed_ = next;
    hears_ = sdp::receives(next.direction);
    speaks_ = sdp::sends(next.direction);
    apply_addresses(peer, same_rtcp ? Rtcp::Unchanged : Rtcp::Signalled, now);
    // A session refresh repeats what stands: codecs, buffers and the one-way watch go on undisturbed.
    if (!same) {
        liveness_.expect(sdp::receives(next.direction) ? Liveness::Expectation::Sends : Liveness::Expectation::Held,
                         now);
        if (next.send_dtmf && digits_out_.idle()) digits_out_ = rtp::EventSender(next.send_dtmf->clock_rate, kFrame);
        rebuild_crossing();
        if (peer_)
            peer_->rebuild_crossing();
        else
            rebuild_feed();
    }
    if (is_browser()) adopt_dtls_keys(now);
    tell_path_up();
}

void Leg::mirror(const sdp::NegotiatedAudio& agreed) {
    is_mirror_ = true;
    if (agreed_ == agreed) return;  // a session refresh
    agreed_ = agreed;
    hears_ = sdp::receives(agreed.direction);
    rebuild_crossing();
    if (peer_) peer_->rebuild_crossing();
}

void Leg::apply_security(const sdp::NegotiatedAudio& next, bool moved, TimePoint now) {
    if (!is_browser()) kind_ = next.security == sdp::Security::Sdes ? call::MediaTransport::Srtp : setup_.transport;
    if (next.security == sdp::Security::Sdes && next.srtp) {
        const auto rollover = moved && srtp_.ready() ? SrtpSession::Rollover::Restart : SrtpSession::Rollover::Continue;
        if (!srtp_.set_keys(next.srtp->local, next.srtp->remote, next.srtp->remote_mki_size, rollover, now))
            fail(call::MediaFailure::NoSrtpProfile);
    }
    if (!ice_) return;
    if (next.remote_ice) ice_->set_remote_ufrag(next.remote_ice->ufrag);
    if (!ice_deadline_) ice_deadline_ = now + kDtlsHandshakeLimit;
    // RFC 8842 section 4: another fingerprint is another association.
    if (agreed_ && agreed_->remote_fingerprints != next.remote_fingerprints) {
        dtls_.reset();
        dtls_done_ = false;
    }
    const bool client = next.local_setup == sdp::Setup::Active;
    if (client && (!dtls_ || dtls_->role() == DtlsRole::Server) && !dtls_done_) {
        dtls_.reset();
        if (ice_->selected()) start_association(DtlsRole::Client, now);
    }
}

void Leg::apply_addresses(const call::MediaPeer& peer, Rtcp rtcp_address, TimePoint now) {
    const sdp::NegotiatedAudio& next = peer.audio;
    if (is_browser()) return transport_.set_rtcp_destination(std::nullopt, true);
    rtp::SignalledSource source;
    source.rtp = next.remote_rtp;
    source.signalling = peer.signalled_from;
    source.authenticated = next.security == sdp::Security::Sdes;
    lock_.signalled(source, now);
    const auto before = transport_.rtp_destination();
    transport_.set_rtp_destination(lock_.destination());
    const bool moved = before != transport_.rtp_destination();
    if (moved) locked_since_.reset();
    if (!moved && rtcp_address == Rtcp::Unchanged) return;  // what was learnt from their reports is still true
    auto rtcp = next.remote_rtcp;
    if (!rtcp && lock_.destination()) rtcp = next_port(*lock_.destination());
    transport_.set_rtcp_destination(rtcp, next.rtcp_mux);
    if (on_shared_port_) listen(now);
}

/// RTCP that is multiplexed comes with RTP, from the same address.
void Leg::listen(TimePoint now) {
    SharedPort::Sources sources{transport_.rtp_destination(), std::nullopt};
    if (!transport_.multiplexes_rtcp()) sources.rtcp = transport_.rtcp_destination();
    if (sources == listens_to_) return;
    const bool same_stream = sources.rtp == listens_to_.rtp;
    leave_shared_port(now);
    const auto former = transport_.shared_port()->listen(*this, sources, now);
    listens_to_ = std::move(sources);
    if (!same_stream) guard_.begin(former);
}

void Leg::leave_shared_port(TimePoint now) {
    if (on_shared_port_) transport_.shared_port()->leave(*this, std::exchange(listens_to_, {}), guard_.ssrc(), now);
}

void Leg::move_to(LegTransport own, TimePoint now) {
    leave_shared_port(now);
    on_shared_port_ = false;
    transport_ = std::move(own);
    transport_.set_rtp_destination(lock_.destination());
    if (agreed_) transport_.set_rtcp_destination(agreed_->remote_rtcp, agreed_->rtcp_mux);
    locked_since_.reset();
}

void Leg::set_peer(Leg* peer, TimePoint) {
    if (peer_ == peer) {
        if (peer) stop_tone();  // connected again: what was played over the bridge, the silence of a hold, is over
        return;
    }
    peer_ = peer;
    if (peer) {
        playing_tone_ = false;
        announcement_.reset();
    }
    stream_.switch_source();
    rebuild_crossing();
    rebuild_feed();
}

/// Routes of what we receive; then what the peer hears of it.
void Leg::rebuild_crossing() {
    const sdp::NegotiatedAudio* other = peer_ ? peer_->agreed() : nullptr;
    routes_ = agreed_ ? make_routes(*agreed_, other) : PayloadRoutes{};
    if (agreed_ && other && summarise(routes_, *agreed_).impossible) fail(call::MediaFailure::IncompatibleCodecs);
    if (peer_) peer_->rebuild_feed();
}

void Leg::prepare_feed(const sdp::NegotiatedAudio& source) {
    for (const auto& mapping : source.receive) {
        const auto codec = audio_codec(mapping.codec);
        const bool decodes = peer_->routes_[mapping.payload_type & 0x7F].crossing == PayloadRoute::Crossing::Decode;
        if (codec && decodes && !feed_->prepare(*codec, mapping.clock_rate)) fail(call::MediaFailure::Overloaded);
    }
}

/// What we hear, when it is not simply passed on.
void Leg::rebuild_feed() {
    if (is_mirror_) return;
    const sdp::NegotiatedAudio* source = peer_ ? peer_->agreed() : nullptr;
    const bool decodes = agreed_ && source && summarise(peer_->routes_, *source).decodes;
    const bool wanted = agreed_ && audio_codec(agreed_->send.codec) && (playing_tone_ || decodes);
    const bool had = feed_ != nullptr;
    feed_.reset();
    if (wanted) {
        const auto from = decodes ? narrowest_decoded(*source, peer_->routes_) : std::optional(audio::CodecId::Pcmu);
        AudioFeed::Format format;
        format.encoder = encoder_for(*agreed_, from.value_or(audio::CodecId::Pcmu), host_.config.opus_complexity);
        format.clock_rate = agreed_->send.clock_rate;
        format.frames_per_packet = static_cast<unsigned>(std::clamp<std::int64_t>(agreed_->send_ptime / kFrame, 1, 3));
        auto made = AudioFeed::create(format);
        if (!made) return fail(call::MediaFailure::Overloaded);
        feed_ = std::move(*made);
        if (decodes) prepare_feed(*source);
        if (announcement_)
            feed_->play(*announcement_);
        else if (playing_tone_)
            feed_->play(tone_);
    }
    if (had || feed_) stream_.switch_source();
    update_frames();
}

void Leg::play(const audio::ToneSpec& tone) {
    tone_ = tone;
    announcement_.reset();
    playing_tone_ = true;
    rebuild_feed();
}

void Leg::stop_tone() {
    if (!playing_tone_) return;
    playing_tone_ = false;
    announcement_.reset();
    rebuild_feed();
}

void Leg::announce(std::shared_ptr<const audio::Recording> recording, std::uint32_t ticket) {
    announcement_.emplace(std::move(recording));
    announcement_ticket_ = ticket;
    playing_tone_ = true;
    rebuild_feed();
}

void Leg::send_digit(char digit, std::chrono::milliseconds duration) {
    const auto event = rtp::event_of(digit);
    if (!event || !agreed_ || !agreed_->send_dtmf || queued_count_ == kDigitQueue) return;
    queued_digits_[(queued_first_ + queued_count_) % kDigitQueue] = {*event, duration};
    ++queued_count_;
    update_frames();
}

void Leg::update_frames() {
    const bool wanted = feed_ || queued_count_ > 0 || !digits_out_.idle() || digits_in_.active() || digits_on_.active();
    if (wanted == wants_frames_) return;
    wants_frames_ = wanted;
    host_.want_frames(*this, wanted);
}

void Leg::tell_path_up() {
    if (path_up_ || !agreed_) return;
    const bool stands = is_browser() ? dtls_done_ : transport_.rtp_destination() && (!is_secure() || srtp_.ready());
    if (!stands) return;
    path_up_ = true;
    host_.path_up(*this);
}

void Leg::close(TimePoint now) {
    if (agreed_)
        send_report(RtcpSession::Ending::Bye, now,
                    std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now()));
    if (dtls_ && dtls_peer_) dtls_->close();
    if (peer_) {
        Leg* other = peer_;
        set_peer(nullptr, now);
        other->set_peer(nullptr, now);
    }
    if (wants_frames_) host_.want_frames(*this, false);
    wants_frames_ = false;
    leave_shared_port(now);
}

void Leg::on_second(TimePoint now, WallTime wall) {
    if (!agreed_) return;
    loudness_.look();
    wants_loudness_ = loudness_.wants();
    const auto verdict = liveness_.check(now);
    if (verdict.timed_out) host_.timed_out(*this);
    if (verdict.one_way && path_up_) host_.one_way(*this);
    if (rtcp_.due(now)) send_report(RtcpSession::Ending::No, now, wall);
    if (feed_ && rtcp_.reported_loss()) {
        constexpr double kMostFec = 20;  // percent; beyond it FEC eats the rate that the speech needs
        feed_->expect_loss(static_cast<int>(std::clamp(*rtcp_.reported_loss() * 100, 1.0, kMostFec)));
    }
    follow_silence(now);
    if (is_browser()) check_browser_deadlines(now);
}

/// The kernel may keep everybody else out while the peer talks; once it is silent its packets may come from elsewhere
/// (SRTP follows a newer index, a NAT makes a new binding).
void Leg::follow_silence(TimePoint now) {
    if (is_browser() || setup_.policy == call::SourcePolicy::Asymmetric) return;
    constexpr std::chrono::seconds kSilence{2};
    if (liveness_.silent_for(now) >= kSilence) {
        if (!transport_.connected()) return;
        transport_.disconnect();
        locked_since_.reset();
        return;
    }
    // A better class of source may still win in the first 3 s; from then on only signalling moves the peer.
    constexpr std::chrono::seconds kWindow{3};
    if (locked_since_ && now - *locked_since_ >= kWindow) transport_.connect();
}

call::MediaStatistics Leg::statistics() const {
    call::MediaStatistics out;
    const auto totals = received_.totals();
    out.packets_received = packets_in_;
    out.bytes_received = octets_in_;
    out.packets_sent = stream_.packets();
    out.bytes_sent = octets_out_;
    out.packets_lost = static_cast<std::uint64_t>(std::max<std::int64_t>(totals.lost(), 0));
    out.packets_dropped = drops_.total();
    const auto to_ms = [](Duration d) { return std::chrono::duration<double, std::milli>(d).count(); };
    if (const auto* source = received_.current()) out.jitter_ms = to_ms(source->jitter());
    if (const auto loss = rtcp_.reported_loss()) out.remote_loss_percent = *loss * 100;
    if (const auto trip = rtcp_.round_trip()) out.round_trip_ms = to_ms(*trip);
    out.packets_sampled = loudness_.sampled();
    out.packets_silent = loudness_.silent();
    if (peer_ && peer_->feed_) out.concealed_ms = peer_->feed_->concealed_ms();
    return out;
}

}  // namespace dp::media

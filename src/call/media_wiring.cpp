#include "call/media_wiring.hpp"

namespace dp::call {

Result<void> MediaWiring::open(CallLeg& leg, const LegProfile& profile, LegId beside, std::uint64_t session_id) {
    leg.transport = profile.transport;
    leg.codecs = profile.codecs;
    DP_TRY(local, engine_.allocate(leg.id, media_spec_of(profile, beside)));
    leg.negotiation = std::make_unique<Negotiation>(capabilities_of(profile), std::move(local), session_id);
    return {};
}

void MediaWiring::apply(const CallLeg& leg) {
    if (!leg.anchored() || !leg.negotiation->audio()) return;
    MediaPeer peer{*leg.negotiation->audio(), std::nullopt};
    if (!leg.signalled_from.is_unspecified()) peer.signalled_from = leg.signalled_from;
    engine_.configure(leg.id, peer);
}

void MediaWiring::restart_ice(CallLeg& leg) {
    if (auto local = engine_.restart_ice(leg.id)) leg.negotiation->set_local_media(std::move(*local));
}

void MediaWiring::join(CallLeg& a, CallLeg& b) {
    if (!a.anchored() || !b.anchored()) return;
    engine_.connect(a.id, b.id);
    a.joined = b.joined = true;
    a.silenced = b.silenced = false;
    gate(a, b);
}

void MediaWiring::gate(CallLeg& a, CallLeg& b) {
    let_hear(a, b);
    let_hear(b, a);
}

/// Who may not hear gets silence and no gap: carriers end calls on missing RTP.
void MediaWiring::let_hear(CallLeg& listener, const CallLeg& speaker) {
    const bool silent = listener.cut_off() || !speaker.heard_by_others();
    if (!listener.anchored() || !listener.joined || silent == listener.silenced) return;
    listener.silenced = silent;
    if (silent)
        silence(listener);
    else
        engine_.stop_tone(listener.id);
}

void MediaWiring::part(CallLeg& leg) {
    if (!leg.joined) return;
    engine_.disconnect(leg.id);
    leg.joined = false;
}

void MediaWiring::ringback(const CallLeg& leg, const std::string& country) {
    if (leg.anchored()) engine_.play(leg.id, Tone{Tone::Kind::Ringback, country});
}

void MediaWiring::silence(const CallLeg& leg) {
    if (leg.anchored()) engine_.play(leg.id, Tone{Tone::Kind::Silence, {}});
}

void MediaWiring::announce(const CallLeg& leg, std::shared_ptr<const audio::Recording> recording,
                           std::uint32_t ticket) {
    if (leg.anchored()) engine_.announce(leg.id, std::move(recording), ticket);
}

Codecs MediaWiring::speakable(const CallLeg& leg) const {
    Codecs out;
    for (const sdp::Codec codec : leg.codecs)
        if (codec == sdp::Codec::Pcmu || engine_.can_transcode(sdp::Codec::Pcmu, codec)) out.push_back(codec);
    return out;
}

bool MediaWiring::has_telephone_event(const CallLeg& leg) const {
    return leg.anchored() && leg.negotiation->audio() && leg.negotiation->audio()->send_dtmf;
}

bool MediaWiring::send_digit(const CallLeg& leg, char digit, std::chrono::milliseconds duration) {
    if (!has_telephone_event(leg)) return false;
    engine_.send_digit(leg.id, digit, duration);
    return true;
}

void MediaWiring::close(CallLeg& leg) {
    if (!leg.anchored()) return;
    engine_.release(leg.id);
    leg.negotiation.reset();
    leg.joined = false;
}

CanTranscode MediaWiring::transcoder() const {
    return [this](sdp::Codec from, sdp::Codec to) { return engine_.can_transcode(from, to); };
}

Codecs agreed_codecs(const CallLeg& leg) {
    if (!leg.anchored()) return {};
    const auto& audio = leg.negotiation->audio();
    if (!audio) return leg.negotiation->wanted_codecs();
    Codecs codecs{audio->send.codec};
    for (const auto& mapping : audio->receive)
        if (mapping.codec != audio->send.codec) codecs.push_back(mapping.codec);
    return codecs;
}

}  // namespace dp::call

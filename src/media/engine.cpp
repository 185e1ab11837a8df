#include "media/engine.hpp"

#include <algorithm>

#include "base/log.hpp"
#include "base/metrics.hpp"

namespace dp::media {
namespace {

TimePoint clock_now() {
    return std::chrono::steady_clock::now();
}

audio::ToneSpec tone_spec(const call::Tone& tone) {
    using Kind = call::Tone::Kind;
    switch (tone.kind) {
        case Kind::Silence:
            return audio::network_tone(audio::ToneKind::Silence, tone.country);
        case Kind::Ringback:
            return audio::network_tone(audio::ToneKind::Ringback, tone.country);
        case Kind::Busy:
            return audio::network_tone(audio::ToneKind::Busy, tone.country);
        case Kind::Congestion:
            return audio::network_tone(audio::ToneKind::Congestion, tone.country);
        case Kind::Dial:
            return audio::network_tone(audio::ToneKind::Dial, tone.country);
    }
    return {};
}

/// RFC 8445 section 5.1.2.1: type preference 126 (host), local preference 65535, component 1.
constexpr std::uint32_t kHostPriority = 126U << 24 | 65535U << 8 | 255U;

constexpr std::size_t kRefillBatch = 8;

}  // namespace

Engine::Engine(const MediaConfig& config, Executor& control, Random& random)
    : config_(config), control_(control), random_(random), listener_(std::make_shared<Listener>()) {
    const auto make_pool = [&](const std::optional<IpAddress>& bind) -> std::unique_ptr<PortPool> {
        if (!bind) return nullptr;
        return std::make_unique<PortPool>(
            PortPool::Options{*bind, config.first_port, config.last_port, config.quarantine, config.drain}, random);
    };
    ports_v4_ = make_pool(config.bind_v4);
    ports_v6_ = make_pool(config.bind_v6);
    // Ports say which pool they are of by their family's worker; both pools share the numbers, not the sockets.
    listener_->port_closed = [this](call::IpFamily family, std::uint16_t port) {
        pool(family)->give_back(port, clock_now());
    };
}

Engine::~Engine() {
    stop();
}

void Engine::stop() {
    listener_->events = nullptr;
    listener_->port_closed = nullptr;
    for (auto& worker : workers_) worker->stop();
}

Result<std::unique_ptr<Engine>> Engine::create(const MediaConfig& config, Executor& control, Random& random) {
    if (!config.bind_v4 && !config.bind_v6)
        return fail(ErrorCode::InvalidValue, "Media needs an address to bind.", "media.bind");
    std::unique_ptr<Engine> engine(new Engine(config, control, random));
    DP_TRY(identity, DtlsIdentity::create());
    engine->identity_ = std::move(identity);
    DP_CHECK(engine->start_workers());
    for (auto* ports : {engine->ports_v4_.get(), engine->ports_v6_.get()})
        if (ports) ports->stock_up(config.ports_ahead, clock_now());
    return engine;
}

Result<UdpSocket> Engine::bind_shared(call::IpFamily family) {
    if (!pool(family)) return UdpSocket();
    DP_TRY(pair, pool(family)->take(clock_now()));
    return std::move(pair.rtp);
}

Result<void> Engine::start_workers() {
    for (unsigned i = 0; i < std::max(1U, config_.workers); ++i) {
        DP_TRY(v4, bind_shared(call::IpFamily::V4));
        DP_TRY(v6, bind_shared(call::IpFamily::V6));
        shared_ports_.push_back(
            {v4.open() ? v4.local().port : std::uint16_t{0}, v6.open() ? v6.local().port : std::uint16_t{0}});
        workers_.push_back(
            std::make_unique<Worker>(config_, identity_, std::move(v4), std::move(v6), control_, listener_));
        trunk_ports_.push_back({});
        addresses_.emplace_back(config_.drain);
        load_.push_back(0);
    }
    for (auto& worker : workers_) worker->start();
    return {};
}

PortPool* Engine::pool(call::IpFamily family) const {
    return family == call::IpFamily::V4 ? ports_v4_.get() : ports_v6_.get();
}

IpAddress Engine::announced(call::IpFamily family) const {
    if (family == call::IpFamily::V4) return config_.advertise_v4.value_or(*config_.bind_v4);
    return config_.advertise_v6.value_or(*config_.bind_v6);
}

std::size_t Engine::choose_worker(const call::MediaLegSpec& spec) const {
    if (const auto beside = legs_.find(spec.beside); beside != legs_.end()) return beside->second.worker;
    return static_cast<std::size_t>(std::ranges::min_element(load_) - load_.begin());
}

sdp::IceAttributes Engine::ice_attributes(const Endpoint& candidate) {
    auto credentials = ice::Credentials::fresh(random_);
    sdp::IceAttributes out;
    out.ufrag = std::move(credentials.ufrag);
    out.pwd = std::move(credentials.pwd);
    sdp::Candidate host;
    host.foundation = "1";
    host.priority = kHostPriority;
    host.host = candidate.address.str();
    host.address = candidate.address;
    host.port = candidate.port;
    out.candidates.push_back(std::move(host));
    out.end_of_candidates = true;
    return out;
}

Result<sdp::LocalMedia> Engine::browser_media(std::size_t worker, const call::MediaLegSpec& spec) {
    const bool v4 = spec.family == call::IpFamily::V4;
    sdp::LocalMedia local;
    local.rtp = {announced(spec.family), v4 ? shared_ports_[worker].v4 : shared_ports_[worker].v6};
    local.ice = ice_attributes(local.rtp);
    local.fingerprints.push_back(identity_->fingerprint());
    return local;
}

Result<sdp::LocalMedia> Engine::allocate(call::LegId leg, const call::MediaLegSpec& spec) {
    if (!pool(spec.family)) return fail(ErrorCode::Unavailable, "Media is not bound to this IP family.");
    if (legs_.contains(leg)) return fail(ErrorCode::Conflict, "This leg has media already.");
    if (legs_.size() >= config_.max_legs) return fail(ErrorCode::Unavailable, "The limit of media legs is reached.");
    Held held{choose_worker(spec), spec, {}};
    if (!may_share(held.worker, spec)) held.spec.port = call::PortUse::Own;
    LegSetup setup{leg, spec.transport, spec.policy, std::nullopt, random_.token(16)};
    PortPair own;
    if (spec.transport == call::MediaTransport::Webrtc) {
        DP_TRY(local, browser_media(held.worker, spec));
        held.local = std::move(local);
        setup.ice = ice::Credentials{held.local.ice->ufrag, held.local.ice->pwd};
    } else if (held.spec.port == call::PortUse::Shared) {
        DP_TRY(port, shared_port(held.worker, spec));
        held.local.rtp = {announced(spec.family), port};
        if (spec.announced) addresses_[held.worker].claim(leg, *spec.announced, clock_now());
    } else {
        DP_TRY(pair, pool(spec.family)->take(clock_now()));
        held.local.rtp = {announced(spec.family), pair.port};
        own = std::move(pair);
        refill_later(spec.family);
    }
    held.local.srtp_keys = sdp::SrtpKeys::fresh(random_);
    Worker* worker = workers_[held.worker].get();
    const std::uint16_t port = own.port;
    const bool posted = worker->commands().post(
        [worker, setup = std::move(setup), family = spec.family, dscp = spec.dscp, own = std::move(own)]() mutable {
            worker->add(std::move(setup), family, dscp, std::move(own));
        });
    if (!posted) {
        if (port != 0) pool(spec.family)->give_back(port, clock_now());
        addresses_[held.worker].release(leg, clock_now());
        return fail(ErrorCode::Unavailable, "The media worker is overloaded.");
    }
    ++load_[held.worker];
    sdp::LocalMedia local = held.local;
    legs_.emplace(leg, std::move(held));
    return local;
}

bool Engine::may_share(std::size_t worker, const call::MediaLegSpec& spec) const {
    if (spec.port != call::PortUse::Shared || spec.transport == call::MediaTransport::Webrtc) return false;
    const TimePoint now = clock_now();
    if (const auto at = distrusted_.find(spec.carrier); at != distrusted_.end() && now < at->second) return false;
    if (!spec.announced) return true;
    // A call that a carrier leads back to us without touching its media: both ends on one port could not be told apart.
    const auto ours = spec.family == call::IpFamily::V4 ? trunk_ports_[worker].v4 : trunk_ports_[worker].v6;
    if (*spec.announced == Endpoint{announced(spec.family), ours}) return false;
    return addresses_[worker].is_free(*spec.announced, now);
}

/// Opened when the first leg needs it; the command is in the worker's queue before that leg's.
Result<std::uint16_t> Engine::shared_port(std::size_t worker, const call::MediaLegSpec& spec) {
    SharedPorts& ports = trunk_ports_[worker];
    std::uint16_t& known = spec.family == call::IpFamily::V4 ? ports.v4 : ports.v6;
    if (known != 0) return known;
    DP_TRY(pair, pool(spec.family)->take(clock_now()));
    const std::uint16_t port = pair.port;
    Worker* there = workers_[worker].get();
    const bool posted =
        there->commands().post([there, family = spec.family, dscp = spec.dscp, pair = std::move(pair)]() mutable {
            there->open_shared_port(family, dscp, std::move(pair));
        });
    if (!posted) {
        pool(spec.family)->give_back(port, clock_now());
        return fail(ErrorCode::Unavailable, "The media worker is overloaded.");
    }
    return known = port;
}

/// Two peers at one address cannot be told apart there, by either leg: both get ports of their own, and so do the next
/// legs of these carriers from the start.
bool Engine::claim_address(call::LegId leg, const Endpoint& remote) {
    const TimePoint now = clock_now();
    const auto claim = addresses_[legs_.at(leg).worker].claim(leg, remote, now);
    if (claim.granted) return true;
    static auto& clashes = metrics::counter("dialplane_media_address_clashes_total", "",
                                            "Descriptions that named an address which another call of the port has.");
    clashes.add(1);
    log::warn("media", "two calls have been given one address: they leave the shared port address={}", remote.str());
    std::erase_if(distrusted_, [&](const auto& entry) { return entry.second <= now; });
    if (claim.holder.valid()) move(claim.holder);
    return move(leg);
}

bool Engine::move(call::LegId leg) {
    Held& held = legs_.at(leg);
    distrusted_[held.spec.carrier] = clock_now() + AnnouncedAddresses::kContested;
    auto pair = pool(held.spec.family)->take(clock_now());
    if (!pair) {
        command(leg, [leg](Worker& worker) { worker.mute(leg); });
        fail_leg(leg, call::MediaFailure::Overloaded);
        return false;
    }
    refill_later(held.spec.family);
    held.spec.port = call::PortUse::Own;
    held.local.rtp.port = pair->port;
    command(leg, [leg, dscp = held.spec.dscp, own = std::move(*pair)](Worker& worker) mutable {
        worker.move(leg, dscp, std::move(own));
    });
    const bool told = control_.post([leg, local = held.local, listener = listener_] {
        if (listener->events) listener->events->on_media_moved(leg, local);
    });
    if (!told) log::error("media", "a leg has moved and control could not be told: it is overloaded");
    return true;
}

/// Binding ahead happens between messages, a few pairs at a time, not while an INVITE waits.
void Engine::refill_later(call::IpFamily family) {
    if (refilling_ || pool(family)->in_stock() * 2 > config_.ports_ahead) return;
    refilling_ = control_.post([this, family, listener = listener_] {
        if (!listener->port_closed) return;  // stopped meanwhile
        refilling_ = false;
        PortPool* ports = pool(family);
        const std::size_t before = ports->in_stock();
        ports->stock_up(std::min(config_.ports_ahead, before + kRefillBatch), clock_now());
        if (ports->in_stock() > before) refill_later(family);
    });
}

bool Engine::post(call::LegId leg, Action action) {
    const auto held = legs_.find(leg);
    if (held == legs_.end()) return true;
    Worker* worker = workers_[held->second.worker].get();
    return worker->commands().post([worker, action = std::move(action)]() mutable { action(*worker); });
}

void Engine::command(call::LegId leg, Action action) {
    if (!post(leg, std::move(action))) fail_leg(leg, call::MediaFailure::Overloaded);
}

void Engine::fail_leg(call::LegId leg, call::MediaFailure reason) {
    const bool told = control_.post([leg, reason, listener = listener_] {
        if (listener->events) listener->events->on_media_failed(leg, reason);
    });
    if (!told) log::error("media", "a leg's failure could not be told: control is overloaded");
}

Result<sdp::LocalMedia> Engine::restart_ice(call::LegId leg) {
    const auto held = legs_.find(leg);
    if (held == legs_.end() || !held->second.local.ice) return fail(ErrorCode::NotFound, "This leg has no ICE.");
    sdp::LocalMedia& local = held->second.local;
    local.ice = ice_attributes(local.rtp);
    command(leg, [leg, fresh = ice::Credentials{local.ice->ufrag, local.ice->pwd}](Worker& worker) mutable {
        worker.with(leg, [&](Leg& here, TimePoint now) { here.restart_ice(std::move(fresh), now); });
    });
    return local;
}

void Engine::configure(call::LegId leg, const call::MediaPeer& peer) {
    const auto held = legs_.find(leg);
    if (held == legs_.end()) return;
    const bool shared = held->second.spec.port == call::PortUse::Shared;
    if (shared && peer.audio.remote_rtp && !claim_address(leg, *peer.audio.remote_rtp)) return;
    held->second.agreed = peer.audio;
    if (held->second.across.valid())
        command(held->second.across, [leg, agreed = peer.audio](Worker& worker) { worker.update_mirror(leg, agreed); });
    command(leg, [leg, peer](Worker& worker) {
        worker.with(leg, [&](Leg& here, TimePoint now) { here.configure(peer, now); });
    });
}

void Engine::connect(call::LegId a, call::LegId b) {
    const auto first = legs_.find(a);
    const auto second = legs_.find(b);
    if (first == legs_.end() || second == legs_.end()) return;
    if (first->second.across == b) {  // connected again: what was played over the bridge is over
        stop_tone(a);
        return stop_tone(b);
    }
    uncross(a);
    uncross(b);
    if (first->second.worker != second->second.worker) return cross(a, b);
    command(a, [a, b](Worker& worker) { worker.connect(a, b); });
}

void Engine::cross(call::LegId a, call::LegId b) {
    for (const auto& [ours, theirs] : {std::pair(a, b), std::pair(b, a)}) {
        Held& held = legs_.at(ours);
        const Held& other = legs_.at(theirs);
        held.across = theirs;
        command(ours, [ours, theirs, agreed = other.agreed, worker = workers_[other.worker].get()](Worker& here) {
            here.cross(ours, theirs, agreed, *worker);
        });
    }
}

void Engine::uncross(call::LegId leg) {
    const auto held = legs_.find(leg);
    if (held == legs_.end() || !held->second.across.valid()) return;
    const call::LegId peer = std::exchange(held->second.across, call::LegId{});
    command(leg, [leg, peer](Worker& worker) { worker.uncross(leg, peer); });
    legs_.at(peer).across = {};
    command(peer, [leg, peer](Worker& worker) { worker.uncross(peer, leg); });
}

void Engine::disconnect(call::LegId leg) {
    uncross(leg);
    command(leg, [leg](Worker& worker) { worker.disconnect(leg); });
}

void Engine::play(call::LegId leg, const call::Tone& tone) {
    command(leg, [leg, spec = tone_spec(tone)](Worker& worker) {
        worker.with(leg, [&](Leg& here, TimePoint) { here.play(spec); });
    });
}

void Engine::stop_tone(call::LegId leg) {
    command(leg, [leg](Worker& worker) { worker.with(leg, [](Leg& here, TimePoint) { here.stop_tone(); }); });
}

void Engine::announce(call::LegId leg, std::shared_ptr<const audio::Recording> recording, std::uint32_t ticket) {
    command(leg, [leg, recording = std::move(recording), ticket](Worker& worker) mutable {
        worker.with(leg, [&](Leg& here, TimePoint) { here.announce(std::move(recording), ticket); });
    });
}

void Engine::send_digit(call::LegId leg, char digit, std::chrono::milliseconds duration) {
    command(leg, [leg, digit, duration](Worker& worker) {
        worker.with(leg, [&](Leg& here, TimePoint) { here.send_digit(digit, duration); });
    });
}

void Engine::release(call::LegId leg) {
    const auto held = legs_.find(leg);
    if (held == legs_.end()) return;
    uncross(leg);
    if (!post(leg, [leg](Worker& worker) { worker.release(leg); })) {
        // A leg must not outlive its call: try again when control has done what it has before it.
        if (!control_.post([this, leg, listener = listener_] {
                if (listener->port_closed) release(leg);
            }))
            log::error("media", "a leg could not be released: control and worker are overloaded");
        return;
    }
    --load_[held->second.worker];
    addresses_[held->second.worker].release(leg, clock_now());
    legs_.erase(held);
}

bool Engine::idle() const {
    return std::ranges::all_of(workers_, [](const auto& worker) { return worker->commands().empty(); });
}

bool Engine::can_transcode(sdp::Codec from, sdp::Codec to) const {
    return can_cross(from, to);
}

}  // namespace dp::media

#include "signaling/trunk_line.hpp"

#include <algorithm>

#include "base/log.hpp"
#include "signaling/addressing.hpp"

namespace dp::signaling {
namespace {

using telephony::RegistrationType;
using telephony::TrunkHealth;
using Shown = telephony::RegistrationState;

constexpr std::chrono::seconds kLookUpAgain{60};

std::vector<sip::NextHop> hops_of(const std::vector<sip::Target>& targets) {
    std::vector<sip::NextHop> hops;
    for (const auto& target : targets) {
        sip::NextHop hop;
        hop.target = target;
        hop.large = sip::NextHop::LargeRequest::SwitchToTcp;
        hops.push_back(std::move(hop));
    }
    return hops;
}

/// Rounded up: an answer that came within the first millisecond was measured all the same.
std::chrono::milliseconds in_millis(Duration duration) {
    return std::chrono::ceil<std::chrono::milliseconds>(duration);
}

/// The carrier's own words, or ours when it said nothing.
std::string_view reason_of(const sip::RegistrationReport& report) {
    if (!report.reason.empty()) return report.reason;
    return report.failure == sip::RegistrationFailure::Timeout ? "no answer from the registrar"
                                                               : "the registrar cannot be reached";
}

}  // namespace

sip::TransportKind transport_of(const telephony::Trunk& trunk) {
    switch (trunk.transport) {
        case telephony::TrunkTransport::Tcp:
            return sip::TransportKind::Tcp;
        case telephony::TrunkTransport::Tls:
            return sip::TransportKind::Tls;
        case telephony::TrunkTransport::Udp:
            break;
    }
    return sip::TransportKind::Udp;
}

std::string trunk_uri(std::string_view user, const std::string& host, std::uint16_t port, sip::TransportKind kind) {
    const bool plain = kind == sip::TransportKind::Udp;
    return sip_uri(user, host, port == sip::default_port(kind) ? 0 : port,
                   plain ? std::string_view{} : sip::uri_name(kind));
}

TrunkLine::TrunkLine(const TrunkPorts& ports, telephony::Ptr<telephony::Trunk> trunk, std::string domain, Start start)
    : ports_(ports),
      trunk_(std::move(trunk)),
      domain_(std::move(domain)),
      token_("t" + ports.sip.random.token(16)),
      delay_(start.delay),
      refresh_([this] { look_up(); }),
      self_(std::make_shared<TrunkLine*>(this)) {
    const auto& registration = trunk_->registration;
    identity_host_ = registration.host.empty() ? domain_ : registration.host;
    if (auto password = ports_.secrets.open(registration.password, telephony::password_context(trunk_->id)))
        password_ = std::move(*password);
    if (!registration.username.empty())
        credentials_ = std::make_shared<sip::DigestClient>(sip::DigestAccount{registration.username, password_, {}},
                                                           ports_.sip.random);
    for (auto& gateway : telephony::gateways_of(*trunk_)) gateways_.push_back({std::move(gateway), {}, nullptr});
    status_.id = trunk_->id;
    status_.organization = trunk_->meta.organization;
    status_.sessions = start.sessions;
    status_.outbound = start.outbound;
    status_.inbound = start.inbound;
    if (start.measures) status_.measures = std::move(start.measures);
    status_.registration = shown_registration();
    publish();
    look_up();
}

TrunkLine::~TrunkLine() {
    *self_ = nullptr;
}

void TrunkLine::look_up() {
    if (stopping_) return;
    looked_up_ = ports_.sip.clock.now();
    const auto ask = [&](const std::string& host, std::uint16_t port, auto take) {
        const auto kind = transport_of(*trunk_);
        // An address needs nobody's answer: a call may follow the trunk's making, or its change, in the same breath.
        if (const auto address = IpAddress::parse(host))
            return take(*this,
                        std::vector{sip::Target{kind, {*address, port != 0 ? port : sip::default_port(kind)}, host}});
        ports_.resolver.resolve(host, port, kind, [self = self_, take](Result<std::vector<sip::Target>> result) {
            if (*self != nullptr) take(**self, std::move(result));
        });
    };
    if (trunk_->registration.type == RegistrationType::Register)
        ask(trunk_->registration.host, trunk_->registration.port,
            [](TrunkLine& line, auto result) { line.resolved_registrar(std::move(result)); });
    for (std::size_t i = 0; i < gateways_.size(); ++i)
        ask(gateways_[i].gateway.host, gateways_[i].gateway.port,
            [i](TrunkLine& line, auto result) { line.resolved_gateway(i, std::move(result)); });
    sources_.clear();
    for (const auto& source : trunk_->source_addresses) {
        if (const auto endpoint = Endpoint::parse(source))
            sources_.push_back(*endpoint);
        else
            ask(source, sip::default_port(transport_of(*trunk_)),
                [](TrunkLine& line, auto result) { line.resolved_source(std::move(result)); });
    }
    ports_.sip.timers.arm(refresh_, ports_.sip.clock.now() + kLookUpAgain);
}

void TrunkLine::resolved_source(Result<std::vector<sip::Target>> result) {
    if (!result) return;
    for (const auto& target : *result) sources_.push_back({target.remote.address, 0});
}

void TrunkLine::resolved_registrar(Result<std::vector<sip::Target>> result) {
    if (!result || result->empty()) {
        if (!registrar_targets_.empty()) return;
        // Nobody to ask is an outcome as well: it is tried again with the next look-up.
        nowhere_ = true;
        return finished({.why = result ? "The registrar's name has no address." : result.error().detail,
                         .latency = ports_.sip.clock.now() - looked_up_});
    }
    nowhere_ = false;
    std::vector<Endpoint> endpoints;
    for (const auto& target : *result) endpoints.push_back(target.remote);
    const bool moved = endpoints != registrar_targets_;
    registrar_targets_ = std::move(endpoints);
    if (!registration_) {
        registration_ =
            std::make_unique<sip::RegistrationClient>(ports_.agent, ports_.sip, registration_config(*result), *this);
        registration_->start(delay_);
        publish();
    } else if (moved) {
        registration_->reconfigure(registration_config(*result));
    }
}

sip::RegistrationConfig TrunkLine::registration_config(const std::vector<sip::Target>& targets) const {
    const auto& registration = trunk_->registration;
    sip::RegistrationConfig config;
    config.hops = hops_of(targets);
    config.registrar_uri = trunk_uri({}, registration.host, registration.port, transport_of(*trunk_));
    config.address_of_record =
        '<' + trunk_uri(registration.username, registration.host, registration.port, sip::TransportKind::Udp) + '>';
    config.contact_user = token_;
    config.account = {registration.username, password_, {}};
    return config;
}

void TrunkLine::resolved_gateway(std::size_t index, Result<std::vector<sip::Target>> result) {
    GatewayLine& line = gateways_[index];
    if (!result || result->empty()) {
        log::warn("trunk", "gateway has no address trunk={} host={}", trunk_->id.str(), line.gateway.host);
        line.nowhere = line.targets.empty();
        if (line.nowhere && status_.last_error.empty())
            status_.last_error = result ? "The gateway's name has no address." : result.error().detail;
        return publish();
    }
    line.nowhere = false;
    const bool moved = line.targets.empty() || line.targets.front().remote != result->front().remote;
    line.targets = std::move(*result);
    if (moved) start_probe(line);
}

void TrunkLine::start_probe(GatewayLine& line) {
    sip::ProbeConfig config;
    config.hop = hops_of(line.targets).front();
    config.request_uri = trunk_uri({}, line.gateway.host, line.gateway.port, transport_of(*trunk_));
    config.from =
        name_addr({}, trunk_->registration.username.empty() ? "dialplane" : trunk_->registration.username, domain_);
    config.contact_user = token_;
    config.interval = trunk_->health_probe.interval;
    line.probe = std::make_unique<sip::OptionsProbe>(ports_.agent, ports_.sip, std::move(config), *this);
    if (trunk_->health_probe.enabled) line.probe->start();
}

Shown TrunkLine::shown_registration() const {
    if (trunk_->registration.type != RegistrationType::Register) return Shown::NotNeeded;
    if (!registration_) return nowhere_ ? Shown::Failed : Shown::Unregistered;
    switch (registration_->state()) {
        case sip::RegistrationState::Stopped:
        case sip::RegistrationState::Stopping:
            return Shown::Unregistered;
        case sip::RegistrationState::Unregistered:
        case sip::RegistrationState::Registering:
            return Shown::Registering;
        case sip::RegistrationState::Registered:
        case sip::RegistrationState::Refreshing:
            return Shown::Registered;
        case sip::RegistrationState::Failed:
            return Shown::Failed;
    }
    return Shown::Unregistered;
}

/// Up while one gateway is; down when all that are known are.
TrunkHealth TrunkLine::shown_health() const {
    bool down = false;
    for (const auto& line : gateways_) {
        down |= line.nowhere;
        if (!line.probe) continue;
        if (line.probe->health() == sip::Health::Up) return TrunkHealth::Up;
        if (line.probe->health() == sip::Health::Unknown) return TrunkHealth::Unknown;
        down = true;
    }
    return down ? TrunkHealth::Down : TrunkHealth::Unknown;
}

void TrunkLine::publish() {
    if (stopping_) return;  // its place in the table may belong to a newer line already
    const Shown registration = shown_registration();
    const TrunkHealth health = shown_health();
    const bool changed = registration != status_.registration || health != status_.health;
    status_.registration = registration;
    status_.health = health;
    if (changed) status_.changed = ports_.sip.clock.wall();
    ports_.live.put(trunk_->id, std::make_shared<const telephony::TrunkStatus>(status_));
    if (!changed) return;
    announce(telephony::event_type::kTrunkStatusChanged, telephony::Payload()
                                                             .text("edgeId", trunk_->id.str())
                                                             .text("registration", to_string(registration))
                                                             .text("health", to_string(health))
                                                             .number("sessions", status_.sessions));
}

void TrunkLine::announce(std::string_view type, const telephony::Payload& payload) {
    telephony::Event event;
    event.organization = trunk_->meta.organization;
    event.type = type;
    event.resource_type = "edge";
    event.resource_id = trunk_->id.str();
    event.time = ports_.sip.clock.wall();
    event.payload = payload.str();
    ports_.events.record({std::move(event)});
}

void TrunkLine::on_registration_finished(sip::RegistrationClient&, const sip::RegistrationReport& report) {
    const bool good = report.failure == sip::RegistrationFailure::None;
    if (good && !stopping_) registered_flow_ = report.flow;
    finished({good, report.status, good ? std::string() : std::string(reason_of(report)), report.latency});
}

void TrunkLine::finished(const Attempt& attempt) {
    const auto& [good, status, why, latency] = attempt;
    status_.last_sip_status = status;
    status_.last_error = why;
    measure([&](telephony::TrunkMeasures& measures) {
        if (attempt.good)
            measures.registrations.add(std::chrono::duration_cast<std::chrono::microseconds>(attempt.latency));
        else
            ++measures.registrations_failed;
        measures.results.push_front(
            {ports_.sip.clock.wall(), attempt.good, attempt.status, in_millis(attempt.latency), attempt.why});
        if (measures.results.size() > telephony::TrunkMeasures::kResults) measures.results.pop_back();
    });
    if (!stopping_) {
        if (good) {
            status_.registration_latency = in_millis(latency);
            status_.registered = ports_.sip.clock.wall();
        }
        telephony::Payload payload;
        payload.text("edgeId", trunk_->id.str())
            .number("sipStatus", status)
            .number("registrationLatencyMs", in_millis(latency).count());
        if (!good) payload.text("reason", why);
        announce(
            good ? telephony::event_type::kTrunkRegistrationSuccess : telephony::event_type::kTrunkRegistrationFailure,
            payload);
    }
    publish();
}

/// A carrier that was away and is back may have forgotten us: it is asked again rather than at the next refresh.
void TrunkLine::on_probe_health_changed(sip::OptionsProbe&, const sip::ProbeReport&) {
    const bool was_down = status_.health == TrunkHealth::Down;
    publish();
    if (was_down && status_.health == TrunkHealth::Up && registration_) registration_->flow_lost();
}

void TrunkLine::on_probe_finished(sip::OptionsProbe&, const sip::ProbeReport& report) {
    if (report.alive) status_.probe_round_trip = in_millis(report.latency);
    status_.probed = ports_.sip.clock.wall();
    measure([&](telephony::TrunkMeasures& measures) {
        if (report.alive)
            measures.probes.add(std::chrono::duration_cast<std::chrono::microseconds>(report.latency));
        else
            ++measures.probes_failed;
    });
    ports_.live.put(trunk_->id, std::make_shared<const telephony::TrunkStatus>(status_));
}

telephony::TrunkCondition TrunkLine::condition() const {
    return {status_.registration, status_.health, status_.sessions};
}

bool TrunkLine::acquire(telephony::Direction direction) {
    if (status_.sessions >= trunk_->max_concurrent_sessions) return false;
    ++status_.sessions;
    ++counts(direction).seizures;
    ports_.live.put(trunk_->id, std::make_shared<const telephony::TrunkStatus>(status_));
    return true;
}

void TrunkLine::release() {
    if (status_.sessions > 0) --status_.sessions;
    ports_.live.put(trunk_->id, std::make_shared<const telephony::TrunkStatus>(status_));
}

void TrunkLine::answered(telephony::Direction direction) {
    ++counts(direction).answered;
    ports_.live.put(trunk_->id, std::make_shared<const telephony::TrunkStatus>(status_));
}

telephony::CallCounts& TrunkLine::counts(telephony::Direction direction) {
    return direction == telephony::Direction::Inbound ? status_.inbound : status_.outbound;
}

/// Readers hold the old measures; they get new ones.
void TrunkLine::measure(const std::function<void(telephony::TrunkMeasures&)>& change) {
    auto next = std::make_shared<telephony::TrunkMeasures>(*status_.measures);
    change(*next);
    status_.measures = std::move(next);
}

TrunkLine::Match TrunkLine::matches(const Endpoint& source) const {
    Match best = Match::None;
    const auto look = [&](const Endpoint& known) {
        if (known.address != source.address) return;
        best = std::max(best, known.port == source.port ? Match::Endpoint : Match::Address);
    };
    for (const auto& known : sources_) look(known);
    for (const auto& known : registrar_targets_) look(known);
    for (const auto& line : gateways_)
        for (const auto& target : line.targets) look(target.remote);
    return best;
}

bool TrunkLine::registered_over(const sip::Flow& flow) const {
    return registered_flow_ && sip::is_reliable(flow.kind) && *registered_flow_ == flow;
}

void TrunkLine::flow_closed(const sip::Flow& flow) {
    if (!registered_over(flow)) return;
    registered_flow_.reset();
    if (registration_) registration_->flow_lost();
}

void TrunkLine::stop() {
    stopping_ = true;
    refresh_.cancel();
    for (auto& line : gateways_)
        if (line.probe) line.probe->stop();
    if (registration_) registration_->stop();
}

bool TrunkLine::quiet() const {
    if (!registration_) return true;
    const auto state = registration_->state();
    return state == sip::RegistrationState::Stopped || state == sip::RegistrationState::Unregistered ||
           state == sip::RegistrationState::Failed;
}

}  // namespace dp::signaling

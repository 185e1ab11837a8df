#include "signaling/phone_registrar.hpp"

#include <algorithm>

#include "base/ascii.hpp"
#include "call/leg_profile.hpp"
#include "sip/message_builder.hpp"

namespace dp::signaling {
namespace {

using telephony::StationState;

std::string aor_of(const telephony::Phone& phone, const telephony::Organization& organization) {
    return phone.sip.username + '@' + organization.sip_domain;
}

std::string_view transport_name(sip::TransportKind kind) {
    switch (kind) {
        case sip::TransportKind::Udp:
            return "udp";
        case sip::TransportKind::Tcp:
            return "tcp";
        case sip::TransportKind::Tls:
            return "tls";
        case sip::TransportKind::Ws:
            return "ws";
        case sip::TransportKind::Wss:
            return "wss";
    }
    return "udp";
}

telephony::Event station_event(const telephony::Station& station, WallTime now) {
    telephony::Event event;
    event.organization = station.organization;
    event.type = telephony::event_type::kStationUpdated;
    event.resource_type = "station";
    event.resource_id = station.id.str();
    event.time = now;
    event.payload = telephony::Payload()
                        .text("stationId", station.id.str())
                        .text("phoneId", station.phone.str())
                        .text("userId", station.user.str())
                        .text("state", to_string(station.state))
                        .number("registrations", static_cast<std::int64_t>(station.registrations))
                        .str();
    return event;
}

call::MediaTransport media_of(sip::TransportKind kind) {
    return sip::is_websocket(kind) ? call::MediaTransport::Webrtc : call::MediaTransport::Rtp;
}

// RFC 8760 section 2.4 lets a client ignore an algorithm it does not know; libre up to 2.x (baresip 1, Debian 12) gives
// the whole registration up instead.
sip::DigestServer::Offer offer_for(const sip::MessageView& request) {
    const auto agent = request.value(sip::HeaderId::UserAgent);
    const bool old_libre = agent.starts_with("baresip v1.") || agent.starts_with("baresip v2.");
    return old_libre ? sip::DigestServer::Offer::Md5Only : sip::DigestServer::Offer::ByTransport;
}

}  // namespace

telephony::PhoneTransport phone_transport(sip::TransportKind kind) {
    if (sip::is_websocket(kind)) return telephony::PhoneTransport::WebSocket;
    return sip::is_reliable(kind) ? telephony::PhoneTransport::Stream : telephony::PhoneTransport::Datagram;
}

PhoneRegistrar::PhoneRegistrar(Ports ports)
    : ports_(std::move(ports)),
      reader_(ports_.snapshots),
      registrar_(sip::Registrar::Options{}),
      expiry_([this] { expire(); }) {}

PhoneRegistrar::~PhoneRegistrar() = default;

bool PhoneRegistrar::serves(std::string_view domain) const {
    return snapshot()->organization_of_domain(ascii::lower(domain)) != nullptr;
}

telephony::Ptr<telephony::OrganizationConfig> PhoneRegistrar::realm_of(std::string_view domain) {
    if (auto found = snapshot()->organization_of_domain(ascii::lower(domain))) return found;
    telephony::Ptr<telephony::OrganizationConfig> only;
    std::size_t count = 0;
    if (!IpAddress::parse(domain)) return nullptr;
    snapshot()->organizations().for_each([&](const auto& config) {
        only = config;
        ++count;
    });
    return count == 1 ? only : nullptr;
}

sip::DigestServer& PhoneRegistrar::digest_of(const std::string& realm) {
    auto& digest = digests_[realm];
    if (!digest) {
        sip::DigestServer::Options options;
        options.realm = realm;
        digest = std::make_unique<sip::DigestServer>(std::move(options), ports_.random, ports_.clock.now());
    }
    return *digest;
}

PhoneProof PhoneRegistrar::authenticate(const sip::MessageView& request, const sip::Flow& flow,
                                        std::string_view domain) {
    PhoneProof proof;
    const TimePoint now = ports_.clock.now();
    proof.silence = guard_.silenced(flow.remote.address, now);
    proof.config = realm_of(domain);
    proof.offer = offer_for(request);
    if (!proof.config || proof.silence) return proof;
    telephony::Ptr<telephony::Phone> claimed;
    auto lookup = [&](std::string_view user, std::string_view realm) -> std::optional<sip::DigestSecret> {
        const auto ask = [&](telephony::DigestAlgorithm algorithm) {
            return find_sip_identity(*snapshot(), ports_.secrets, realm, user, algorithm, ports_.clock.wall());
        };
        const auto md5 = ask(telephony::DigestAlgorithm::Md5);
        const auto sha256 = ask(telephony::DigestAlgorithm::Sha256);
        if (!md5 && !sha256) return std::nullopt;
        claimed = md5 ? md5->phone : sha256->phone;
        return sip::DigestSecret{md5 ? md5->ha1 : std::string(), sha256 ? sha256->ha1 : std::string()};
    };
    const auto check = digest_of(proof.config->organization().sip_domain).check(request, flow.kind, now, lookup);
    proof.outcome = check.outcome;
    if (check.outcome == sip::DigestOutcome::Accepted) {
        proof.phone = std::move(claimed);
        guard_.succeeded(flow.remote.address);
    } else if (check.outcome == sip::DigestOutcome::Wrong) {
        const std::string account = check.username + '@' + proof.config->organization().sip_domain;
        guard_.failed(flow.remote.address, account, now);
        proof.late = guard_.late(flow.remote.address, account, now);
    }
    return proof;
}

sip::Response PhoneRegistrar::challenge(const PhoneProof& proof, const sip::Flow& flow) {
    sip::Response answer;
    if (proof.outcome == sip::DigestOutcome::Malformed) {
        answer.status = 400;
        return answer;
    }
    answer.status = 401;
    const bool stale = proof.outcome == sip::DigestOutcome::Stale;
    auto& digest = digest_of(proof.config->organization().sip_domain);
    for (const auto& value : digest.challenge(flow.kind, stale, ports_.clock.now(), proof.offer))
        answer.headers.add("WWW-Authenticate", value);
    return answer;
}

void PhoneRegistrar::process(const sip::IncomingRequest& request, const PhoneProof& proof, sip::UserAgent& agent) {
    const auto& uri = request.message.to().uri();
    if (!uri.is_sip() ||
        uri.user_unescaped() != proof.phone->sip.username) {  // somebody else's address (CVE-2025-47779 class)
        agent.respond(request.id, sip::Response{.status = 403});
        return;
    }
    if (const auto refusal =
            registration_refusal(*proof.config, proof.phone->user, phone_transport(request.flow.kind))) {
        sip::Response answer{.status = 403};
        answer.headers.add("Warning", "399 dialplane \"" + refusal->reason + '"');  // RFC 3261 section 20.43
        agent.respond(request.id, answer);
        return;
    }
    const std::string aor = aor_of(*proof.phone, proof.config->organization());
    accounts_[aor] = {proof.config->id(), proof.phone->id,
                      std::string(request.message.value(sip::HeaderId::UserAgent))};
    const auto answer = registrar_.process(request.message, aor, request.flow, ports_.clock.now());
    // Readers see the station before the phone hears that it is registered.
    apply(answer.events);
    agent.respond(request.id, answer.status, [&](sip::ResponseBuilder& out) { answer.write(out); });
}

void PhoneRegistrar::apply(const std::vector<sip::RegistrarEvent>& events) {
    for (const auto& event : events) take_event(event);
    arm();
}

telephony::Ptr<telephony::PhoneBaseSettings> PhoneRegistrar::base_settings_of(const std::string& aor) const {
    const auto phone = find_phone(aor);
    const auto& config = phone ? snapshot()->organization(phone->meta.organization) : nullptr;
    return config ? config->base_settings(phone->base_settings) : nullptr;
}

telephony::Ptr<telephony::BoundSettings> PhoneRegistrar::settings_on(const sip::Flow& flow) const {
    const auto bindings = registrar_.on_flow(flow);
    return bindings.empty() ? nullptr : sessions_.of(bindings.front()->id);
}

/// A connection that carries a session stays open, and what goes out on it is marked as the session's settings say.
void PhoneRegistrar::keep(const sip::Binding& binding) const {
    if (ports_.flows == nullptr) return;
    if (sip::is_reliable(binding.flow.kind)) ports_.flows->keep(binding.flow);
    if (const auto settings = sessions_.of(binding.id)) ports_.flows->mark(binding.flow, settings->transport_dscp);
}

void PhoneRegistrar::unkeep(const sip::Flow& flow) const {
    if (ports_.flows == nullptr) return;
    if (sip::is_reliable(flow.kind)) ports_.flows->unkeep(flow);
    ports_.flows->unmark(flow);
}

void PhoneRegistrar::take_event(const sip::RegistrarEvent& event) {
    using Kind = sip::RegistrarEvent::Kind;
    const std::uint64_t id = event.binding.id.value();
    const auto session = sessions_.of(event.binding.id);
    sessions_.take(event, base_settings_of(event.binding.aor), ports_.clock.wall());
    // Logged out, lost, or booted: then it has forgotten its dialogs.
    if (session && session != sessions_.of(event.binding.id)) ports_.contact_gone(call::ContactId(id));
    switch (event.kind) {
        case Kind::Added:
            flows_[id] = event.binding.flow;
            keep(event.binding);
            break;
        case Kind::Refreshed:
            keep(event.binding);
            break;
        case Kind::FlowChanged: {
            const sip::Flow before = std::exchange(flows_[id], event.binding.flow);
            unkeep(before);
            keep(event.binding);
            if (ports_.flow_replaced) ports_.flow_replaced(before, event.binding.flow);
            break;
        }
        case Kind::FlowLost:
            break;
        case Kind::Removed:
        case Kind::Replaced:
        case Kind::Expired:
        case Kind::Disconnected:
            unkeep(event.binding.flow);
            flows_.erase(id);
            break;
    }
    publish_station(event.binding.aor);
}

void PhoneRegistrar::arm() {
    const TimePoint next = registrar_.next_deadline();
    if (next == kNever)
        expiry_.cancel();
    else
        ports_.timers.arm(expiry_, next);
}

void PhoneRegistrar::expire() {
    apply(registrar_.expire(ports_.clock.now()));
}

void PhoneRegistrar::flow_closed(const sip::Flow& flow) {
    apply(registrar_.connection_lost(flow, ports_.clock.now()));
}

telephony::Ptr<telephony::Phone> PhoneRegistrar::find_phone(const std::string& aor) const {
    const auto account = accounts_.find(aor);
    if (account == accounts_.end()) return nullptr;
    const auto& config = snapshot()->organization(account->second.organization);
    return config ? config->phone(account->second.phone) : nullptr;
}

void PhoneRegistrar::configuration_changed() {
    std::vector<std::string> gone;
    for (const auto& [aor, account] : accounts_) {
        const auto phone = find_phone(aor);
        const auto& config = snapshot()->organization(account.organization);
        if (!phone || !phone->enabled || aor_of(*phone, config->organization()) != aor) gone.push_back(aor);
    }
    for (const auto& aor : gone) {
        apply(registrar_.remove_all(aor));
        accounts_.erase(aor);
        sessions_.forget(aor);
    }
    drop_forbidden();
}

void PhoneRegistrar::drop_forbidden() {
    std::vector<sip::BindingId> forbidden;
    for (const auto& [aor, account] : accounts_) {
        const auto phone = find_phone(aor);
        if (!phone) continue;
        const auto& config = *snapshot()->organization(account.organization);
        for (const sip::Binding* binding : registrar_.bindings(aor))
            if (registration_refusal(config, phone->user, phone_transport(binding->flow.kind)))
                forbidden.push_back(binding->id);
    }
    for (const sip::BindingId id : forbidden) apply(registrar_.remove(id));
}

telephony::Ptr<telephony::Phone> PhoneRegistrar::phone_on(const sip::Flow& flow) const {
    const auto bindings = registrar_.on_flow(flow);
    return bindings.empty() ? nullptr : find_phone(bindings.front()->aor);
}

std::optional<PhoneTarget> PhoneRegistrar::target(call::ContactId contact) const {
    const sip::Binding* binding = registrar_.find(sip::BindingId(contact.value()));
    if (binding == nullptr || !binding->has_flow()) return std::nullopt;
    const auto account = accounts_.find(binding->aor);
    if (account == accounts_.end()) return std::nullopt;
    return PhoneTarget{binding->contact.str(), binding->flow, binding->path,
                       snapshot()->organization(account->second.organization)};
}

std::vector<call::PhoneContact> PhoneRegistrar::contacts_of(const telephony::OrganizationId& organization,
                                                            const telephony::UserId& user) const {
    std::vector<call::PhoneContact> contacts;
    std::uint16_t best = 0;
    const auto& config = snapshot()->organization(organization);
    if (!config) return contacts;
    for (const auto& phone : config->phones_of(user)) {
        if (!phone->enabled) continue;
        for (const auto& target : registrar_.lookup(aor_of(*phone, config->organization()), ports_.clock.now())) {
            const std::uint16_t q = registrar_.find(target.binding)->q;
            if (q < best) continue;
            if (q > best) contacts.clear();
            best = q;
            contacts.push_back({call::ContactId(target.binding.value()), phone->id, phone->station,
                                media_of(target.flow.kind), call::family_of(target.flow.remote.address),
                                busy_.contains(phone->station), sessions_.of(target.binding)});
        }
    }
    return contacts;
}

std::chrono::seconds PhoneRegistrar::keeps_connection(call::ContactId contact) const {
    const sip::Binding* binding = registrar_.find(sip::BindingId(contact.value()));
    if (binding == nullptr || !sip::is_websocket(binding->flow.kind)) return {};
    const auto settings = sessions_.of(binding->id);
    if (!settings || !settings->persistent_connection.enabled) return {};
    return settings->persistent_connection.timeout;
}

void PhoneRegistrar::station_busy(const telephony::StationId& station, int delta) {
    int& calls = busy_[station];
    const bool was_busy = calls > 0;
    calls += delta;
    const bool is_busy = calls > 0;
    if (!is_busy) busy_.erase(station);
    if (is_busy == was_busy) return;
    const auto live = ports_.stations.find(station);
    if (!live) return;
    const auto& config = snapshot()->organization(live->organization);
    const auto phone = config ? config->phone(live->phone) : nullptr;
    if (phone) publish_station(aor_of(*phone, config->organization()));
}

void PhoneRegistrar::media_observed(const telephony::StationId& id, const telephony::ConversationId& conversation,
                                    const call::MediaStatistics& statistics, bool one_way) {
    const auto before = ports_.stations.find(id);
    if (!before) return;
    auto station = std::make_shared<telephony::Station>(*before);
    auto& calls = station->recent_calls;
    auto same = std::ranges::find(calls, conversation, &telephony::CallQuality::conversation);
    if (same == calls.end()) {
        if (calls.size() == telephony::kRecentCalls) calls.erase(calls.begin());
        calls.emplace_back();
        same = std::prev(calls.end());
    }
    *same = {.conversation = conversation,
             .observed = ports_.clock.wall(),
             .packets_received = statistics.packets_received,
             .packets_lost = statistics.packets_lost,
             .jitter_ms = statistics.jitter_ms,
             .round_trip_ms = statistics.round_trip_ms,
             .remote_loss_percent = statistics.remote_loss_percent,
             .packets_sampled = statistics.packets_sampled,
             .packets_silent = statistics.packets_silent,
             .one_way = one_way};
    ports_.stations.put(id, std::move(station));
}

std::shared_ptr<telephony::Station> PhoneRegistrar::describe(const telephony::Phone& phone,
                                                             const std::string& aor) const {
    auto station = std::make_shared<telephony::Station>();
    station->id = phone.station;
    station->organization = phone.meta.organization;
    station->phone = phone.id;
    station->user = phone.user;
    const auto bindings = registrar_.bindings(aor);
    station->registrations = bindings.size();
    if (bindings.empty()) return station;
    const sip::Binding& newest = *bindings.front();
    station->state = busy_.contains(phone.station) ? StationState::InUse : StationState::Online;
    station->transport = transport_name(newest.flow.kind);
    station->remote_address = newest.flow.remote.str();
    station->user_agent = newest.user_agent;
    station->bound = sessions_.of(newest.id);
    const auto wall = [&](TimePoint at) {
        return ports_.clock.wall() + std::chrono::duration_cast<std::chrono::milliseconds>(at - ports_.clock.now());
    };
    station->registered = wall(newest.registered_at);
    station->expires = wall(newest.expires_at);
    return station;
}

void PhoneRegistrar::publish_station(const std::string& aor) {
    const auto phone = find_phone(aor);
    if (!phone || phone->station.empty()) return;
    auto station = describe(*phone, aor);
    const auto before = ports_.stations.find(phone->station);
    if (before) station->recent_calls = before->recent_calls;
    const bool changed = !before || before->state != station->state || before->registrations != station->registrations;
    ports_.stations.put(phone->station, station);
    if (changed) ports_.events.record({station_event(*station, ports_.clock.wall())});
}

}  // namespace dp::signaling

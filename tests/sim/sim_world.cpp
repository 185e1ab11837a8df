#include "sim/sim_world.hpp"

#include <gtest/gtest.h>

#include "telephony/conversation/conversation_service.hpp"
#include "telephony/phones/phone.hpp"

namespace dp::sim {

using namespace telephony;

SimWorld::SimWorld(std::uint64_t seed, signaling::ControlConfig config)
    : network(seed),
      executor(network.timers(), network.clock()),
      api(network.timers(), network.clock()),
      media(executor, network.timers(), network.clock()),
      resolver(executor),
      node_(network.add(kServer)) {
    Organization org;
    org.id = organization;
    org.name = "Example";
    org.sip_domain = kDomain;
    org.default_site = SiteId("site-1");
    put(org);
    Site site;
    site.id = SiteId("site-1");
    site.name = "Main";
    put(site);
    PhoneBaseSettings base;
    base.id = PhoneBaseSettingsId("base-1");
    put(base);
    base.id = PhoneBaseSettingsId("base-auto");
    base.auto_answer = true;
    put(base);
    SipProfile profile;
    profile.id = SipProfileId("profile-1");
    profile.codecs = {Codec::Pcmu, Codec::Pcma, Codec::G729, Codec::Opus};
    put(profile);
    config.start_spread = std::chrono::milliseconds(0);
    shard = std::make_unique<signaling::ControlShard>(
        config, signaling::ControlPorts{executor, network.timers(), network.clock(), network.random(), node_, resolver,
                                        media, prompts, sink, hub, secrets, stations, trunks, nullptr, nullptr, &load});
    media.set_events(shard->media_events());
    node_.on_message = [this](std::span<char> bytes, const sip::Flow& flow) {
        std::string message(bytes.data(), bytes.size());
        if (rewrite) rewrite(message);
        shard->receive(message, flow);
    };
    node_.on_closed = [this](const sip::Flow& flow) { shard->flow_closed(flow); };
    shard->start();
    add_user(std::string(kAgent), std::string(kCallerId));
}

SimWorld::~SimWorld() {
    ends_.clear();
    shard.reset();
}

void SimWorld::put(Entity entity) {
    meta_of(entity).organization = organization;
    meta_of(entity).version = 1;
    SnapshotBuilder builder(hub.current());
    builder.put(std::visit(
        [](auto& value) -> EntityPtr { return std::make_shared<const std::decay_t<decltype(value)>>(value); }, entity));
    hub.publish(builder.finish());
    if (shard) shard->configuration_changed();
}

void SimWorld::remove(EntityType type, const std::string& id) {
    SnapshotBuilder builder(hub.current());
    builder.remove(type, organization, id);
    hub.publish(builder.finish());
    shard->configuration_changed();
}

void SimWorld::add_user(const std::string& id, const std::string& number) {
    User user;
    user.id = UserId(id);
    user.name = "Agent " + id;
    put(user);
    if (!number.empty()) add_number(number, RoutingKind::User, id);
}

void SimWorld::add_phone(const std::string& user, const std::string& sip_username, bool auto_answer) {
    Phone phone;
    phone.id = PhoneId("phone-" + sip_username);
    phone.station = StationId("station-" + sip_username);
    phone.name = sip_username;
    phone.site = SiteId("site-1");
    phone.base_settings = PhoneBaseSettingsId(auto_answer ? "base-auto" : "base-1");
    phone.user = UserId(user);
    phone.sip = make_sip_account(secrets, sip_username, kDomain, "secret-" + sip_username);
    put(phone);
}

void SimWorld::add_number(const std::string& e164, RoutingKind kind, const std::string& target) {
    Number number;
    number.id = NumberId("number-" + e164.substr(1));
    number.e164 = e164;
    number.state = NumberState::Active;
    number.routing = NumberRouting{kind, target, {}, "direct", {}};
    put(number);
}

void SimWorld::add_trunk(const TrunkOptions& options) {
    Trunk trunk;
    trunk.id = TrunkId(options.id);
    trunk.name = options.id;
    trunk.sip_profile = SipProfileId("profile-1");
    trunk.max_concurrent_sessions = options.max_sessions;
    trunk.media = options.media;
    trunk.media_port = options.port;
    trunk.codecs = options.codecs;
    trunk.registration.type = options.registers ? RegistrationType::Register : RegistrationType::None;
    trunk.registration.host = options.host;
    trunk.registration.username = "trunk-user";
    trunk.registration.password = secrets.seal("trunk-password", password_context(trunk.id));
    trunk.health_probe.enabled = options.probes;
    int priority = 0;
    for (const auto& host : options.gateways) trunk.gateways.push_back({host, 5060, priority++});
    put(trunk);
}

void SimWorld::edit_site(const std::function<void(Site&)>& change) {
    Site site = *config().site(SiteId("site-1"));
    change(site);
    put(site);
}

FarEnd& SimWorld::phone(const std::string& sip_username, const std::string& address, FarEnd::Options options) {
    options.user = sip_username;
    auto& end = *ends_.emplace_back(std::make_unique<FarEnd>(network, address, std::move(options)));
    end.register_at(std::string(kDomain), *Endpoint::parse(kServer), "secret-" + sip_username);
    run(std::chrono::seconds(1));
    EXPECT_TRUE(end.registered()) << sip_username;
    return end;
}

FarEnd& SimWorld::carrier(const std::string& address, FarEnd::Options options) {
    if (options.user.empty()) options.user = "+15550009999";
    return *ends_.emplace_back(std::make_unique<FarEnd>(network, address, std::move(options)));
}

std::string SimWorld::place_call(const std::string& destination, call::AnswerMode mode) {
    PlaceCall asked;
    asked.agent = UserId(std::string(kAgent));
    asked.caller_id = kCallerId;
    asked.destination = destination;
    asked.type = "pstn";
    auto call = check_outbound(config(), asked);
    EXPECT_TRUE(call.has_value()) << (call ? "" : call.error().detail);
    auto record = std::make_shared<Conversation>();
    record->id = ConversationId("call-" + std::to_string(++calls_));
    record->meta.organization = organization;
    record->meta.version = 1;
    record->agent = asked.agent;
    record->caller_id = call->caller_id;
    record->destination = call->destination;
    record->dialed = call->dialed;
    record->started = network.clock().wall();
    sink.record(record, {conversation_event(*record, event_type::kConversationCreated, network.clock().wall())});
    EXPECT_TRUE(shard->start_call({record, std::move(*call), mode}));
    return record->id.str();
}

Result<void> SimWorld::order(const std::string& conversation, CallAction action, const std::string& participant) {
    std::optional<Result<void>> answer;
    shard->command({organization, ConversationId(conversation), std::move(action), ParticipantId(participant)}, api,
                   [&](Result<void> result) { answer = std::move(result); });
    run(std::chrono::milliseconds(20));
    if (!answer) return fail(ErrorCode::Timeout, "no reply");
    return *answer;
}

std::vector<std::string> SimWorld::statuses(const std::string& id) const {
    std::vector<std::string> out;
    for (const auto& version : sink.versions.at(id)) {
        const std::string status(to_string(version->status));
        if (out.empty() || out.back() != status) out.push_back(status);
    }
    return out;
}

std::string SimWorld::reason(const std::string& id) const {
    const auto& termination = conversation(id).termination;
    return termination ? std::string(facts(termination->reason).name) : "still up";
}

std::string SimWorld::only() const {
    EXPECT_EQ(sink.versions.size(), 1U);
    return sink.versions.begin()->first;
}

void SimWorld::expect_clean(Duration after) {
    run(after);
    EXPECT_EQ(shard->active_calls(), 0U);
    EXPECT_EQ(media.legs.size(), 0U) << "media legs left";
    EXPECT_EQ(shard->signaling_stats().sessions, 0U) << "sessions left";
    for (const auto& trunk : trunks.all()) EXPECT_EQ(trunk->sessions, 0) << trunk->id.str();
    for (auto& end : ends_) EXPECT_EQ(end->live_legs(), 0U) << end->node().address().str();
    for (const auto& [id, versions] : sink.versions) EXPECT_TRUE(is_final(versions.back()->status)) << id;
}

}  // namespace dp::sim

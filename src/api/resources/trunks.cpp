/// @file Trunks in the shapes of seed 1: edge groups, SIP profiles, and edges whose body is a trunk.
#include <fmt/format.h>

#include "api/resources/entity_routes.hpp"
#include "api/resources/resources.hpp"
#include "telephony/names.hpp"

namespace dp::api {

namespace json = boost::json;
using telephony::CodecSpelling;
using telephony::EdgeGroup;
using telephony::OrganizationConfig;
using telephony::SipProfile;
using telephony::Trunk;
using telephony::TrunkCommand;

namespace {

constexpr std::string_view kEdges = "/api/v2/telephony/providers/edges";
constexpr std::string_view kEdgeGroups = "/api/v2/telephony/providers/edges/edgegroups";
constexpr std::string_view kSipProfiles = "/api/v2/telephony/providers/sipprofiles";

const Scopes kRead{"telephony:edge:read", "telephony:readonly"};
const Scopes kWrite{"telephony:edge:write", "telephony"};

json::array trunk_codecs(const telephony::CodecList& codecs) {
    json::array out;
    for (auto codec : codecs)
        if (auto name = telephony::name_of(codec, CodecSpelling::Trunk); !name.empty()) out.emplace_back(name);
    return out;
}

void add_live(json::object& out, const Trunk& trunk, const telephony::LiveTrunks& live) {
    const auto status = live.find(trunk.id);
    const auto registration = status ? status->registration : telephony::RegistrationState::Unregistered;
    const bool usable = (registration == telephony::RegistrationState::Registered ||
                         registration == telephony::RegistrationState::NotNeeded) &&
                        !(status && status->health == telephony::TrunkHealth::Down);
    out["registrationState"] = telephony::to_string(registration);
    out["health"] = telephony::to_string(status ? status->health : telephony::TrunkHealth::Unknown);
    out["onlineStatus"] = trunk.enabled && usable ? "ONLINE" : "OFFLINE";
    out["statusCode"] = trunk.enabled ? "ACTIVE" : "INACTIVE";
    out["conversationCount"] = status ? status->sessions : 0;
    if (!status) return;
    if (status->registration_latency) out["registrationLatencyMs"] = status->registration_latency->count();
    if (status->last_sip_status) out["lastSipStatus"] = status->last_sip_status;
    if (!status->last_error.empty()) out["lastError"] = status->last_error;
}

/// RFC 4568 section 7: who reads the signalling has the keys.
json::array warnings_of(const Trunk& trunk) {
    const bool keys_in_clear =
        trunk.media_encryption != telephony::MediaEncryption::None && trunk.transport != telephony::TrunkTransport::Tls;
    if (!keys_in_clear) return {};
    return {fmt::format("mediaEncryption: its keys are sent in clear over {}; choose transport tls.",
                        telephony::name_of(trunk.transport))};
}

json::object trunk_json(const Trunk& trunk, const OrganizationConfig& config, const telephony::LiveTrunks& live) {
    auto out = envelope(trunk.id.str(), trunk.name, trunk.meta, kEdges);
    const auto& group = config.find<EdgeGroup>(trunk.edge_group);
    out["edgeGroupId"] = trunk.edge_group.str();
    out["edgeGroup"] = reference(trunk.edge_group.str(), group ? group->name : "", kEdgeGroups);
    out["sipProfileId"] = trunk.sip_profile.str();
    out["maxConcurrentSessions"] = trunk.max_concurrent_sessions;
    out["codecs"] = trunk_codecs(trunk.codecs);
    json::object registration{
        {"type", trunk.registration.type == telephony::RegistrationType::Register ? "REGISTER" : "NONE"},
        {"host", trunk.registration.host},
        {"port", trunk.registration.port},
        {"username", trunk.registration.username}};
    if (!trunk.registration.password.empty()) registration["password"] = telephony::kMaskedSecret;
    out["registration"] = std::move(registration);
    out["healthProbe"] =
        json::object{{"enabled", trunk.health_probe.enabled}, {"intervalSeconds", trunk.health_probe.interval.count()}};
    out["enabled"] = trunk.enabled;
    out["autoProvisionNumbers"] = trunk.auto_provision_numbers;
    out["mediaPolicy"] = telephony::name_of(trunk.media);
    out["mediaPort"] = telephony::name_of(trunk.media_port);
    out["mediaEncryption"] = telephony::name_of(trunk.media_encryption);
    out["transport"] = telephony::name_of(trunk.transport);
    out["warnings"] = warnings_of(trunk);
    json::array types;
    for (auto type : trunk.number_types) types.emplace_back(telephony::to_string(type));
    out["numberTypes"] = std::move(types);
    add_live(out, trunk, live);
    return out;
}

void fill_registration(JsonReader& body, TrunkCommand& command) {
    auto* registration = body.required_object("registration");
    if (!registration) return;
    auto& target = command.trunk.registration;
    const auto type = registration->text("type", 16).value_or("REGISTER");
    if (type != "REGISTER" && type != "NONE") registration->refuse("type", "must be REGISTER or NONE");
    target.type = type == "NONE" ? telephony::RegistrationType::None : telephony::RegistrationType::Register;
    target.host = registration->text("host").value_or("");
    const auto port = registration->integer("port", 0, 65'535).value_or(0);
    target.port = static_cast<std::uint16_t>(port == 0 ? 5060 : port);
    target.username = registration->text("username", 128).value_or("");
    command.password = registration->text("password", 256);
    if (command.password == telephony::kMaskedSecret) command.password.reset();
}

void fill_probe(JsonReader& body, Trunk& trunk) {
    if (body.is_null("healthProbe")) trunk.health_probe.enabled = false;
    auto* probe = body.object("healthProbe");
    if (!probe) return;
    trunk.health_probe.enabled = probe->boolean("enabled").value_or(true);
    // Switched off, the interval may be anything up to the limit: seed 1's program leaves Go's zero there.
    const auto interval = probe->integer("intervalSeconds", trunk.health_probe.enabled ? 1 : 0, 3600);
    if (interval && *interval > 0) trunk.health_probe.interval = std::chrono::seconds(*interval);
}

/// One of the choice's stable names; `rule` says them. Absent: as it was.
template <class E>
void fill_choice(JsonReader& body, std::string_view field, std::string_view rule, E& choice) {
    const auto name = body.text(field, 16);
    if (!name) return;
    const auto chosen = telephony::from_name<E>(*name);
    chosen ? void(choice = *chosen) : body.refuse(field, std::string(rule));
}

void fill_options(JsonReader& body, Trunk& trunk) {
    if (auto enabled = body.boolean("enabled")) trunk.enabled = *enabled;
    if (auto automatic = body.boolean("autoProvisionNumbers")) trunk.auto_provision_numbers = *automatic;
    fill_choice(body, "mediaPolicy", "must be anchor or bypass", trunk.media);
    fill_choice(body, "mediaPort", "must be own or shared", trunk.media_port);
    fill_choice(body, "mediaEncryption", "must be none, optional or required", trunk.media_encryption);
    fill_choice(body, "transport", "must be udp, tcp or tls", trunk.transport);
    if (auto types = body.texts("numberTypes", 2, 8)) {
        trunk.number_types.clear();
        for (const auto& type : *types) {
            const auto known = telephony::number_type_from(type);
            known ? trunk.number_types.push_back(*known) : body.refuse("numberTypes", "may hold pstn and sip only");
        }
    }
}

/// Seed 1's body. References and codecs against the profile are the service's to check.
TrunkCommand read_trunk(JsonReader& body, TrunkCommand command) {
    body.ignore(kEnvelopeFields);
    body.ignore({"edgeGroup", "registrationState", "health", "onlineStatus", "statusCode", "conversationCount",
                 "registrationLatencyMs", "lastSipStatus", "lastError"});
    command.trunk.name = body.required_text("name");
    command.trunk.edge_group = telephony::EdgeGroupId(body.required_text("edgeGroupId", 64));
    command.trunk.sip_profile = telephony::SipProfileId(body.required_text("sipProfileId", 64));
    command.trunk.max_concurrent_sessions =
        static_cast<std::int32_t>(body.required_integer("maxConcurrentSessions", 1, telephony::kMaxTrunkSessions));
    command.codecs = body.texts("codecs", 16, 32).value_or(std::vector<std::string>{});
    fill_registration(body, command);
    fill_probe(body, command.trunk);
    fill_options(body, command.trunk);
    return command;
}

class TrunkRoutes {
public:
    explicit TrunkRoutes(ApiContext& context) : context_(context) {
        auto& live = context.live_trunks;
        shape_ = {
            kEdges,
            "/api/v2/telephony/providers/edges/{edgeId}",
            "edgeId",
            "edge",
            kRead,
            kWrite,
            [&live](const Trunk& trunk, const OrganizationConfig& config) { return trunk_json(trunk, config, live); },
            [](const Trunk& trunk, const net::HttpRequest& request) {
                auto group = request.query_value("edgeGroupId");
                if (!group) group = request.query_value("edgeGroup.id");
                return !group || trunk.edge_group.str() == *group;
            },
            ScopeRefusal::InsufficientScope};
    }

    const Shape<Trunk>& shape() const { return shape_; }

    void create(ApiRequest request, Reply reply) const {
        auto body = body_of(request);
        if (!body) return std::move(reply).error(body.error());
        TrunkCommand command;
        if (const auto id = (*body)->text("id", 64)) command.trunk.id = telephony::TrunkId(*id);
        command.trunk.meta.organization = request.caller->organization;
        command = read_trunk(**body, std::move(command));
        if (auto ok = finish(*body, request, reply); !ok) return std::move(reply).error(ok.error());
        context_.trunks.create(write_context(request, context_.clock), std::move(command), context_.executor,
                               when_stored(std::move(reply), shape_, 201));
    }

    void replace(ApiRequest request, Reply reply) const {
        const auto& id = request.parameter("edgeId");
        const auto& present = request.config().trunk(telephony::TrunkId(id));
        if (!present) return std::move(reply).error(not_found("edge", id));
        auto body = body_of(request);
        if (!body) return std::move(reply).error(body.error());
        auto version = expected_version(request, **body);
        if (!version) return std::move(reply).error(version.error());
        TrunkCommand command{.trunk = *present, .codecs = {}, .password = std::nullopt};
        command = read_trunk(**body, std::move(command));
        if (auto ok = finish(*body, request, reply); !ok) return std::move(reply).error(ok.error());
        context_.trunks.replace(write_context(request, context_.clock), std::move(command), *version, context_.executor,
                                when_stored(std::move(reply), shape_, 200));
    }

private:
    ApiContext& context_;
    Shape<Trunk> shape_;
};

json::object edge_group_json(const EdgeGroup& group, const OrganizationConfig&) {
    return envelope(group.id.str(), group.name, group.meta, kEdgeGroups);
}

json::object sip_profile_json(const SipProfile& profile, const OrganizationConfig&) {
    auto out = envelope(profile.id.str(), profile.name, profile.meta, kSipProfiles);
    out["codecs"] = trunk_codecs(profile.codecs);
    return out;
}

void fill_sip_profile(JsonReader& body, SipProfile& profile) {
    profile.name = body.required_text("name");
    auto codecs = body.texts("codecs", 16, 32);
    if (!codecs) return;
    profile.codecs.clear();
    for (const auto& name : *codecs) {
        const auto codec = telephony::codec_from(name, CodecSpelling::Trunk);
        codec
            ? profile.codecs.push_back(*codec)
            : body.refuse("codecs", "names the unsupported codec " + name + "; G711u, G711a, G729, Opus and GSM exist");
    }
}

}  // namespace

void add_trunks(Router& router, ApiContext& context) {
    const Shape<EdgeGroup> groups{kEdgeGroups,    "/api/v2/telephony/providers/edges/edgegroups/{edgeGroupId}",
                                  "edgeGroupId",  "edge group",
                                  kRead,          kWrite,
                                  edge_group_json};
    add_reads(router, groups, JsonFrom::ConfigurationAlone);
    add_writes<EdgeGroup>(router, context, groups, [](JsonReader& body, EdgeGroup& group) {
        body.ignore({"edgeTrunkBaseAssignment", "phoneTrunkBases", "managed", "hybrid"});
        group.name = body.required_text("name");
    });
    add_remove(router, context, groups, telephony::EntityType::EdgeGroup);

    const Shape<SipProfile> profiles{kSipProfiles,
                                     "/api/v2/telephony/providers/sipprofiles/{profileId}",
                                     "profileId",
                                     "SIP profile",
                                     {"telephony:sipprofile:read", "telephony:readonly"},
                                     kWrite,
                                     sip_profile_json,
                                     nullptr,
                                     ScopeRefusal::InsufficientScope};
    add_reads(router, profiles, JsonFrom::ConfigurationAlone);
    add_writes<SipProfile>(router, context, profiles, fill_sip_profile);
    add_remove(router, context, profiles, telephony::EntityType::SipProfile);

    const auto trunks = std::make_shared<TrunkRoutes>(context);
    const auto& shape = trunks->shape();
    add_reads(router, shape);
    add_remove(router, context, shape, telephony::EntityType::Trunk);
    router.add({"POST", shape.collection, shape.write,
                [trunks](ApiRequest request, Reply reply) { trunks->create(std::move(request), std::move(reply)); },
                shape.refusal});
    router.add({"PUT", shape.item, shape.write,
                [trunks](ApiRequest request, Reply reply) { trunks->replace(std::move(request), std::move(reply)); },
                shape.refusal});
}

}  // namespace dp::api

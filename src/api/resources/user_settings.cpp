/// @file /api/v2/telephony/users/{userId}/settings (seed 0, section 3): the `webRtc` and `sofia` objects of a user,
/// both always present.
#include "api/resources/entity_routes.hpp"
#include "api/resources/resources.hpp"
#include "telephony/dialing/dial_rules.hpp"
#include "telephony/dialing/outbound_policy.hpp"
#include "telephony/phones/ice_profile.hpp"

namespace dp::api {

namespace json = boost::json;
using telephony::CodecSpelling;
using telephony::EndpointSettings;
using telephony::IceTransportPolicy;
using telephony::UserTelephonySettings;

namespace {

json::object endpoint_json(const EndpointSettings& endpoint) {
    json::array rules, codecs, servers;
    for (const auto& rule : endpoint.dial_rules)
        rules.push_back(
            json::object{{"pattern", rule.pattern}, {"prefix", rule.prefix}, {"description", rule.description}});
    for (auto codec : endpoint.codecs) codecs.emplace_back(telephony::name_of(codec, CodecSpelling::Settings));
    for (const auto& server : endpoint.stun_servers) servers.emplace_back(server);
    json::object out{{"enabled", endpoint.enabled},
                     {"dialRules", std::move(rules)},
                     {"codecs", std::move(codecs)},
                     {"stunServers", std::move(servers)}};
    if (!endpoint.network_config.empty()) out["networkConfigId"] = endpoint.network_config.str();
    if (endpoint.ice_transport_policy) out["iceTransportPolicy"] = to_string(*endpoint.ice_transport_policy);
    return out;
}

json::object settings_json(const UserTelephonySettings& settings) {
    auto out = envelope(settings.id.str(), "", settings.meta, "/api/v2/telephony/users");
    if (settings.meta.version == 0)  // nobody has written any: these are the defaults
        for (const auto* unknown : {"dateCreated", "dateModified", "createdBy", "modifiedBy"}) out.erase(unknown);
    out["userId"] = settings.id.str();
    out["webRtc"] = endpoint_json(settings.web_rtc);
    out["sofia"] = endpoint_json(settings.sofia);
    out["selfUri"] = "/api/v2/telephony/users/" + settings.id.str() + "/settings";
    return out;
}

std::optional<IceTransportPolicy> read_policy(JsonReader& body) {
    const auto policy = body.text("iceTransportPolicy", 8);
    if (!policy) return std::nullopt;
    if (*policy != "all" && *policy != "relay") body.refuse("iceTransportPolicy", "must be all or relay");
    return *policy == "relay" ? IceTransportPolicy::Relay : IceTransportPolicy::All;
}

std::vector<telephony::DialRule> read_rules(JsonReader& body) {
    std::vector<telephony::DialRule> out;
    for (auto* rule : body.objects("dialRules", telephony::kMaxDialRules)) {
        telephony::DialRule read;
        read.pattern = rule->required_text("pattern", telephony::kMaxDialRulePattern);
        read.prefix = rule->text("prefix", 32).value_or("");
        read.description = rule->text("description").value_or("");
        out.push_back(std::move(read));
    }
    return out;
}

telephony::CodecList read_codecs(JsonReader& body) {
    telephony::CodecList out;
    const auto names = body.texts("codecs", 16, 32).value_or(std::vector<std::string>{});
    for (std::size_t i = 0; i < names.size(); ++i) {
        const auto codec = telephony::codec_from_any(names[i]);
        codec ? out.push_back(*codec)
              : body.refuse("codecs[" + std::to_string(i) + "]", "must be one of OPUS, G722, PCMU, PCMA, G729, GSM");
    }
    return out;
}

/// A PUT replaces the object as a whole: what is absent is the default.
EndpointSettings read_endpoint(JsonReader& body) {
    EndpointSettings out;
    out.enabled = body.boolean("enabled").value_or(true);
    out.dial_rules = read_rules(body);
    out.network_config = telephony::NetworkConfigurationId(body.text("networkConfigId", 64).value_or(""));
    out.codecs = read_codecs(body);
    out.stun_servers = body.texts("stunServers", 16).value_or(std::vector<std::string>{});
    out.ice_transport_policy = read_policy(body);
    return out;
}

void read_settings(const ApiRequest& request, Reply reply) {
    const auto& id = request.parameter("userId");
    const auto& config = request.config();
    if (!config.user(telephony::UserId(id))) return std::move(reply).error(not_found("user", id));
    const auto& stored = config.settings_of(telephony::UserId(id));
    UserTelephonySettings preset;
    preset.id = telephony::UserId(id);
    preset.meta.organization = config.id();
    const auto& settings = stored ? *stored : preset;
    reply.add_header("ETag", "\"" + std::to_string(settings.meta.version) + "\"");
    std::move(reply).json(200, settings_json(settings));
}

/// In the answer for people who read it, and as headers (RFC 7234 section 5.5) for programs that read nothing else.
json::array warnings_json(const telephony::OrganizationConfig& config, const UserTelephonySettings& settings,
                          Reply& reply) {
    json::array out;
    for (const std::string& remark : telephony::remarks_on(config, settings)) {
        reply.add_header("Warning", "299 - \"" + remark + '"');
        out.emplace_back(remark);
    }
    return out;
}

void replace_settings(ApiContext& context, ApiRequest request, Reply reply) {
    const telephony::UserId id(request.parameter("userId"));
    if (!request.config().user(id)) return std::move(reply).error(not_found("user", id.str()));
    auto body = body_of(request);
    if (!body) return std::move(reply).error(body.error());
    auto& fields = **body;
    auto version = expected_version(request, fields);
    if (!version) return std::move(reply).error(version.error());
    UserTelephonySettings settings;
    settings.id = id;
    settings.meta.organization = request.caller->organization;
    fields.ignore(kEnvelopeFields);
    fields.ignore({"name", "userId", "warnings"});
    auto* web_rtc = fields.required_object("webRtc");
    auto* sofia = fields.required_object("sofia");
    if (web_rtc) settings.web_rtc = read_endpoint(*web_rtc);
    if (sofia) settings.sofia = read_endpoint(*sofia);
    // Read at top level, too: seed 0's second edge case adds it beside the two objects.
    if (const auto policy = read_policy(fields)) settings.web_rtc.ice_transport_policy = policy;
    if (auto ok = finish(*body, request, reply); !ok) return std::move(reply).error(ok.error());
    auto done = [reply = std::move(reply)](Result<telephony::Committed> stored) mutable {
        if (!stored) return std::move(reply).error(stored.error());
        const auto& entity = *std::get<telephony::Ptr<UserTelephonySettings>>(stored->entities.front());
        const auto& config = *stored->snapshot->organization(entity.meta.organization);
        auto body = settings_json(entity);
        body["warnings"] = warnings_json(config, entity, reply);
        reply.add_header("ETag", "\"" + std::to_string(entity.meta.version) + "\"");
        std::move(reply).json(200, body);
    };
    const bool present = static_cast<bool>(request.config().settings_of(id));
    const auto write = write_context(request, context.clock);
    if (present)
        context.configuration.replace(write, std::move(settings), *version, context.executor, std::move(done));
    else
        context.configuration.create(write, std::move(settings), context.executor, std::move(done));
}

json::object plan_json(const telephony::DialPlan& plan, const std::string& destination) {
    json::object out{{"destination", destination},
                     {"matched", plan.rule.has_value()},
                     {"result", plan.dialed},
                     {"accepted", plan.accepted},
                     {"emergency", plan.emergency}};
    if (!plan.rule) return out;
    const auto& rule = plan.rules[*plan.rule];
    out["rule"] = json::object{{"index", *plan.rule},
                               {"endpoint", plan.endpoint},
                               {"pattern", rule.pattern},
                               {"prefix", rule.prefix},
                               {"description", rule.description}};
    return out;
}

/// What a call would dial, with the stored rules or with those of the body; nothing is stored and nothing rings.
void try_rules(const ApiRequest& request, Reply reply) {
    const telephony::UserId id(request.parameter("userId"));
    if (!request.config().user(id)) return std::move(reply).error(not_found("user", id.str()));
    auto body = body_of(request);
    if (!body) return std::move(reply).error(body.error());
    const auto destination = (*body)->required_text("destination", 64);
    const bool own = (*body)->has("dialRules");
    UserTelephonySettings trial;
    trial.web_rtc.dial_rules = read_rules(**body);
    if (auto ok = finish(*body, request, reply); !ok) return std::move(reply).error(ok.error());
    for (std::size_t i = 0; i < trial.web_rtc.dial_rules.size(); ++i)
        if (auto ok = telephony::validate(trial.web_rtc.dial_rules[i], "dialRules[" + std::to_string(i) + "]"); !ok)
            return std::move(reply).error(ok.error());
    const auto* settings = own ? &trial : request.config().settings_of(id).get();
    std::move(reply).json(200,
                          plan_json(telephony::plan_dialing(request.config(), settings, destination), destination));
}

}  // namespace

void add_user_settings(Router& router, ApiContext& context) {
    constexpr std::string_view kPath = "/api/v2/telephony/users/{userId}/settings";
    const Scopes scopes{"telephony:user-settings:edit", "telephony"};
    router.add(
        {"GET", kPath, scopes, [](ApiRequest request, Reply reply) { read_settings(request, std::move(reply)); }});
    router.add({"PUT", kPath, scopes, [&context](ApiRequest request, Reply reply) {
                    replace_settings(context, std::move(request), std::move(reply));
                }});
    router.add({"POST", "/api/v2/telephony/users/{userId}/settings/dialrules/test", scopes,
                [](ApiRequest request, Reply reply) { try_rules(request, std::move(reply)); }});
}

}  // namespace dp::api

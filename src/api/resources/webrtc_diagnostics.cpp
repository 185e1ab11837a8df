#include "api/resources/webrtc_diagnostics.hpp"

#include <fmt/format.h>

#include <array>
#include <set>

#include "api/probe_target.hpp"
#include "api/resources/entity_routes.hpp"
#include "telephony/phones/media_path.hpp"

namespace dp::api {

namespace json = boost::json;
using net::ProbeResult;
using net::ProbeTarget;
using net::ProbeTransport;
using net::ProbeVerdict;
using telephony::IceOutcome;
using telephony::IceServerUri;
using telephony::IceSession;

namespace {

/// Seed 0, edge case 2: "Corporate firewall blocks UDP ports 3478 through 3481".
constexpr std::array<std::uint16_t, 4> kMediaPorts{3478, 3479, 3480, 3481};
constexpr std::size_t kMaxServers = 16;
constexpr std::size_t kMaxHosts = 4;
static_assert(kMaxServers + kMaxHosts * kMediaPorts.size() <= net::IceProber::kMaxTargets);
constexpr std::size_t kSessionsShown = 20;
constexpr std::size_t kMaxErrors = 8;
constexpr std::int64_t kMaxCandidates = 1000;
constexpr std::int64_t kMaxGathering = 600'000;

std::string_view to_string(ProbeVerdict verdict) {
    switch (verdict) {
        case ProbeVerdict::Answers:
            return "answers";
        case ProbeVerdict::Unexpected:
            return "unexpected";
        case ProbeVerdict::Refused:
            return "refused";
        case ProbeVerdict::Silent:
            return "silent";
        case ProbeVerdict::Unreachable:
            return "unreachable";
        case ProbeVerdict::Unresolved:
            return "unresolved";
        case ProbeVerdict::NotAllowed:
            return "notAllowed";
    }
    return "";
}

std::string advice_on(ProbeVerdict verdict) {
    switch (verdict) {
        case ProbeVerdict::Answers:
            return "";
        case ProbeVerdict::Unexpected:
            return "Something answers, but not as such a server does: check address and port.";
        case ProbeVerdict::Refused:
            return "The host is reached and nobody listens there: start the server, or correct the port.";
        case ProbeVerdict::Silent:
            return "No answer: let this port through the firewall, or add a turn: server with ?transport=tcp or "
                   "turns:.";
        case ProbeVerdict::Unreachable:
            return "There is no route to the host.";
        case ProbeVerdict::Unresolved:
            return "The name has no address: correct it, or mend the DNS.";
        case ProbeVerdict::NotAllowed:
            return "A private address: the server probes those only with --probe-private.";
    }
    return "";
}

/// How the servers of a profile are asked, and the ports of their hosts.
struct ProbePlan {
    std::vector<IceServerUri> servers;
    std::vector<std::string> hosts;
    std::vector<ProbeTarget> targets;  ///< servers, then each host's ports
};

ProbePlan plan_of(const std::vector<IceServerUri>& servers) {
    ProbePlan out;
    for (const auto& server : servers) {
        if (out.servers.size() == kMaxServers || std::ranges::find(out.servers, server) != out.servers.end()) continue;
        out.servers.push_back(server);
        out.targets.push_back(
            probe_target(server, server.is_turn() ? ice::ProbeKind::Allocate : ice::ProbeKind::Binding));
        if (out.hosts.size() < kMaxHosts && std::ranges::find(out.hosts, server.host) == out.hosts.end())
            out.hosts.push_back(server.host);
    }
    for (const auto& host : out.hosts)
        for (const auto port : kMediaPorts)
            out.targets.push_back({host, port, ProbeTransport::Udp, ice::ProbeKind::Binding});
    return out;
}

void add_servers(std::vector<IceServerUri>& out, const std::vector<std::string>& texts) {
    for (const auto& text : texts) {
        if (out.size() == kMaxServers) return;
        auto server = telephony::parse_ice_server_uri(text);
        if (server && std::ranges::find(out, *server) == out.end()) out.push_back(std::move(*server));
    }
}

/// Where the user's phone stands.
telephony::SiteId site_of(const telephony::OrganizationConfig& config, const telephony::UserId& user) {
    for (const auto& phone : config.phones_of(user))
        if (phone->enabled) return phone->site;
    return {};
}

/// What the user's phone is given: its site's media regions' servers, else its settings'.
std::vector<IceServerUri> servers_of_user(const ApiContext& context, const telephony::OrganizationConfig& config,
                                          const telephony::UserId& user) {
    const auto path =
        telephony::media_path_of(config, site_of(config, user), user, context.round_trips, context.clock.wall());
    if (path.regions.empty()) return path.user.servers;
    std::vector<IceServerUri> out;
    for (const auto& region : path.regions) add_servers(out, region->servers);
    return out;
}

/// Everything that the organization's users may be given.
std::vector<IceServerUri> servers_of_all(const telephony::OrganizationConfig& config) {
    std::vector<IceServerUri> out;
    const auto add = [&](const std::vector<std::string>& texts) { add_servers(out, texts); };
    config.all<telephony::MediaRegion>().for_each([&](const auto& region) { add(region->servers); });
    config.all<telephony::NetworkConfiguration>().for_each([&](const auto& network) { add(network->stun_servers); });
    config.all<telephony::UserTelephonySettings>().for_each(
        [&](const auto& settings) { add(settings->web_rtc.stun_servers); });
    return out;
}

json::object result_json(const ProbeResult& result) {
    json::object out{{"verdict", to_string(result.verdict)}};
    if (result.address) out["address"] = result.address->str();
    if (result.verdict == ProbeVerdict::Answers)
        out["roundTripMilliseconds"] = std::chrono::ceil<std::chrono::milliseconds>(result.round_trip).count();
    if (result.answer.mapped) out["mappedAddress"] = result.answer.mapped->str();
    if (result.answer.challenged) out["realm"] = result.answer.realm;
    if (result.answer.error != 0) out["stunError"] = result.answer.error;
    if (auto advice = advice_on(result.verdict); !advice.empty()) out["advice"] = advice;
    return out;
}

json::array servers_json(const ProbePlan& plan, const std::vector<ProbeResult>& results) {
    json::array out;
    for (std::size_t i = 0; i < plan.servers.size(); ++i) {
        auto entry = result_json(results[i]);
        entry["uri"] = plan.servers[i].str();
        entry["probe"] = plan.targets[i].transport == ProbeTransport::Tls ? "connect"
                         : plan.servers[i].is_turn()                      ? "allocate"
                                                                          : "binding";
        out.push_back(std::move(entry));
    }
    return out;
}

/// A port is open when any host was heard from on it, be it by a refusal: the way there is free.
std::string_view port_state(const std::vector<ProbeVerdict>& verdicts) {
    const auto any = [&](ProbeVerdict verdict) { return std::ranges::find(verdicts, verdict) != verdicts.end(); };
    if (any(ProbeVerdict::Answers) || any(ProbeVerdict::Unexpected)) return "open";
    if (any(ProbeVerdict::Refused)) return "refused";
    return any(ProbeVerdict::Silent) || any(ProbeVerdict::Unreachable) ? "blocked" : "notProbed";
}

struct PortFindings {
    json::array ports;
    json::array blocked;
};

PortFindings ports_json(const ProbePlan& plan, const std::vector<ProbeResult>& results) {
    PortFindings out;
    for (std::size_t p = 0; p < kMediaPorts.size(); ++p) {
        std::vector<ProbeVerdict> verdicts;
        json::array hosts;
        for (std::size_t h = 0; h < plan.hosts.size(); ++h) {
            const auto& result = results[plan.servers.size() + h * kMediaPorts.size() + p];
            verdicts.push_back(result.verdict);
            hosts.push_back(json::object{{"host", plan.hosts[h]}, {"verdict", to_string(result.verdict)}});
        }
        const auto state = port_state(verdicts);
        out.ports.push_back(json::object{{"port", kMediaPorts[p]}, {"state", state}, {"hosts", std::move(hosts)}});
        if (state == "blocked") out.blocked.emplace_back(kMediaPorts[p]);
    }
    return out;
}

json::object session_json(const IceSession& session) {
    json::object out{{"userId", session.user.str()},
                     {"time", to_rfc3339(session.time)},
                     {"outcome", session.outcome == IceOutcome::Connected ? "connected" : "failed"},
                     {"iceState", session.ice_state},
                     {"candidates", json::object{{"host", session.candidates.host},
                                                 {"srflx", session.candidates.srflx},
                                                 {"prflx", session.candidates.prflx},
                                                 {"relay", session.candidates.relay}}}};
    if (!session.conversation.empty()) out["conversationId"] = session.conversation.str();
    if (session.gathering_ms) out["gatheringMilliseconds"] = *session.gathering_ms;
    if (session.outcome != IceOutcome::Connected) {
        out["code"] = telephony::diagnostic_code(session.outcome);
        out["cause"] = telephony::likely_cause(session);
    }
    if (!session.local.empty())
        out["selected"] =
            json::object{{"local", session.local}, {"remote", session.remote}, {"protocol", session.protocol}};
    json::array errors;
    for (const auto& error : session.errors)
        errors.push_back(json::object{{"url", error.url}, {"code", error.code}, {"text", error.text}});
    out["errors"] = std::move(errors);
    return out;
}

/// Which codes there are, each once.
json::array codes_of(const std::vector<IceSession>& sessions) {
    std::set<std::string_view> seen;
    for (const auto& session : sessions)
        if (session.outcome != IceOutcome::Connected) seen.insert(telephony::diagnostic_code(session.outcome));
    json::array out;
    for (const auto code : seen) out.emplace_back(code);
    return out;
}

json::object profile_json(const telephony::IceProfile& profile) {
    json::object out{{"iceTransportPolicy", to_string(profile.policy)},
                     {"forceTcp", profile.force_tcp},
                     {"hasRelay", profile.has_relay()}};
    if (profile.network) out["networkConfigId"] = profile.network->id.str();
    return out;
}

void add_findings(json::object& out, const ProbePlan& plan, const std::vector<ProbeResult>& results) {
    auto ports = ports_json(plan, results);
    out["servers"] = servers_json(plan, results);
    out["udpPorts"] = std::move(ports.ports);
    out["blockedUdpPorts"] = std::move(ports.blocked);
}

telephony::IceCandidateCounts read_candidates(JsonReader& body) {
    telephony::IceCandidateCounts out;
    auto* counts = body.object("candidates");
    if (!counts) return out;
    const auto count = [&](std::string_view name) { return counts->integer(name, 0, kMaxCandidates).value_or(0); };
    return {count("host"), count("srflx"), count("prflx"), count("relay")};
}

IceSession read_report(JsonReader& body) {
    IceSession out;
    out.conversation = telephony::ConversationId(body.text("conversationId", 64).value_or(""));
    const auto outcome = body.required_text("outcome", 32);
    if (outcome == "failed")
        out.outcome = IceOutcome::Failed;
    else if (outcome == "gatheringTimeout")
        out.outcome = IceOutcome::GatheringTimeout;
    else if (outcome != "connected")
        body.refuse("outcome", "must be connected, failed or gatheringTimeout");
    out.ice_state = body.text("iceState", 32).value_or("");
    out.gathering_ms = body.integer("gatheringMilliseconds", 0, kMaxGathering);
    out.candidates = read_candidates(body);
    for (auto* error : body.objects("errors", kMaxErrors))
        out.errors.push_back({error->text("url").value_or(""), error->integer("code", 0, 999).value_or(0),
                              error->text("text").value_or("")});
    if (auto* selected = body.object("selected")) {
        out.local = selected->required_text("local", 16);
        out.remote = selected->required_text("remote", 16);
        out.protocol = selected->text("protocol", 16).value_or("");
    }
    return out;
}

}  // namespace

void WebRtcDiagnostics::report(const ApiRequest& request, Reply reply) {
    if (request.caller->user.empty())
        return std::move(reply).error(400, "not.a.user",
                                      {ErrorCode::InvalidValue, "Only a user has a phone: this caller is none.", ""});
    auto body = body_of(request);
    if (!body) return std::move(reply).error(body.error());
    auto session = read_report(**body);
    if (auto ok = finish(*body, request, reply); !ok) return std::move(reply).error(ok.error());
    session.organization = request.caller->organization;
    session.user = request.caller->user;
    session.time = context_.clock.wall();
    sessions_.add(std::move(session));
    std::move(reply).empty(204);
}

void WebRtcDiagnostics::diagnose(const ApiRequest& request, Reply reply) {
    const auto& config = request.config();
    const auto asked = request.http.query_value("userId");
    const auto user = asked ? telephony::UserId(std::string(*asked)) : request.caller->user;
    if (!user.empty() && !config.user(user))
        return std::move(reply).error(
            {ErrorCode::InvalidValue, "userId '" + user.str() + "' does not exist.", "userId"});
    json::object out = records(config, user);
    auto plan = plan_of(!prober_       ? std::vector<IceServerUri>{}
                        : user.empty() ? servers_of_all(config)
                                       : servers_of_user(context_, config, user));
    if (plan.targets.empty()) {
        add_findings(out, plan, {});
        return std::move(reply).json(200, out);
    }
    auto shared = std::make_shared<Reply>(std::move(reply));
    auto targets = plan.targets;
    auto done = [shared, plan = std::move(plan), body = std::move(out)](std::vector<ProbeResult> results) mutable {
        add_findings(body, plan, results);
        std::move(*shared).json(200, body);
    };
    if (auto started = prober_->probe(std::move(targets), std::move(done)); !started)
        std::move(*shared).error(started.error());
}

json::object WebRtcDiagnostics::records(const telephony::OrganizationConfig& config,
                                        const telephony::UserId& user) const {
    const auto sessions = sessions_.newest(config.id(), user, kSessionsShown);
    json::array shown;
    for (const auto& session : sessions) shown.push_back(session_json(session));
    json::object out{{"codes", codes_of(sessions)}, {"sessions", std::move(shown)}};
    if (user.empty()) return out;
    out["userId"] = user.str();
    out["profile"] = profile_json(telephony::ice_profile_of(config, user));
    return out;
}

void WebRtcDiagnostics::add_routes(Router& router) {
    router.add({"GET",
                "/api/v2/telephony/diagnostics/web-r-t-c",
                {"telephony:web-r-t-c:view", "telephony:readonly", "telephony"},
                [this](ApiRequest request, Reply reply) { diagnose(request, std::move(reply)); }});
    router.add({"POST",
                "/api/v2/telephony/phones/me/ice-reports",
                {"telephony", "user:read:me", "user-basic-info"},
                [this](ApiRequest request, Reply reply) { report(request, std::move(reply)); }});
}

}  // namespace dp::api

/// @file What a trunk does rather than what it is: `POST …/edges/{id}/test` and `GET …/edges/{id}/metrics`.
#include "api/resources/entity_routes.hpp"
#include "api/resources/resources.hpp"

namespace dp::api {

namespace json = boost::json;
using telephony::LatencyWindow;
using telephony::Trunk;

namespace {

constexpr std::string_view kEdges = "/api/v2/telephony/providers/edges";
constexpr std::string_view kTest = "/api/v2/telephony/providers/edges/{edgeId}/test";
constexpr std::string_view kMetrics = "/api/v2/telephony/providers/edges/{edgeId}/metrics";

/// Milliseconds with their microseconds: a registrar on the same machine answers within one.
double millis(std::chrono::microseconds duration) {
    return static_cast<double>(duration.count()) / 1000;
}

json::object step_json(const telephony::CheckResult& step) {
    json::object out{{"step", to_string(step.step)},
                     {"verdict", to_string(step.verdict)},
                     {"durationMs", millis(step.took)},
                     {"detail", step.detail}};
    if (step.sip_status) out["sipStatus"] = step.sip_status;
    return out;
}

json::object report_json(const Trunk& trunk, const telephony::TrunkCheckReport& report) {
    json::array steps;
    for (const auto& step : report.steps) steps.push_back(step_json(step));
    return {{"edge", reference(trunk.id.str(), trunk.name, kEdges)},
            {"verdict", to_string(report.verdict())},
            {"startTime", to_rfc3339(report.started)},
            {"durationMs", millis(report.took)},
            {"steps", std::move(steps)}};
}

json::object percentiles(const LatencyWindow& window) {
    json::object out;
    for (const auto& [name, share] : {std::pair{"p50", 0.5}, {"p95", 0.95}, {"p99", 0.99}})
        if (const auto value = window.percentile(share)) out[name] = millis(*value);
    return out;
}

json::array results_json(const telephony::TrunkMeasures& measures) {
    json::array out;
    for (const auto& result : measures.results) {
        json::object each{{"timestamp", to_rfc3339(result.at)},
                          {"success", result.good},
                          {"registrationLatencyMs", result.latency.count()}};
        if (result.sip_status) each["sipStatus"] = result.sip_status;
        if (!result.reason.empty()) each["reason"] = result.reason;
        out.push_back(std::move(each));
    }
    return out;
}

json::object calls_json(const telephony::CallCounts& counts) {
    json::object out{{"seizures", counts.seizures}, {"answered", counts.answered}};
    if (counts.seizures)
        out["answerSeizureRatio"] = static_cast<double>(counts.answered) / static_cast<double>(counts.seizures);
    return out;
}

json::object metrics_json(const Trunk& trunk, const telephony::TrunkStatus& status, WallTime now) {
    const auto& measures = *status.measures;
    json::object probes{{"answered", measures.probes.total()},
                        {"failed", measures.probes_failed},
                        {"roundTripMs", percentiles(measures.probes)}};
    if (status.probed) probes["lastProbeTime"] = to_rfc3339(*status.probed);
    return {
        {"edge", reference(trunk.id.str(), trunk.name, kEdges)},
        {"eventTime", to_rfc3339(now)},
        {"registrations", json::object{{"succeeded", measures.registrations.total()},
                                       {"failed", measures.registrations_failed},
                                       {"latencyMs", percentiles(measures.registrations)},
                                       {"lastResults", results_json(measures)}}},
        {"probes", std::move(probes)},
        {"sessions", json::object{{"active", status.sessions}, {"limit", trunk.max_concurrent_sessions}}},
        {"calls", json::object{{"inbound", calls_json(status.inbound)}, {"outbound", calls_json(status.outbound)}}}};
}

/// The trunk of the path, or its 404.
telephony::Ptr<Trunk> trunk_of(const ApiRequest& request, Reply& reply) {
    const auto& id = request.parameter("edgeId");
    const auto& trunk = request.config().trunk(telephony::TrunkId(id));
    if (!trunk) std::move(reply).error(not_found("edge", id));
    return trunk;
}

}  // namespace

void add_trunk_live(Router& router, ApiContext& context) {
    router.add({"POST",
                kTest,
                {"telephony:edge:write", "telephony"},
                [&context](ApiRequest request, Reply reply) {
                    const auto trunk = trunk_of(request, reply);
                    if (!trunk) return;
                    context.calls.check_trunk(
                        trunk, context.executor,
                        [trunk, reply = std::move(reply)](Result<telephony::TrunkCheckReport> report) mutable {
                            if (!report) return std::move(reply).error(report.error());
                            std::move(reply).json(200, report_json(*trunk, *report));
                        });
                },
                ScopeRefusal::InsufficientScope});
    router.add({"GET",
                kMetrics,
                {"telephony:edge:read", "telephony:readonly"},
                [&context](ApiRequest request, Reply reply) {
                    const auto trunk = trunk_of(request, reply);
                    if (!trunk) return;
                    const auto status = context.live_trunks.find(trunk->id);
                    std::move(reply).json(
                        200, metrics_json(*trunk, status ? *status : telephony::TrunkStatus{}, context.clock.wall()));
                },
                ScopeRefusal::InsufficientScope});
}

}  // namespace dp::api

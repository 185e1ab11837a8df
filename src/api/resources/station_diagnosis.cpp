/// @file GET /api/v2/stations/{stationId}/diagnosis: seed 2's troubleshooting table, decided from live state.
#include "telephony/phones/station_diagnosis.hpp"

#include "api/resources/entity_routes.hpp"
#include "api/resources/phone_views.hpp"

namespace dp::api {

namespace json = boost::json;

namespace {

class LiveConditions final : public telephony::TrunkConditions {
public:
    explicit LiveConditions(const telephony::LiveTrunks& live) : live_(live) {}
    telephony::TrunkCondition of(const telephony::TrunkId& trunk) const override {
        const auto status = live_.find(trunk);
        if (!status) return {};
        return {status->registration, status->health, status->sessions};
    }

private:
    const telephony::LiveTrunks& live_;
};

json::object finding_json(const telephony::Finding& finding) {
    json::array evidence;
    for (const auto& line : finding.evidence) evidence.emplace_back(line);
    return {{"code", finding.code},     {"issue", finding.issue},
            {"cause", finding.cause},   {"resolution", finding.resolution},
            {"found", finding.found()}, {"evidence", std::move(evidence)}};
}

/// What the media engine reported of a call, newest last.
json::array recent_calls_json(const telephony::Ptr<telephony::Station>& station) {
    json::array out;
    if (!station) return out;
    for (const auto& call : station->recent_calls) {
        json::object entry{{"conversationId", call.conversation.str()},
                           {"observed", to_rfc3339(call.observed)},
                           {"packetsReceived", call.packets_received},
                           {"packetsLost", call.packets_lost},
                           {"lossPercent", call.loss_percent()},
                           {"jitterMs", call.jitter_ms},
                           {"oneWay", call.one_way}};
        if (call.round_trip_ms) entry["roundTripMs"] = *call.round_trip_ms;
        if (call.remote_loss_percent) entry["remoteLossPercent"] = *call.remote_loss_percent;
        if (call.packets_sampled > 0) entry["silent"] = call.packets_silent == call.packets_sampled;
        out.push_back(std::move(entry));
    }
    return out;
}

void answer_diagnosis(const ApiContext& context, const ApiRequest& request, Reply reply) {
    const auto& id = request.parameter("stationId");
    const auto& phone = request.config().phone_of_station(telephony::StationId(id));
    if (!phone) return std::move(reply).error(not_found("station", id));
    const auto station = context.live_stations.find(phone->station);
    const LiveConditions trunks(context.live_trunks);
    const auto findings = telephony::diagnose({.config = request.config(),
                                               .phone = *phone,
                                               .station = station,
                                               .trunks = trunks,
                                               .round_trips = context.round_trips,
                                               .now = context.clock.wall()});
    json::array rows;
    for (const auto& finding : findings) rows.push_back(finding_json(finding));
    const auto found = std::ranges::count_if(findings, &telephony::Finding::found);
    std::move(reply).json(200, json::object{{"stationId", phone->station.str()},
                                            {"phoneId", phone->id.str()},
                                            {"checked", to_rfc3339(context.clock.wall())},
                                            {"healthy", found == 0},
                                            {"findings", std::move(rows)},
                                            {"recentCalls", recent_calls_json(station)}});
}

}  // namespace

void add_station_diagnosis(Router& router, ApiContext& context) {
    router.add({"GET",
                "/api/v2/stations/{stationId}/diagnosis",
                {"stations:readonly", "telephony:readonly", "telephony:user-settings:edit"},
                [&context](ApiRequest request, Reply reply) { answer_diagnosis(context, request, std::move(reply)); }});
}

}  // namespace dp::api

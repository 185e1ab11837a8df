#include "app/cli/number_estate.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <thread>

#include "app/cli/documents.hpp"
#include "app/cli/poll_schedule.hpp"
#include "app/cli/resource_client.hpp"
#include "app/cli/schema_check.hpp"
#include "net/http_message.hpp"

namespace dp::app::cli {

namespace json = boost::json;

namespace {

constexpr std::string_view kNumbers = "/api/v2/telephony/phone/numbers";

/// Where the targets of a routing object are read.
struct TargetKind {
    std::string_view type;
    std::string_view collection;
    std::string_view item;  ///< in the OpenAPI document
};
constexpr TargetKind kTargets[] = {{"user", "/api/v2/users", "/api/v2/users/{userId}"},
                                   {"queue", "/api/v2/routing/queues", "/api/v2/routing/queues/{queueId}"},
                                   {"callflow", "/api/v2/flows", "/api/v2/flows/{flowId}"}};

std::string path_of(const std::string& id) {
    return fmt::format("{}/{}", kNumbers, net::percent_encode(id));
}

ApiSession::Headers if_match(std::int64_t version) {
    return {{"If-Match", fmt::format("\"{}\"", version)}};
}

Result<ApiAnswer> checked(Result<ApiAnswer> answer) {
    if (answer && answer->status >= 400) return std::unexpected(error_of(*answer));
    return answer;
}

/// What PUT takes: a member that the plan removes is null, or empty where null is no value.
json::object put_body(const Change& change) {
    json::object out = change.after;
    if (change.before.contains("routing") && !out.contains("routing")) out["routing"] = nullptr;
    if (change.before.contains("label") && !out.contains("label")) out["label"] = "";
    return out;
}

}  // namespace

Result<Estate> NumberEstate::read() {
    DP_TRY(kind, resource_kind("numbers"));
    DP_TRY(numbers, ResourceClient(session_).list(*kind, {}));
    return estate_of(numbers);
}

Result<std::optional<std::string>> NumberEstate::target_fault(std::string_view type, const std::string& id) {
    const auto kind = std::ranges::find(kTargets, type, &TargetKind::type);
    if (id.empty() || kind == std::end(kTargets) || !has_path(document_, kind->item)) return std::nullopt;
    const auto path = fmt::format("{}/{}", kind->collection, net::percent_encode(id));
    auto known = targets_.find(path);
    if (known == targets_.end()) {
        DP_TRY(answer, session_.exchange("GET", path));
        if (answer.status >= 400 && answer.status != 404) return std::unexpected(error_of(answer));
        known = targets_.emplace(path, answer.status != 404).first;
    }
    if (known->second) return std::nullopt;
    return std::optional(fmt::format("would lead to the {} {}, which is not there.", type, id));
}

Result<std::vector<Problem>> NumberEstate::check(const Plan& plan) {
    std::vector<Problem> out;
    if (plan.changes.empty()) return out;
    DP_TRY(document, session_.request("GET", "/openapi.json"));
    document_ = std::move(document);
    for (const auto& change : plan.changes) {
        const auto* routing = change.after.if_contains("routing");
        if (routing) {
            if (auto fault = schema_fault(document_, "NumberRouting", *routing); !fault.empty())
                out.push_back({change.number, std::move(fault)});
            DP_TRY(target, target_fault(text_at(*routing, "type"), text_at(*routing, "id")));
            if (target) out.push_back({change.number, *target});
            DP_TRY(flow, target_fault("callflow", text_at(*routing, "callflowId")));
            if (flow) out.push_back({change.number, *flow});
        }
        if (change.kind != ChangeKind::Order) continue;
        json::object whole = change.after;
        whole["name"] = change.number;  // the answer's schema requires it; the server makes it
        if (auto fault = schema_fault(document_, "TelephonyPhoneNumber", whole); !fault.empty())
            out.push_back({change.number, std::move(fault)});
    }
    return out;
}

Result<std::string> NumberEstate::order(const Change& change) {
    DP_TRY(answer, checked(session_.exchange("POST", kNumbers, json::serialize(change.after))));
    return text_at(answer.body, "id");
}

Result<void> NumberEstate::explain_conflict(const Change& change, const ApiAnswer& answer) {
    const auto error = error_of(answer);
    if (error.code != ErrorCode::Conflict) return std::unexpected(error);
    DP_TRY(now, checked(session_.exchange("GET", path_of(change.id))));
    const auto* version = member_at(now.body, "version");
    if (version && *version != change.version)
        return fail(ErrorCode::Conflict,
                    fmt::format("{} was changed by somebody else since it was read (version {}, now {}): nothing was "
                                "written to it; plan again.",
                                change.number, change.version, json::serialize(*version)));
    return std::unexpected(error);
}

Result<void> NumberEstate::assign(const Change& change, const Permissions& permissions) {
    auto headers = if_match(change.version);
    // The server's own guard stands behind ours.
    if (!permissions.drop_callflow) headers.emplace_back("Prefer", "handling=strict");
    DP_TRY(answer, session_.exchange("PUT", path_of(change.id), json::serialize(put_body(change)), headers));
    if (answer.status >= 400) return explain_conflict(change, answer);
    return {};
}

Result<void> NumberEstate::release(const Change& change) {
    // DELETE knows no If-Match: the version is looked at right before.
    DP_TRY(now, checked(session_.exchange("GET", path_of(change.id))));
    const auto* version = member_at(now.body, "version");
    if (version && *version != change.version)
        return fail(ErrorCode::Conflict,
                    fmt::format("{} was changed by somebody else since it was read: plan again.", change.number));
    DP_CHECK(checked(session_.exchange("DELETE", path_of(change.id))));
    return {};
}

Result<void> NumberEstate::wait_active(const std::string& number, const std::string& id, std::chrono::seconds window) {
    PollSchedule schedule(window);
    for (auto wait = schedule.next(); wait; wait = schedule.next()) {
        std::this_thread::sleep_for(*wait);
        DP_TRY(status, session_.request("GET", path_of(id) + "/status"));
        const auto state = text_at(status, "state");
        if (state == "active") return {};
        if (state != "pending" && state != "provisioning")
            return fail(ErrorCode::Conflict,
                        fmt::format("{} is {}: {} {}", number, state, text_at(status, "carrierCode"),
                                    text_at(status, "carrierText")));
    }
    DP_TRY(status, session_.request("GET", path_of(id) + "/status"));
    const auto reason = text_at(status, "reason");
    return fail(ErrorCode::Timeout,
                fmt::format("{} is still {} after {} s{}{}; the order goes on.", number, text_at(status, "state"),
                            window.count(), reason.empty() ? "" : ": ", reason));
}

Result<std::vector<RoutingSnapshot>> NumberEstate::history(const std::string& id) {
    DP_TRY(body, session_.request("GET", path_of(id) + "/routing/history"));
    std::vector<RoutingSnapshot> out;
    const auto* entities = member_at(body, "entities");
    if (entities && entities->is_array())
        for (const auto& entity : entities->get_array()) {
            const auto* routing = member_at(entity, "routing");
            out.push_back({text_at(entity, "id"), text_at(entity, "date"), routing ? *routing : json::value(nullptr)});
        }
    return out;
}

Result<void> NumberEstate::rollback(const std::string& id, const RoutingSnapshot& snapshot, std::int64_t version) {
    const json::object body{{"id", snapshot.id}, {"version", version}};
    DP_CHECK(session_.request("POST", path_of(id) + "/routing/rollback", json::serialize(body)));
    return {};
}

}  // namespace dp::app::cli

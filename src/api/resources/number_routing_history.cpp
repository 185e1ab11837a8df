/// @file The snapshots of a number's routing object: every one it ever had, read from the event log, and the way back to
/// one (seed 0: "We treat routing objects as immutable snapshots").
#include "api/resources/numbers.hpp"
#include "telephony/names.hpp"

namespace dp::api {

namespace json = boost::json;
using telephony::Event;
using telephony::Number;
using telephony::NumberId;
using telephony::NumberRouting;

namespace {

constexpr std::size_t kMaxSnapshots = 1000;

struct RoutingSnapshot {
    std::uint64_t sequence = 0;
    std::int64_t version = 0;
    WallTime time{};
    std::string by{};
    std::optional<NumberRouting> routing{};
};

std::string text_of(const json::object& object, std::string_view name) {
    const auto* value = object.if_contains(name);
    return value && value->is_string() ? std::string(value->get_string()) : "";
}

std::int64_t number_of(const json::object& object, std::string_view name) {
    const auto* value = object.if_contains(name);
    return value && value->is_int64() ? value->get_int64() : 0;
}

json::object payload_of(const Event& event) {
    boost::system::error_code problem;
    auto parsed = json::parse(event.payload, problem);
    return !problem && parsed.is_object() ? std::move(parsed.get_object()) : json::object();
}

RoutingSnapshot snapshot_of(const Event& event) {
    RoutingSnapshot out{.sequence = event.sequence, .time = event.time};
    const auto payload = payload_of(event);
    out.version = number_of(payload, "version");
    out.by = text_of(payload, "by");
    const auto kind = telephony::from_name<telephony::RoutingKind>(text_of(payload, "routingType"));
    if (!kind) return out;
    out.routing = NumberRouting{.kind = *kind,
                                .id = text_of(payload, "routingId"),
                                .display_name = text_of(payload, "displayName"),
                                .routing_type = text_of(payload, "routingSubtype"),
                                .callflow = telephony::CallFlowId(text_of(payload, "callflowId"))};
    return out;
}

/// What stood before the first change that was recorded: of a number that came without an event of its own (first run,
/// caller IDs of an account, an order without routing). Its id is 0, as no event's is.
std::optional<RoutingSnapshot> snapshot_before(const Event& first, const Number& number) {
    const auto payload = payload_of(first);
    if (!payload.contains("beforeVersion")) return std::nullopt;
    RoutingSnapshot out{
        .version = number_of(payload, "beforeVersion"), .time = number.meta.created, .by = number.meta.created_by};
    const auto kind = telephony::from_name<telephony::RoutingKind>(text_of(payload, "beforeRoutingType"));
    if (!kind) return out;
    out.routing = NumberRouting{.kind = *kind,
                                .id = text_of(payload, "beforeRoutingId"),
                                .display_name = text_of(payload, "beforeDisplayName"),
                                .routing_type = text_of(payload, "beforeRoutingSubtype"),
                                .callflow = telephony::CallFlowId(text_of(payload, "beforeCallflowId"))};
    return out;
}

json::object snapshot_json(const RoutingSnapshot& snapshot) {
    return {{"id", std::to_string(snapshot.sequence)},
            {"version", snapshot.version},
            {"date", to_rfc3339(snapshot.time)},
            {"by", snapshot.by},
            {"routing", snapshot.routing ? json::value(routing_json(*snapshot.routing)) : json::value(nullptr)}};
}

/// The newest ones, oldest of them first.
void find_snapshots(ApiContext& context, const ApiRequest& request, const telephony::Ptr<Number>& number,
                    std::move_only_function<void(Result<std::vector<RoutingSnapshot>>)> reply) {
    telephony::EventQuery query;
    query.organization = request.caller->organization;
    query.types = {std::string(telephony::event_type::kNumberRoutingChanged)};
    query.resource_ids = {number->id.str()};
    query.limit = kMaxSnapshots;
    query.order = telephony::LogOrder::NewestFirst;
    context.store.find_events(query, context.executor,
                              [reply = std::move(reply), number](Result<std::vector<Event>> events) mutable {
                                  if (!events) return reply(std::unexpected(events.error()));
                                  std::ranges::reverse(*events);
                                  std::vector<RoutingSnapshot> out;
                                  if (!events->empty())
                                      if (auto before = snapshot_before(events->front(), *number))
                                          out.push_back(std::move(*before));
                                  for (const Event& event : *events) out.push_back(snapshot_of(event));
                                  reply(std::move(out));
                              });
}

void history(ApiContext& context, const ApiRequest& request, Reply reply) {
    const auto& id = request.parameter("phoneNumberId");
    const auto& number = request.config().number(NumberId(id));
    if (!number) return std::move(reply).error(not_found("phone number", id));
    find_snapshots(context, request, number,
                   [reply = std::move(reply)](const Result<std::vector<RoutingSnapshot>>& found) mutable {
                       if (!found) return std::move(reply).error(found.error());
                       json::array entities;
                       for (auto it = found->rbegin(); it != found->rend(); ++it)
                           entities.push_back(snapshot_json(*it));
                       std::move(reply).json(200, json::object{{"entities", std::move(entities)}});
                   });
}

/// The snapshot named, else the one before the present.
const RoutingSnapshot* wanted(const std::vector<RoutingSnapshot>& snapshots, const std::optional<std::string>& id) {
    if (!id) return snapshots.size() < 2 ? nullptr : &snapshots[snapshots.size() - 2];
    const auto found = std::ranges::find(snapshots, *id, [](const auto& s) { return std::to_string(s.sequence); });
    return found == snapshots.end() ? nullptr : &*found;
}

void rollback(ApiContext& context, const Shape<Number>& shape, ApiRequest request, Reply reply) {
    const std::string id = request.parameter("phoneNumberId");
    const auto& present = request.config().number(NumberId(id));
    if (!present) return std::move(reply).error(not_found("phone number", id));
    std::optional<std::string> snapshot;
    std::int64_t version = telephony::kAnyVersion;
    if (!request.http.body.empty()) {
        auto body = body_of(request);
        if (!body) return std::move(reply).error(body.error());
        auto expected = expected_version(request, **body);
        if (!expected) return std::move(reply).error(expected.error());
        version = *expected;
        snapshot = (*body)->text("id", 32);
        if (auto ok = finish(*body, request, reply); !ok) return std::move(reply).error(ok.error());
    }
    auto write = write_context(request, context.clock);
    find_snapshots(context, request, present,
                   [&context, shape, snapshot, version, id, before = present->routing, write = std::move(write),
                    reply = std::move(reply)](const Result<std::vector<RoutingSnapshot>>& found) mutable {
                       if (!found) return std::move(reply).error(found.error());
                       const auto* target = wanted(*found, snapshot);
                       if (!target)
                           return std::move(reply).error(
                               {ErrorCode::InvalidValue, "id: the number has no such routing snapshot.", "id"});
                       const bool drops = telephony::drops_callflow(before, target->routing);
                       context.numbers.update(std::move(write), NumberId(id), {.routing = target->routing}, version,
                                              context.executor, when_assigned(std::move(reply), shape, drops));
                   });
}

}  // namespace

void add_routing_history(Router& router, ApiContext& context, const Shape<Number>& shape) {
    router.add({"GET", "/api/v2/telephony/phone/numbers/{phoneNumberId}/routing/history", shape.read,
                [&context](ApiRequest request, Reply reply) { history(context, request, std::move(reply)); }});
    router.add({"POST", "/api/v2/telephony/phone/numbers/{phoneNumberId}/routing/rollback", shape.write,
                [&context, shape](ApiRequest request, Reply reply) {
                    rollback(context, shape, std::move(request), std::move(reply));
                }});
}

}  // namespace dp::api

/// @file /api/v2/flows: call flows. The envelope is Genesys's; `definition` is our own language (docs/call-flows.md),
/// which `latestconfiguration` answers, too.
#include "api/resources/entity_routes.hpp"
#include "api/resources/resources.hpp"
#include "api/resources/route_target_json.hpp"
#include "telephony/names.hpp"

namespace dp::api {

namespace json = boost::json;
using telephony::CallFlow;
using telephony::FlowStep;
using telephony::FlowStepKind;
using telephony::OrganizationConfig;

namespace {

constexpr std::string_view kFlows = "/api/v2/flows";
constexpr std::string_view kType = "inboundcall";
const Scopes kRead{"architect:readonly", "architect"};
const Scopes kWrite{"architect"};

void put(json::object& out, std::string_view key, const std::string& value) {
    if (!value.empty()) out[key] = value;
}

void put_menu(json::object& out, const FlowStep& step) {
    json::array choices;
    for (const auto& choice : step.choices) {
        json::object entry{{"digit", choice.digit}};
        put(entry, "next", choice.next);
        choices.push_back(std::move(entry));
    }
    out["choices"] = std::move(choices);
    out["tries"] = step.tries;
    out["timeoutSeconds"] = step.digit_timeout.count();
    put(out, "noChoice", step.no_choice);
}

json::object step_json(const FlowStep& step) {
    json::object out{{"id", step.id}, {"type", telephony::name_of(step.kind)}};
    put(out, "prompt", step.prompt);
    if (step.kind == FlowStepKind::Menu) put_menu(out, step);
    if (step.kind == FlowStepKind::Schedule) {
        out["scheduleGroupId"] = step.schedule_group.str();
        put(out, "open", step.open);
        put(out, "closed", step.next);
        put(out, "holiday", step.holiday);
    } else {
        put(out, "next", step.next);
    }
    if (step.target) out["target"] = target_json(*step.target);
    return out;
}

json::object definition_json(const CallFlow& flow) {
    json::array steps;
    for (const FlowStep& step : flow.steps) steps.push_back(step_json(step));
    json::object out{{"answer", telephony::name_of(flow.answer)}, {"steps", std::move(steps)}};
    put(out, "start", flow.start);
    if (flow.fallback) out["fallback"] = target_json(*flow.fallback);
    return out;
}

json::object flow_json(const CallFlow& flow, const OrganizationConfig&) {
    auto out = envelope(flow.id.str(), flow.name, flow.meta, kFlows);
    out["description"] = flow.description;
    out["type"] = kType;
    out["active"] = flow.enabled;
    out["definition"] = definition_json(flow);
    return out;
}

void read_menu(JsonReader& body, FlowStep& step) {
    for (JsonReader* choice : body.objects("choices", 12))
        step.choices.push_back({choice->required_text("digit", 1), choice->text("next", 64).value_or("")});
    if (const auto tries = body.integer("tries", 1, 10)) step.tries = static_cast<std::int32_t>(*tries);
    if (const auto seconds = body.integer("timeoutSeconds", 1, 60)) step.digit_timeout = std::chrono::seconds(*seconds);
    step.no_choice = body.text("noChoice", 64).value_or("");
}

FlowStep read_step(JsonReader& body) {
    FlowStep step;
    step.id = body.required_text("id", 64);
    const auto type = body.required_text("type", 16);
    if (const auto kind = telephony::from_name<FlowStepKind>(type))
        step.kind = *kind;
    else if (!type.empty())
        body.refuse("type", "must be announce, menu, schedule, transfer or disconnect");
    switch (step.kind) {
        case FlowStepKind::Announce:
            step.prompt = body.required_text("prompt", CallFlow::kLongestPrompt);
            step.next = body.text("next", 64).value_or("");
            break;
        case FlowStepKind::Menu:
            step.prompt = body.required_text("prompt", CallFlow::kLongestPrompt);
            read_menu(body, step);
            break;
        case FlowStepKind::Schedule:
            step.schedule_group = telephony::ScheduleGroupId(body.required_text("scheduleGroupId", 64));
            step.open = body.text("open", 64).value_or("");
            step.next = body.text("closed", 64).value_or("");
            step.holiday = body.text("holiday", 64).value_or("");
            break;
        case FlowStepKind::Transfer:
            step.target = read_target(body, "target");
            break;
        case FlowStepKind::Disconnect:
            break;
    }
    return step;
}

void read_definition(JsonReader& body, CallFlow& flow) {
    flow.answer = telephony::FlowAnswer::Answer;
    if (const auto answer = body.text("answer", 16)) {
        if (const auto known = telephony::from_name<telephony::FlowAnswer>(*answer))
            flow.answer = *known;
        else
            body.refuse("answer", "must be answer or early_media");
    }
    flow.start = body.text("start", 64).value_or("");
    flow.fallback = read_target(body, "fallback");
    flow.steps.clear();
    for (JsonReader* step : body.objects("steps", CallFlow::kMostSteps)) flow.steps.push_back(read_step(*step));
}

void fill_flow(JsonReader& body, CallFlow& flow) {
    flow.name = body.required_text("name");
    flow.description = body.text("description", 1000).value_or("");
    if (const auto type = body.text("type", 32); type && *type != kType) body.refuse("type", "must be inboundcall");
    if (const auto active = body.boolean("active")) flow.enabled = *active;
    JsonReader* definition = body.object("definition");
    if (definition == nullptr) return;
    read_definition(*definition, flow);
    // A misspelt key would lead callers elsewhere: always an error, as in a number's `routing`.
    for (const auto& unknown : definition->unknown()) body.refuse(unknown, "is no field of a flow's definition");
}

}  // namespace

void add_flows(Router& router, ApiContext& context) {
    const Shape<CallFlow> shape{kFlows, "/api/v2/flows/{flowId}", "flowId", "flow", kRead, kWrite, flow_json};
    add_reads(router, shape, JsonFrom::ConfigurationAlone);
    add_writes<CallFlow>(router, context, shape, fill_flow);
    add_remove(router, context, shape, telephony::EntityType::CallFlow);
    router.add({"GET", "/api/v2/flows/{flowId}/latestconfiguration", kRead, [](const ApiRequest& request, Reply reply) {
                    const auto& id = request.parameter("flowId");
                    const auto& flow = request.config().find<CallFlow>(telephony::CallFlowId(id));
                    if (!flow) return std::move(reply).error(not_found("flow", id));
                    std::move(reply).json(200, definition_json(*flow));
                }});
}

}  // namespace dp::api

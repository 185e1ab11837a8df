/// @file /api/v2/telephony/phone/numbers (seed 0): order, read, state, assign.
#include "api/resources/entity_routes.hpp"
#include "api/resources/resources.hpp"

namespace dp::api {

namespace json = boost::json;
using telephony::Number;
using telephony::NumberRouting;
using telephony::OrganizationConfig;

namespace {

constexpr std::string_view kNumbers = "/api/v2/telephony/phone/numbers";
const Scopes kRead{"telephony:phone-number:view", "telephony:phone-number:edit", "telephony:readonly"};
const Scopes kWrite{"telephony:phone-number:edit", "telephony"};

json::object routing_json(const NumberRouting& routing) {
    json::object out{
        {"type", telephony::to_string(routing.kind)}, {"id", routing.id}, {"displayName", routing.display_name}};
    if (!routing.routing_type.empty()) out["routingType"] = routing.routing_type;
    if (!routing.callflow.empty()) out["callflowId"] = routing.callflow.str();
    return out;
}

json::object number_json(const Number& number, const OrganizationConfig&) {
    auto out = envelope(number.id.str(), number.e164, number.meta, kNumbers);
    out["number"] = number.e164;
    out["type"] = telephony::to_string(number.type);
    out["providerId"] = number.provider;
    out["locationId"] = number.location.str();
    out["state"] = telephony::to_string(number.state);
    out["label"] = number.label;
    if (number.routing) out["routing"] = routing_json(*number.routing);
    return out;
}

// Inside `routing` a misspelt key is always an error: a lost callflowId would silently bypass the IVR.
std::optional<NumberRouting> read_routing(JsonReader& body) {
    auto* routing = body.object("routing");
    if (!routing) return std::nullopt;
    NumberRouting out;
    const auto type = routing->required_text("type", 16);
    if (const auto kind = telephony::routing_kind_from(type))
        out.kind = *kind;
    else if (!type.empty())
        routing->refuse("type", "must be user, queue or callflow");
    out.id = routing->required_text("id", 64);
    out.display_name = routing->text("displayName").value_or("");
    out.routing_type = routing->text("routingType", 32).value_or("");
    out.callflow = telephony::CallFlowId(routing->text("callflowId", 64).value_or(""));
    for (const auto& name : routing->unknown()) body.refuse(name, "is no field of a routing object");
    return out;
}

void order(ApiContext& context, const Shape<Number>& shape, ApiRequest request, Reply reply) {
    auto body = body_of(request);
    if (!body) return std::move(reply).error(body.error());
    auto& fields = **body;
    Number number;
    number.meta.organization = request.caller.organization;
    fields.ignore(kEnvelopeFields);
    const auto type = fields.required_text("type", 8);
    if (const auto known = telephony::number_type_from(type))
        number.type = *known;
    else if (!type.empty())
        fields.refuse("type", "must be pstn or sip");
    number.e164 = fields.required_text("number", 32);
    number.provider = fields.required_text("providerId", 64);
    number.location = telephony::LocationId(fields.required_text("locationId", 64));
    number.label = fields.text("label").value_or("");
    number.routing = read_routing(fields);
    if (auto ok = finish(*body, request, reply); !ok) return std::move(reply).error(ok.error());
    context.numbers.order(write_context(request, context.clock), std::move(number), context.executor,
                          when_stored(std::move(reply), shape, 202));
}

void assign(ApiContext& context, const Shape<Number>& shape, ApiRequest request, Reply reply) {
    const auto& id = request.parameter("phoneNumberId");
    if (!request.config().number(telephony::NumberId(id))) return std::move(reply).error(not_found("phone number", id));
    auto body = body_of(request);
    if (!body) return std::move(reply).error(body.error());
    auto version = expected_version(request, **body);
    if (!version) return std::move(reply).error(version.error());
    (*body)->ignore(kEnvelopeFields);
    (*body)->ignore({"name", "number", "type", "providerId", "locationId", "label"});
    (*body)->required_object("routing");
    auto routing = read_routing(**body);
    if (auto ok = finish(*body, request, reply); !ok) return std::move(reply).error(ok.error());
    context.numbers.assign(write_context(request, context.clock), telephony::NumberId(id), std::move(routing), *version,
                           context.executor, when_stored(std::move(reply), shape, 200));
}

void status(const ApiRequest& request, Reply reply) {
    const auto& id = request.parameter("phoneNumberId");
    const auto& number = request.config().number(telephony::NumberId(id));
    if (!number) return std::move(reply).error(not_found("phone number", id));
    json::object out{{"id", id}, {"state", telephony::to_string(number->state)}};
    out["carrierCode"] = number->carrier_code.empty() ? json::value(nullptr) : json::value(number->carrier_code);
    out["carrierText"] = number->carrier_text.empty() ? json::value(nullptr) : json::value(number->carrier_text);
    std::move(reply).json(200, out);
}

}  // namespace

void add_numbers(Router& router, ApiContext& context) {
    // The list envelope sorts by name; a number's name is its E.164 value, which the shape shows, so it needs its own
    // reads.
    const Shape<Number> shape{
        kNumbers,   "/api/v2/telephony/phone/numbers/{phoneNumberId}", "phoneNumberId", "phone number", kRead, kWrite,
        number_json};
    router.add({"GET", shape.collection, shape.read, [](ApiRequest request, Reply reply) {
                    const auto page = page_of(request.http);
                    if (!page) return std::move(reply).error(page.error());
                    const auto state = request.http.query_value("state");
                    const auto value = request.http.query_value("number");
                    std::vector<telephony::Ptr<Number>> found;
                    request.config().all<Number>().for_each([&](const telephony::Ptr<Number>& number) {
                        if ((!state || telephony::to_string(number->state) == *state) &&
                            (!value || matches_wildcard(*value, number->e164)))
                            found.push_back(number);
                    });
                    std::ranges::sort(found, [](const auto& a, const auto& b) {
                        return std::tie(a->e164, a->id) < std::tie(b->e164, b->id);
                    });
                    std::move(reply).json(200, list_envelope(request.http, *page, found.size(), [&](std::size_t i) {
                                              return number_json(*found[i], request.config());
                                          }));
                }});
    router.add({"GET", shape.item, shape.read, [shape](ApiRequest request, Reply reply) {
                    const auto& id = request.parameter("phoneNumberId");
                    const auto& number = request.config().number(telephony::NumberId(id));
                    if (!number) return std::move(reply).error(not_found("phone number", id));
                    reply_entity(std::move(reply), 200, shape, *number, request.config());
                }});
    router.add({"GET", "/api/v2/telephony/phone/numbers/{phoneNumberId}/status", shape.read,
                [](ApiRequest request, Reply reply) { status(request, std::move(reply)); }});
    router.add({"POST", shape.collection, shape.write, [&context, shape](ApiRequest request, Reply reply) {
                    order(context, shape, std::move(request), std::move(reply));
                }});
    router.add({"PUT", shape.item, shape.write, [&context, shape](ApiRequest request, Reply reply) {
                    assign(context, shape, std::move(request), std::move(reply));
                }});
}

}  // namespace dp::api

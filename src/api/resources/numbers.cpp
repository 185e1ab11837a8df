/// @file /api/v2/telephony/phone/numbers (seed 0): order, list, read, state, assign, retry, release; and the history of a
/// number's routing with its rollback.
#include "api/resources/numbers.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "api/resources/entity_routes.hpp"
#include "api/resources/resources.hpp"
#include "base/ascii.hpp"
#include "telephony/numbers/manual_registration.hpp"

namespace dp::api {

namespace json = boost::json;
using telephony::Number;
using telephony::NumberId;
using telephony::NumberRouting;
using telephony::NumberUpdate;
using telephony::OrganizationConfig;

json::object routing_json(const NumberRouting& routing) {
    json::object out{
        {"type", telephony::to_string(routing.kind)}, {"id", routing.id}, {"displayName", routing.display_name}};
    if (!routing.routing_type.empty()) out["routingType"] = routing.routing_type;
    if (!routing.callflow.empty()) out["callflowId"] = routing.callflow.str();
    return out;
}

telephony::Reply<telephony::Committed> when_assigned(Reply reply, const Shape<Number>& shape, bool drops_callflow) {
    if (!drops_callflow) return when_stored(std::move(reply), shape, 200);
    return [reply = std::move(reply), shape](Result<telephony::Committed> done) mutable {
        if (!done) return std::move(reply).error(done.error());
        constexpr std::string_view kDropped =
            "The routing object has no callflowId any more: inbound calls go past the call flow straight to the "
            "target.";
        reply.add_header("Warning", fmt::format("299 - \"{}\"", kDropped));
        auto warned = shape;
        warned.to_json = [to_json = shape.to_json, kDropped](const Number& number, const OrganizationConfig& config) {
            auto out = to_json(number, config);
            out["warnings"] = json::array{kDropped};
            return out;
        };
        when_stored(std::move(reply), warned, 200)(std::move(done));
    };
}

namespace {

constexpr std::string_view kNumbers = "/api/v2/telephony/phone/numbers";
const Scopes kRead{"telephony:phone-number:view", "telephony:phone-number:edit", "telephony:readonly"};
const Scopes kWrite{"telephony:phone-number:edit", "telephony"};

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
    number.meta.organization = request.caller->organization;
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
    number.id = NumberId(context.random.uuid());
    auto write = write_context(request, context.clock);
    if (write.idempotency)
        keep_answer(write, context.secrets, 202, json_text(shape.to_json(as_stored(number, write), request.config())));
    context.numbers.order(std::move(write), std::move(number), context.executor,
                          when_stored(std::move(reply), shape, 202));
}

/// Seed 0's clients send back what they read: what cannot change may stand there as it is.
void read_fixed(JsonReader& body, const Number& number) {
    const auto same = [&](std::string_view field, std::string_view present) {
        if (const auto text = body.text(field, 64); text && *text != present)
            body.refuse(field, "cannot be changed: it is " + std::string(present));
    };
    same("number", number.e164);
    same("type", telephony::to_string(number.type));
    same("providerId", number.provider);
    body.ignore({"name"});
}

/// Replaces what is given; what is absent stays (seed 0, section 2). `?strict=true` or `Prefer: handling=strict` refuse to
/// lose a call flow; otherwise the answer warns.
void assign(ApiContext& context, const Shape<Number>& shape, ApiRequest request, Reply reply) {
    const auto& id = request.parameter("phoneNumberId");
    const auto& present = request.config().number(NumberId(id));
    if (!present) return std::move(reply).error(not_found("phone number", id));
    auto body = body_of(request);
    if (!body) return std::move(reply).error(body.error());
    auto version = expected_version(request, **body);
    if (!version) return std::move(reply).error(version.error());
    auto& fields = **body;
    fields.ignore(kEnvelopeFields);
    fields.ignore({"warnings"});
    read_fixed(fields, *present);
    NumberUpdate update;
    if (fields.is_null("routing")) update.routing.emplace();
    if (auto routing = read_routing(fields)) update.routing.emplace(std::move(routing));
    update.label = fields.text("label");
    if (const auto location = fields.text("locationId", 64)) update.location = telephony::LocationId(*location);
    if (auto ok = finish(*body, request, reply); !ok) return std::move(reply).error(ok.error());
    const bool strict = request.http.query_value("strict") == "true" ||
                        request.http.header("Prefer").find("handling=strict") != std::string_view::npos;
    if (strict) update.on_callflow_loss = telephony::CallflowLoss::Refused;
    const bool drops = update.routing && telephony::drops_callflow(present->routing, *update.routing);
    context.numbers.update(write_context(request, context.clock), NumberId(id), std::move(update), *version,
                           context.executor, when_assigned(std::move(reply), shape, drops));
}

json::value text_or_null(std::string_view text) {
    return text.empty() ? json::value(nullptr) : json::value(text);
}

void status(const ApiContext& context, const ApiRequest& request, Reply reply) {
    const auto& id = request.parameter("phoneNumberId");
    const auto& number = request.config().number(NumberId(id));
    if (!number) return std::move(reply).error(not_found("phone number", id));
    const auto* job = number->job ? &*number->job : nullptr;
    const auto reason = job ? telephony::to_string(job->attention) : std::string_view{};
    const auto progress = context.provisioning.find(number->id);
    json::object out{{"id", id}, {"state", telephony::to_string(number->state)}};
    out["carrierCode"] = text_or_null(job ? job->carrier_code : "");
    out["carrierText"] = text_or_null(job ? job->carrier_text : "");
    out["attention"] = !reason.empty();
    out["reason"] = text_or_null(reason);
    out["attempts"] = progress ? progress->attempts : 0;
    out["nextPollAt"] = text_or_null(progress && progress->next_poll ? to_rfc3339(*progress->next_poll) : "");
    std::move(reply).json(200, out);
}

struct NumberFilter {
    std::vector<telephony::NumberState> states;  ///< any of them; empty: all
    std::optional<std::string_view> type, provider, location, routing_type, routing_id, callflow, number;
    /// Given as `+1415*`: a range of the order by value.
    std::optional<std::string_view> prefix;

    bool needs_walk() const {
        return !states.empty() || type || provider || location || routing_type || routing_id || callflow || number;
    }
    bool matches(const Number& n) const {
        const auto is = [](const auto& wanted, std::string_view present) { return !wanted || *wanted == present; };
        const auto routed = [&](const auto& wanted, std::string_view present) {
            return !wanted || (n.routing && *wanted == present);
        };
        return (states.empty() || std::ranges::find(states, n.state) != states.end()) &&
               is(type, telephony::to_string(n.type)) && is(provider, n.provider) && is(location, n.location.str()) &&
               routed(routing_type, n.routing ? telephony::to_string(n.routing->kind) : "") &&
               routed(routing_id, n.routing ? std::string_view(n.routing->id) : "") &&
               routed(callflow, n.routing ? std::string_view(n.routing->callflow.str()) : "") &&
               (!number || matches_wildcard(*number, n.e164)) && (!prefix || n.e164.starts_with(*prefix));
    }
};

Result<NumberFilter> filter_of(const net::HttpRequest& request) {
    NumberFilter out;
    out.provider = request.query_value("providerId");
    out.location = request.query_value("locationId");
    out.routing_type = request.query_value("routing.type");
    out.routing_id = request.query_value("routing.id");
    out.callflow = request.query_value("routing.callflowId");
    out.type = request.query_value("type");
    if (out.type && !telephony::number_type_from(*out.type))
        return fail(ErrorCode::InvalidValue, "type must be pstn or sip.", "type");
    for (const auto state : ascii::split(request.query_value("state").value_or(""), ',')) {
        if (state.empty()) continue;
        const auto known = telephony::number_state_from(state);
        if (!known) return fail(ErrorCode::InvalidValue, "state: there is no such state of a number.", "state");
        out.states.push_back(*known);
    }
    const auto number = request.query_value("number");
    if (!number) return out;
    const auto star = number->find('*');
    if (star != std::string_view::npos && star + 1 == number->size() && !number->substr(0, star).contains('*'))
        out.prefix = number->substr(0, star);
    else
        out.number = number;
    return out;
}

/// In order of value. Without filters, or with a prefix alone, a page costs the same whatever the list's length.
void list(const ApiRequest& request, Reply reply) {
    const auto page = page_of(request.http);
    if (!page) return std::move(reply).error(page.error());
    const auto filter = filter_of(request.http);
    if (!filter) return std::move(reply).error(filter.error());
    const auto& all = request.config().numbers_by_e164();
    using ValueKey = std::tuple<std::string_view, bool, std::string_view>;
    const auto json_of = [&](const Number& number) { return number_json(number, request.config()); };
    const std::string beyond = std::string(filter->prefix.value_or("")) + '\x7f';
    const auto first = filter->prefix ? all.rank(ValueKey{*filter->prefix, false, {}}) : 0;
    const auto last = filter->prefix ? all.rank(ValueKey{beyond, false, {}}) : all.size();
    if (!filter->needs_walk())
        return std::move(reply).json(200, list_envelope(request.http, *page, last - first,
                                                        [&](std::size_t i) { return json_of(*all.at(first + i)); }));
    std::vector<telephony::Ptr<Number>> found;
    all.for_each([&](const telephony::Ptr<Number>& number) {
        if (filter->matches(*number)) found.push_back(number);
    });
    std::move(reply).json(
        200, list_envelope(request.http, *page, found.size(), [&](std::size_t i) { return json_of(*found[i]); }));
}

/// POST …/retry, …/confirm and DELETE: the number is there, then the service decides.
template <class Start>
ApiHandler lifecycle_step(Start start) {
    return [start](ApiRequest request, Reply reply) {
        const std::string id = request.parameter("phoneNumberId");
        if (!request.config().number(NumberId(id))) return std::move(reply).error(not_found("phone number", id));
        start(std::move(request), NumberId(id), std::move(reply));
    };
}

}  // namespace

void add_numbers(Router& router, ApiContext& context) {
    // In order of value, not of name: its own reads.
    const Shape<Number> shape{
        kNumbers,   "/api/v2/telephony/phone/numbers/{phoneNumberId}", "phoneNumberId", "phone number", kRead, kWrite,
        number_json};
    router.add({"GET", shape.collection, shape.read,
                [](ApiRequest request, Reply reply) { list(request, std::move(reply)); }});
    router.add({"GET", shape.item, shape.read, [shape](ApiRequest request, Reply reply) {
                    const auto& id = request.parameter("phoneNumberId");
                    const auto& number = request.config().number(NumberId(id));
                    if (!number) return std::move(reply).error(not_found("phone number", id));
                    reply_entity(std::move(reply), 200, shape, *number, request.config());
                }});
    router.add({"GET", "/api/v2/telephony/phone/numbers/{phoneNumberId}/status", shape.read,
                [&context](ApiRequest request, Reply reply) { status(context, request, std::move(reply)); }});
    router.add({"POST", shape.collection, shape.write, [&context, shape](ApiRequest request, Reply reply) {
                    order(context, shape, std::move(request), std::move(reply));
                }});
    router.add({"PUT", shape.item, shape.write, [&context, shape](ApiRequest request, Reply reply) {
                    assign(context, shape, std::move(request), std::move(reply));
                }});
    router.add({"POST", "/api/v2/telephony/phone/numbers/{phoneNumberId}/retry", shape.write,
                lifecycle_step([&context, shape](ApiRequest request, const NumberId& id, Reply reply) {
                    context.numbers.retry(write_context(request, context.clock), id, context.executor,
                                          when_stored(std::move(reply), shape, 202));
                })});
    router.add({"POST", "/api/v2/telephony/phone/numbers/{phoneNumberId}/confirm", shape.write,
                lifecycle_step([&context, shape](ApiRequest request, const NumberId& id, Reply reply) {
                    const auto change = telephony::registered_by_hand(*request.config().number(id));
                    if (!change) return std::move(reply).error(change.error());
                    context.numbers.change(write_context(request, context.clock), id, *change, context.executor,
                                           when_stored(std::move(reply), shape, 200));
                })});
    router.add({"DELETE", shape.item, shape.write,
                lifecycle_step([&context, shape](ApiRequest request, const NumberId& id, Reply reply) {
                    context.numbers.release(write_context(request, context.clock), id, telephony::kAnyVersion,
                                            context.executor, when_stored(std::move(reply), shape, 202));
                })});
    add_routing_history(router, context, shape);
}

}  // namespace dp::api

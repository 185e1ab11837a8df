/// @file POST /api/v2/telephony/routing/explain: where a call to a number would go at a given time, step by step.
#include <boost/json.hpp>

#include "api/genesys/route_steps_json.hpp"
#include "api/http/writes.hpp"
#include "api/resources/resources.hpp"
#include "telephony/routing/recurrence.hpp"
#include "telephony/routing/route_explanation.hpp"

namespace dp::api {

namespace json = boost::json;
using telephony::RouteExplanation;
using telephony::RouteQuestion;

namespace {

/// RFC 3339 in UTC (`2026-01-05T14:00:00Z`).
std::optional<WallTime> utc_time(std::string_view text) {
    if (!text.ends_with('Z')) return std::nullopt;
    const auto local = telephony::parse_local_time(text.substr(0, text.size() - 1));
    if (!local) return std::nullopt;
    return WallTime(local->time_since_epoch());
}

json::object explanation_json(const RouteQuestion& question, const RouteExplanation& found) {
    json::object out{{"number", found.number ? found.number->e164 : question.called},
                     {"time", to_rfc3339(question.at)},
                     {"routed", found.unrouted.empty()},
                     {"steps", route_steps_json(found.steps)}};
    if (found.number) out["numberId"] = found.number->id.str();
    if (!found.unrouted.empty())
        out["outcome"] = json::object{{"type", "unrouted"}, {"reason", found.unrouted}};
    else if (!found.user.empty())
        out["outcome"] = json::object{{"type", "user"}, {"id", found.user.str()}};
    else
        out["outcome"] = json::object{{"type", "ended"}, {"reason", telephony::facts(found.reason).name}};
    return out;
}

void explain(const ApiContext& context, const ApiRequest& request, Reply reply) {
    auto body = body_of(request);
    if (!body) return std::move(reply).error(body.error());
    JsonReader& fields = **body;
    RouteQuestion question;
    question.called = fields.required_text("number", 32);
    question.at = context.clock.wall();
    if (const auto time = fields.text("time", 40)) {
        if (const auto at = utc_time(*time))
            question.at = *at;
        else
            fields.refuse("time", "must be an RFC 3339 time in UTC such as 2026-01-05T14:00:00Z");
    }
    question.digits = fields.text("digits", 20).value_or("");
    if (question.digits.find_first_not_of("0123456789*#") != std::string::npos)
        fields.refuse("digits", "must be of 0-9, * and #");
    if (fields.boolean("answered") == false) question.answers = RouteQuestion::Answers::Nobody;
    if (auto ok = finish(*body, request, reply); !ok) return std::move(reply).error(ok.error());
    const auto& config = request.snapshot->organization(request.caller->organization);
    std::move(reply).json(200, explanation_json(question, telephony::explain_route(config, question)));
}

}  // namespace

void add_route_explanations(Router& router, ApiContext& context) {
    router.add({"POST",
                "/api/v2/telephony/routing/explain",
                {"telephony:phone-number:view", "telephony:phone-number:edit", "telephony:readonly", "telephony"},
                [&context](const ApiRequest& request, Reply reply) { explain(context, request, std::move(reply)); }});
}

}  // namespace dp::api

#include "api/genesys/conversation_filter.hpp"

#include <algorithm>
#include <array>
#include <span>

#include "api/genesys/conversation_details_json.hpp"

namespace dp::api {
namespace {

using telephony::Conversation;

constexpr std::size_t kMostFilters = 16;
constexpr int kDepth = 2;  ///< a filter and its clauses, as in the real query

struct Dimension {
    std::string_view name;
    DimensionValue value;
};

std::string time_of(const std::optional<WallTime>& time) {
    return time ? to_rfc3339(*time) : std::string();
}

constexpr auto kOfCalls = std::to_array<Dimension>({
    {"conversationId", [](const Subject& s) { return s.conversation.id.str(); }},
    {"conversationStart", [](const Subject& s) { return to_rfc3339(s.conversation.started); }},
    {"conversationEnd", [](const Subject& s) { return time_of(s.conversation.ended); }},
    {"originatingDirection", [](const Subject& s) { return std::string(to_string(s.conversation.direction)); }},
});

constexpr auto kOfLegs = std::to_array<Dimension>({
    {"conversationId", [](const Subject& s) { return s.conversation.id.str(); }},
    {"userId", [](const Subject& s) { return s.participant->user.str(); }},
    {"participantName", [](const Subject& s) { return s.participant->name; }},
    {"purpose", [](const Subject& s) { return std::string(to_string(s.participant->purpose)); }},
    {"sessionId", [](const Subject& s) { return s.leg->id.str(); }},
    {"direction", [](const Subject& s) { return std::string(to_string(s.leg->direction)); }},
    {"mediaType", [](const Subject&) { return std::string("voice"); }},
    {"ani", [](const Subject& s) { return s.conversation.caller_id; }},
    {"dnis", [](const Subject& s) { return s.conversation.destination; }},
    {"edgeId", [](const Subject& s) { return s.leg->trunk.str(); }},
    {"disconnectType", [](const Subject& s) { return std::string(disconnect_type(*s.leg)); }},
});

std::string names_of(std::span<const Dimension> dimensions) {
    std::string out;
    for (const auto& each : dimensions) out.append(out.empty() ? "" : ", ").append(each.name);
    return out;
}

}  // namespace

ConversationFilter ConversationFilter::read(JsonReader& body) {
    ConversationFilter out;
    out.calls_ = read_clauses(body, "conversationFilters", About::Call, kDepth);
    out.legs_ = read_clauses(body, "segmentFilters", About::Leg, kDepth);
    return out;
}

std::vector<ConversationFilter::Clause> ConversationFilter::read_clauses(JsonReader& body, std::string_view name,
                                                                         About about, int depth) {
    std::vector<Clause> out;
    for (JsonReader* each : body.objects(name, kMostFilters)) {
        const auto type = each->required_text("type", 8);
        if (!type.empty() && type != "and" && type != "or") each->refuse("type", "must be and or or");
        Clause clause{type == "or" ? Join::Or : Join::And, {}, {}};
        for (JsonReader* predicate : each->objects("predicates", kMostFilters))
            clause.predicates.push_back(read_predicate(*predicate, about));
        if (depth > 1) clause.clauses = read_clauses(*each, "clauses", about, depth - 1);
        if (clause.predicates.empty() && clause.clauses.empty())
            each->refuse("predicates", "or clauses are required", ErrorCode::MissingField);
        out.push_back(std::move(clause));
    }
    return out;
}

ConversationFilter::Predicate ConversationFilter::read_predicate(JsonReader& body, About about) {
    const std::span<const Dimension> known = about == About::Call ? std::span<const Dimension>(kOfCalls) : kOfLegs;
    Predicate out;
    if (const auto type = body.text("type", 16); type && *type != "dimension")
        body.refuse("type", "must be dimension: metrics and properties are not offered");
    const auto name = body.required_text("dimension", 64);
    if (const auto found = std::ranges::find(known, name, &Dimension::name); found != known.end())
        out.dimension = found->value;
    else
        body.refuse("dimension", "must be one of " + names_of(known));
    const auto test = body.text("operator", 16).value_or("matches");
    if (test == "exists" || test == "notExists") {
        out.test = test == "exists" ? Test::Exists : Test::NotExists;
        body.ignore({"value"});
        return out;
    }
    if (test != "matches") body.refuse("operator", "must be matches, exists or notExists");
    out.value = body.required_text("value", 256);
    return out;
}

bool ConversationFilter::holds(const Predicate& predicate, const Subject& subject) {
    const std::string value = predicate.dimension(subject);
    switch (predicate.test) {
        case Test::Exists:
            return !value.empty();
        case Test::NotExists:
            return value.empty();
        case Test::Matches:
            break;
    }
    return !value.empty() && value == predicate.value;
}

bool ConversationFilter::holds(const Clause& clause, const Subject& subject) {
    const auto predicate = [&](const Predicate& each) { return holds(each, subject); };
    const auto inner = [&](const Clause& each) { return holds(each, subject); };
    if (clause.join == Join::Or)
        return std::ranges::any_of(clause.predicates, predicate) || std::ranges::any_of(clause.clauses, inner);
    return std::ranges::all_of(clause.predicates, predicate) && std::ranges::all_of(clause.clauses, inner);
}

bool ConversationFilter::matches(const Conversation& conversation) const {
    if (!std::ranges::all_of(calls_, [&](const Clause& each) { return holds(each, {conversation}); })) return false;
    return std::ranges::all_of(legs_, [&](const Clause& each) {
        for (const auto& participant : conversation.participants)
            for (const auto& leg : participant.communications)
                if (holds(each, {conversation, &participant, &leg})) return true;
        return false;
    });
}

}  // namespace dp::api

#include "telephony/events/event_filter.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/random.hpp"
#include "telephony/events/time_text.hpp"

namespace dp::telephony {
namespace {

Event registration(std::string_view edge = "edge-1", std::int64_t latency = 42) {
    Event event;
    event.sequence = 7;
    event.type = event_type::kTrunkRegistrationSuccess;
    event.resource_type = "edge";
    event.resource_id = edge;
    event.time = *parse_rfc3339("2026-11-21T12:00:00Z");
    event.payload =
        Payload().text("edgeId", edge).number("registrationLatencyMs", latency).text("reason", "a \"b\"").str();
    return event;
}

bool matches(std::string_view filter, const Event& event = registration()) {
    const auto parsed = EventFilter::parse(filter);
    EXPECT_TRUE(parsed) << filter << ": " << parsed.error().detail;
    return parsed && parsed->matches(event);
}

// seed 1, step 6
constexpr std::string_view kSeed =
    "resourceIds:[edge-1] AND "
    "eventTypes:[audit:edge:updated,telephony:edge:registration:success,telephony:edge:registration:failure]";

TEST(EventFilter, TheSeedsFilterTakesItsTrunksEventsAndNoOthers) {
    EXPECT_TRUE(matches(kSeed));
    EXPECT_FALSE(matches(kSeed, registration("edge-2")));
    Event other = registration();
    other.type = event_type::kTrunkStatusChanged;
    EXPECT_FALSE(matches(kSeed, other));
}

TEST(EventFilter, NothingMeansEverything) {
    EXPECT_TRUE(matches(""));
    EXPECT_TRUE(matches("  \t "));
}

struct Case {
    std::string_view filter;
    bool expected;
};

class Conditions : public ::testing::TestWithParam<Case> {};

TEST_P(Conditions, SayWhatTheySay) {
    EXPECT_EQ(matches(GetParam().filter), GetParam().expected) << GetParam().filter;
}

INSTANTIATE_TEST_SUITE_P(
    Language, Conditions,
    ::testing::Values(Case{"eventType:telephony:edge:*", true}, Case{"eventTypes:[telephony:edge:*]", true},
                      Case{"eventType = telephony:edge:registration:failure", false},
                      Case{"eventType != telephony:edge:registration:failure", true}, Case{"resourceType:edge", true},
                      Case{"resourceIds:[edge*]", true}, Case{"resourceIds:[\"edge*\"]", false},
                      Case{"resourceIds : [ a , \"edge-1\" ]", true}, Case{"NOT resourceId=edge-1", false},
                      Case{"not (resourceId=a or resourceId=b)", true}, Case{"NOT NOT resourceId=edge-1", true},
                      // AND binds more tightly than OR
                      Case{"resourceId=edge-1 OR resourceId=x AND resourceId=y", true},
                      Case{"(resourceId=edge-1 OR resourceId=x) AND resourceId=y", false},
                      Case{"timestamp>=2026-11-21T12:00:00Z", true}, Case{"timestamp>2026-11-21T12:00:00Z", false},
                      Case{"timestamp<2026-11-21T13:00:00.5+01:00", true},
                      Case{"timestamp:2026-11-21T12:00:00Z/2026-11-21T12:00:00.001Z", true},
                      Case{"timestamp:2026-11-21T11:00:00Z/2026-11-21T12:00:00Z", false}, Case{"sequence > 6", true},
                      Case{"sequence <= 6", false}, Case{"registrationLatencyMs<50", true},
                      Case{"registrationLatencyMs:[41,42]", true}, Case{"data.registrationLatencyMs >= 43", false},
                      Case{"data.reason = \"a \\\"b\\\"\"", true}, Case{"data.absent=x", false},
                      Case{"data.absent!=x", true}, Case{"data.absent>1", false}));

struct Fault {
    std::string filter;
    std::string says;
};

class Faults : public ::testing::TestWithParam<Fault> {};

TEST_P(Faults, AreNamedWithTheirPosition) {
    const auto parsed = EventFilter::parse(GetParam().filter, "filterCriteria");
    ASSERT_FALSE(parsed) << GetParam().filter;
    EXPECT_EQ(parsed.error().code, ErrorCode::InvalidValue);
    EXPECT_EQ(parsed.error().field, "filterCriteria");
    EXPECT_NE(parsed.error().detail.find(GetParam().says), std::string::npos) << parsed.error().detail;
}

std::string repeated(std::string_view text, std::size_t times) {
    std::string out;
    for (std::size_t i = 0; i < times; ++i) out += text;
    return out;
}

INSTANTIATE_TEST_SUITE_P(
    Language, Faults,
    ::testing::Values(
        Fault{"colour:red", "position 1: there is no field 'colour'"},
        Fault{"resourceId", "position 11: expected ':' or a comparison, found the end"},
        Fault{"resourceIds:[a", "position 15: expected ',' or ']', found the end"},
        Fault{"resourceIds:[]", "position 14: expected a value, found ']'"},
        Fault{"resourceId=a resourceId=b", "position 14: expected AND, OR or the end"},
        Fault{"(resourceId=a", "position 14: expected AND, OR or ')'"}, Fault{"resourceId=a AND", "position 17"},
        Fault{"resourceId=\"a", "position 12: the quotation mark"}, Fault{"resourceId=\"a\\n\"", "position 14"},
        Fault{"resourceId<a", "position 11: this field has no order"},
        Fault{"eventType:[nothing:here]", "position 12: there is no event 'nothing:here'; the events are conversation"},
        Fault{"timestamp>yesterday", "position 11: expected a time"},
        Fault{"timestamp>2026-02-30T00:00:00Z", "expected a time"},
        Fault{"timestamp:2026-11-22T00:00:00Z/2026-11-21T00:00:00Z", "expected a time"},
        Fault{"sequence>-1", "expected a whole number"},
        Fault{"sequence>99999999999999999999", "expected a whole number"},
        Fault{repeated("(", 20) + "sequence>1" + repeated(")", 20), "more than 16 levels"},
        Fault{repeated("NOT ", 20) + "sequence>1", "more than 16 levels"},
        Fault{"sequence>1" + repeated(" OR sequence>1", 200), "more than 128 conditions"},
        Fault{"resourceIds:[a" + repeated(",a", 300) + "]", "more than 256 values"},
        Fault{"resourceId=" + repeated("a", 300), "more than 256 characters"},
        Fault{repeated(" ", 5000) + "x", "more than 4096 characters"}, Fault{"resourceId=\"\xff\"", "not UTF-8"}));

// --- properties, over generated expressions

class Generator {
public:
    explicit Generator(std::uint64_t seed) : random_(seed) {}

    std::string expression(int depth) {
        switch (depth <= 0 ? 0 : random_.between(0, 4)) {
            case 1:
                return expression(depth - 1) + pick({" AND ", " and "}) + expression(depth - 1);
            case 2:
                return expression(depth - 1) + pick({" OR ", " or\t"}) + expression(depth - 1);
            case 3:
                return "NOT " + expression(depth - 1);
            case 4:
                return "( " + expression(depth - 1) + ")";
            default:
                return condition();
        }
    }
    Event event() {
        Event out = registration(pick({"edge-1", "edge-2", "a b", "\"", "*"}),
                                 static_cast<std::int64_t>(random_.between(0, 3)));
        out.type = event_type::kAll[random_.between(0, event_type::kAll.size() - 1)];
        out.sequence = random_.between(0, 3);
        out.time = *parse_rfc3339(pick({"2026-11-21T12:00:00Z", "2026-11-21T12:00:01Z"}));
        return out;
    }

private:
    std::string pick(std::initializer_list<std::string_view> choices) {
        return std::string(*(choices.begin() + random_.between(0, choices.size() - 1)));
    }
    std::string condition() {
        switch (random_.between(0, 4)) {
            case 0:
                return "resourceIds:[" + resource() + "," + resource() + "]";
            case 1:
                return "resourceId " + pick({"=", "!=", ":"}) + " " + resource();
            case 2:
                return pick({"sequence", "registrationLatencyMs", "data.registrationLatencyMs"}) +
                       pick({"=", "!=", "<", "<=", ">", ">="}) + std::to_string(random_.between(0, 3));
            case 3:
                return "timestamp" + pick({"=", "!=", "<", "<=", ">", ">=", ":"}) + "2026-11-21T12:00:00Z";
            default:
                return "eventTypes:[" + pick({"telephony:*", "*", "audit:edge:updated", "number.state.changed"}) + "]";
        }
    }
    std::string resource() { return pick({"edge-1", "edge*", "\"a b\"", "\"\\\"\"", "\"*\"", "*", "\"\""}); }

    SeededRandom random_;
};

bool within(const EventBounds& bounds, const Event& event) {
    const auto holds = [](const auto& list, const std::string& value) {
        return !list || std::ranges::find(*list, value) != list->end();
    };
    return holds(bounds.types, event.type) && holds(bounds.resource_ids, event.resource_id) &&
           (!bounds.from || *bounds.from <= event.time) && (!bounds.until || event.time < *bounds.until);
}

TEST(EventFilterProperties, WhatIsPrintedParsesToTheSameAndMeansTheSame) {
    for (std::uint64_t seed = 0; seed < 3000; ++seed) {
        Generator generate(seed);
        const std::string text = generate.expression(5);
        const auto parsed = EventFilter::parse(text);
        if (!parsed) {  // only the bounds of the language may refuse it
            EXPECT_NE(parsed.error().detail.find("more than"), std::string::npos) << text << parsed.error().detail;
            continue;
        }
        const auto again = EventFilter::parse(parsed->str());
        ASSERT_TRUE(again) << text << " printed " << parsed->str() << ": " << again.error().detail;
        EXPECT_EQ(again->str(), parsed->str()) << text;
        for (int i = 0; i < 10; ++i) {
            const Event event = generate.event();
            EXPECT_EQ(parsed->matches(event), again->matches(event)) << text;
            if (parsed->matches(event)) EXPECT_TRUE(within(parsed->bounds(), event)) << text;
        }
    }
}

TEST(EventFilterProperties, HostileTextIsAnAnswerNotACrash) {
    const std::string alphabet = "()[],:=!<>\"\\ andornotresourceIdstimestamp*.0123456789-TZ\xc3\xa4\xff\n";
    SeededRandom random(5);
    for (int round = 0; round < 20'000; ++round) {
        std::string text;
        for (std::uint64_t left = random.between(0, 60); left > 0; --left)
            text += alphabet[random.between(0, alphabet.size() - 1)];
        const auto parsed = EventFilter::parse(text);
        if (parsed) EXPECT_TRUE(EventFilter::parse(parsed->str())) << text;
    }
}

TEST(EventFilter, ItsBoundsAreWhatAllConjunctsLeave) {
    const auto bounds = EventFilter::parse(std::string(kSeed) + " AND timestamp>=2026-11-21T00:00:00Z")->bounds();
    EXPECT_EQ(bounds.resource_ids, std::vector<std::string>{"edge-1"});
    EXPECT_EQ(bounds.types->size(), 3U);
    EXPECT_TRUE(bounds.from);
    const auto open = EventFilter::parse("resourceId=a OR sequence>1")->bounds();
    EXPECT_FALSE(open.resource_ids || open.types || open.from || open.until);
}

TEST(EventPayload, FieldsAreFoundAtTheTopOnly) {
    const std::string payload = R"({"a":{"x":1,"s":"}"},"b":[1,{"x":2}],"x":"y\"z","n":12,"f":true,"z":null})";
    EXPECT_EQ(payload_field(payload, "x"), "y\"z");
    EXPECT_EQ(payload_field(payload, "n"), "12");
    EXPECT_EQ(payload_field(payload, "f"), "true");
    for (const char* absent : {"a", "b", "z", "q"}) EXPECT_FALSE(payload_field(payload, absent)) << absent;
    for (std::size_t cut = 0; cut < payload.size(); ++cut)
        (void)payload_field(std::string_view(payload).substr(0, cut), "f");
}

TEST(TimeText, Rfc3339AndNothingElse) {
    EXPECT_EQ(to_rfc3339(*parse_rfc3339("2026-11-21T08:23:29.1234567Z")), "2026-11-21T08:23:29.123Z");
    EXPECT_EQ(to_rfc3339(*parse_rfc3339("2026-11-21T00:30:00+01:00")), "2026-11-20T23:30:00.000Z");
    for (const char* wrong : {"", "2026-11-21", "2026-11-21T08:23:29", "2026-13-01T00:00:00Z", "2026-11-21T24:00:00Z",
                              "2026-11-21T08:23:29.Z", "2026-11-21T08:23:29Zx", "x026-11-21T08:23:29Z"})
        EXPECT_FALSE(parse_rfc3339(wrong)) << wrong;
}

}  // namespace
}  // namespace dp::telephony

#include "app/cli/routing_manifest.hpp"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <random>

#include "app/cli/documents.hpp"
#include "app/cli/poll_schedule.hpp"

namespace dp::app::cli {
namespace {

namespace json = boost::json;

json::object number(std::string_view e164, json::value routing, std::int64_t version = 3) {
    json::object out{{"id", "id-" + std::string(e164.substr(1))},
                     {"number", e164},
                     {"state", "active"},
                     {"version", version},
                     {"type", "pstn"},
                     {"providerId", "trunk"},
                     {"locationId", "us_east_1"},
                     {"label", ""}};
    if (!routing.is_null()) out["routing"] = std::move(routing);
    return out;
}

Estate estate(std::initializer_list<json::object> numbers) {
    json::array list;
    for (const auto& each : numbers) list.push_back(each);
    return estate_of(list);
}

Manifest manifest(const std::string& yaml) {
    const auto documents = read_documents(yaml);
    EXPECT_TRUE(documents) << documents.error().detail;
    const auto read = read_manifest(*documents);
    EXPECT_TRUE(read) << read.error().detail;
    return *read;
}

std::string fault_of(const std::string& yaml) {
    const auto documents = read_documents(yaml);
    if (!documents) return documents.error().detail;
    const auto read = read_manifest(*documents);
    return read ? "" : read.error().detail;
}

const json::value kToSales{{"type", "queue"}, {"id", "sales"}, {"displayName", "Sales"}, {"callflowId", "ivr"}};

/// What the server has after the plan was carried out.
Estate after(Estate live, const Plan& plan) {
    for (const auto& change : plan.changes) {
        if (change.kind == ChangeKind::Release) {
            live.erase(change.number);
            continue;
        }
        auto& there = live.try_emplace(change.number, number(change.number, nullptr)).first->second;
        for (const auto* name : {"routing", "label"}) there.erase(name);
        for (const auto& [key, value] : change.after) there[key] = value;
    }
    return live;
}

TEST(RoutingManifest, KeepsWhatItDoesNotName) {
    const auto plan = make_plan(estate({number("+14155550100", kToSales)}),
                                manifest("numbers: {+14155550100: {routing: {type: user, id: ann}}}"), {});
    ASSERT_EQ(plan.changes.size(), 1U);
    EXPECT_TRUE(plan.problems.empty());
    EXPECT_EQ(plan.changes[0].after.at("routing"),
              json::value({{"type", "user"}, {"id", "ann"}, {"displayName", "Sales"}, {"callflowId", "ivr"}}));
    EXPECT_EQ(plan.changes[0].after.at("locationId"), "us_east_1");
    EXPECT_EQ(plan.changes[0].version, 3);
}

TEST(RoutingManifest, RefusesToDropTheCallFlowUnlessTold) {
    const auto live = estate({number("+14155550100", kToSales)});
    for (const auto* text :
         {"numbers: {+14155550100: {routing: {callflowId: null}}}",
          "numbers: {+14155550100: {routing: {callflowId: ''}}}", "numbers: {+14155550100: {routing: null}}"}) {
        const auto refused = make_plan(live, manifest(text), {});
        ASSERT_EQ(refused.problems.size(), 1U) << text;
        EXPECT_TRUE(refused.problems[0].sentence.contains("ivr")) << refused.problems[0].sentence;
        EXPECT_TRUE(make_plan(live, manifest(text), {.drop_callflow = true}).problems.empty()) << text;
    }
}

TEST(RoutingManifest, AnotherCallFlowIsNoLoss) {
    const auto plan = make_plan(estate({number("+14155550100", kToSales)}),
                                manifest("numbers: {+14155550100: {routing: {callflowId: night}}}"), {});
    EXPECT_TRUE(plan.problems.empty());
    EXPECT_EQ(callflow_of(plan.changes.at(0).after), "night");
}

TEST(RoutingManifest, ReleasesOnlyWhenTold) {
    const auto live = estate({number("+14155550100", kToSales), number("+14155550101", nullptr)});
    EXPECT_TRUE(make_plan(live, manifest("numbers: {}"), {}).changes.empty())
        << "a part of the estate is no order to release";
    EXPECT_EQ(make_plan(live, manifest("numbers: {}"), {}).left_alone, 2U);
    const auto complete = manifest("{complete: true, numbers: {+14155550100: {}}}");
    const auto refused = make_plan(live, complete, {});
    ASSERT_EQ(refused.problems.size(), 1U);
    EXPECT_EQ(refused.problems[0].number, "+14155550101");
    const auto released = make_plan(live, complete, {.release = true});
    EXPECT_TRUE(released.problems.empty());
    ASSERT_EQ(released.changes.size(), 1U);
    EXPECT_EQ(released.changes[0].kind, ChangeKind::Release);
    EXPECT_EQ(make_plan(live, manifest("numbers: {+14155550101: null}"), {}).problems.size(), 1U);
}

TEST(RoutingManifest, OrdersWhatIsNotThere) {
    const auto text =
        "numbers: {+14155550100: {label: Front, routing: {type: queue, id: sales}, order: {type: pstn, "
        "providerId: trunk, locationId: us_east_1}}}";
    const auto plan = make_plan({}, manifest(text), {});
    ASSERT_EQ(plan.changes.size(), 1U);
    EXPECT_EQ(plan.changes[0].kind, ChangeKind::Order);
    EXPECT_EQ(json::value(plan.changes[0].after), json::value({{"number", "+14155550100"},
                                                               {"type", "pstn"},
                                                               {"providerId", "trunk"},
                                                               {"locationId", "us_east_1"},
                                                               {"label", "Front"},
                                                               {"routing", {{"type", "queue"}, {"id", "sales"}}}}));
    EXPECT_EQ(make_plan({}, manifest("numbers: {+14155550100: {label: Front}}"), {}).problems.size(), 1U);
}

TEST(RoutingManifest, OrdersAgainWhatWasRefusedOrGivenBack) {
    auto rejected = number("+14155550100", nullptr), released = number("+14155550101", nullptr);
    rejected["state"] = "rejected";
    released["state"] = "released";
    EXPECT_TRUE(estate({rejected, released}).empty());
    EXPECT_EQ(estate({rejected, number("+14155550100", nullptr)}).size(), 1U);
}

TEST(RoutingManifest, NamesWhatIsWrongWithAFile) {
    EXPECT_TRUE(fault_of("numbers: {+14155550100: {routing: {callFlowId: ivr}}}").contains("callFlowId"));
    EXPECT_TRUE(fault_of("numbers: {+14155550100: {rooting: {}}}").contains("rooting"));
    EXPECT_TRUE(fault_of("{numbers: {}, complet: true}").contains("complet"));
    EXPECT_TRUE(fault_of("{numbers: {}, complete: 1}").contains("complete"));
    EXPECT_TRUE(fault_of("numbers: {4155550100: {}}").contains("E.164"));
    EXPECT_TRUE(fault_of("numbers: {+0155550100: {}}").contains("E.164"));
    EXPECT_TRUE(fault_of("numbers: {+14155550100: yes please}").contains("object"));
    EXPECT_TRUE(fault_of("kind: routing").contains("numbers"));
    EXPECT_TRUE(fault_of("numbers: {+14155550100: {}}\n---\nnumbers: {+14155550100: {}}").contains("two documents"));
    EXPECT_TRUE(fault_of("numbers:\n  +14155550100: {}\n  +14155550100: {}").contains("twice"));
}

TEST(RoutingManifest, ShowsEachFieldAndThatTheCallFlowIsKept) {
    const auto text = render(make_plan(estate({number("+14155550100", kToSales)}),
                                       manifest("numbers: {+14155550100: {routing: {type: user, id: ann}}}"), {}));
    EXPECT_EQ(text,
              "~ +14155550100\n"
              "    routing.callflowId: ivr (kept)\n"
              "  ~ routing.id: sales -> ann\n"
              "  ~ routing.type: queue -> user\n"
              "1 to change, 0 to order, 0 to release; 0 as they should be; 0 not in the manifest.\n");
}

TEST(RoutingManifest, APlanSurvivesItsFile) {
    const auto plan = make_plan(estate({number("+14155550100", kToSales), number("+14155550101", nullptr)}),
                                manifest("{complete: true, numbers: {+14155550100: {routing: {id: x}}, +14155550102: "
                                         "{order: {type: sip, providerId: p, locationId: l}}}}"),
                                {.release = true});
    const auto read = plan_from_json(json::parse(json::serialize(plan_to_json(plan))));
    ASSERT_TRUE(read) << read.error().detail;
    EXPECT_EQ(render(*read).substr(0, render(*read).rfind('\n', render(*read).size() - 2)),
              render(plan).substr(0, render(plan).rfind('\n', render(plan).size() - 2)));
    EXPECT_FALSE(plan_from_json(json::object{{"kind", "routing"}}));
}

TEST(PollSchedule, IsTheSeeds) {
    PollSchedule schedule;
    std::vector<std::int64_t> waits;
    while (const auto wait = schedule.next()) waits.push_back(wait->count());
    EXPECT_EQ(waits, (std::vector<std::int64_t>{3, 6, 12, 24, 48, 60, 60, 60, 27}));
}

/// Random estates and manifests over few numbers, so that they meet.
class Dice {
public:
    explicit Dice(unsigned seed) : random_(seed) {}

    Estate estate() {
        Estate out;
        for (int i = 0; i < 6; ++i)
            if (one_in(2)) {
                auto there = number(e164(i), one_in(4) ? json::value(nullptr) : json::value(routing(false)));
                if (one_in(2)) there["label"] = pick({"", "Front", "Back"});
                out[e164(i)] = there;
            }
        return out;
    }
    Manifest manifest() {
        Manifest out;
        out.complete = one_in(3);
        for (int i = 0; i < 6; ++i)
            if (one_in(2)) out.numbers[e164(i)] = one_in(6) ? json::value(nullptr) : json::value(entry());
        return out;
    }

private:
    bool one_in(unsigned n) { return random_() % n == 0; }
    std::string pick(std::initializer_list<const char*> from) { return *(from.begin() + random_() % from.size()); }
    static std::string e164(int i) { return "+1415555010" + std::to_string(i); }
    json::object routing(bool with_nulls) {
        json::object out;
        for (const auto* key : {"displayName", "routingType", "callflowId"})
            if (one_in(2))
                out[key] = with_nulls && one_in(3) ? json::value(nullptr) : json::value(pick({"a", "b", ""}));
        out["type"] = pick({"user", "queue"});
        out["id"] = pick({"ann", "bob"});
        return out;
    }
    json::object entry() {
        json::object out{{"order", {{"type", "pstn"}, {"providerId", "trunk"}, {"locationId", "us_east_1"}}}};
        if (one_in(2)) out["routing"] = one_in(5) ? json::value(nullptr) : json::value(routing(true));
        if (one_in(3)) out["label"] = one_in(3) ? json::value(nullptr) : json::value(pick({"Front", "Back", ""}));
        return out;
    }

    std::mt19937 random_;
};

TEST(RoutingManifestProperty, NothingIsLeftToDoAfterAPlanWasCarriedOut) {
    for (unsigned seed = 0; seed < 3000; ++seed) {
        Dice dice(seed);
        const auto live = dice.estate();
        const auto wanted = dice.manifest();
        const auto plan = make_plan(live, wanted, {true, true});
        const auto again = make_plan(after(live, plan), wanted, {true, true});
        ASSERT_TRUE(again.changes.empty()) << seed << "\n" << render(plan) << render(again);
    }
}

TEST(RoutingManifestProperty, WhatIsExportedChangesNothing) {
    for (unsigned seed = 0; seed < 1000; ++seed) {
        const auto live = Dice(seed).estate();
        const auto documents = read_documents(to_yaml(manifest_of(live)));
        ASSERT_TRUE(documents) << documents.error().detail;
        const auto read = read_manifest(*documents);
        ASSERT_TRUE(read) << read.error().detail;
        const auto plan = make_plan(live, *read, {});
        ASSERT_TRUE(plan.changes.empty() && plan.problems.empty()) << seed << "\n" << render(plan);
        ASSERT_EQ(plan.unchanged, live.size());
    }
}

TEST(RoutingManifestProperty, WithoutPermissionNoCallFlowAndNoNumberIsLost) {
    for (unsigned seed = 0; seed < 3000; ++seed) {
        Dice dice(seed);
        const auto live = dice.estate();
        const auto plan = make_plan(live, dice.manifest(), {});
        if (!plan.problems.empty()) continue;
        const auto result = after(live, plan);
        for (const auto& [e164, there] : live) {
            ASSERT_TRUE(result.contains(e164)) << seed;
            ASSERT_TRUE(callflow_of(there).empty() || !callflow_of(result.at(e164)).empty()) << seed;
        }
    }
}

}  // namespace
}  // namespace dp::app::cli

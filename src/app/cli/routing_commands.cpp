/// @file `dialplane plan`, `rollback` and `export`: the routing manifest of seed 0 in a pipeline.
#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <fstream>

#include "app/cli/commands.hpp"
#include "app/cli/documents.hpp"
#include "app/cli/routing_run.hpp"
#include "base/ascii.hpp"

namespace dp::app::cli {

namespace json = boost::json;

namespace {

Result<Manifest> manifest_from(const std::string& file) {
    DP_TRY(text, read_text(file));
    auto documents = read_documents(text);
    if (!documents) return fail(documents.error().code, fmt::format("{}: {}", file, documents.error().detail));
    const auto manifests = manifests_of(*documents);
    if (manifests.empty())
        return fail(ErrorCode::MissingField, fmt::format("{} is no routing manifest: it has no `numbers`.", file));
    return read_manifest(manifests);
}

Result<void> write_text(const std::string& file, const std::string& text) {
    std::ofstream out(file, std::ios::trunc);
    out << text;
    out.flush();
    if (!out) return fail(ErrorCode::Unavailable, fmt::format("{} cannot be written.", file));
    return {};
}

Result<int> planned(const PlanCommand& command) {
    DP_TRY(manifest, manifest_from(command.file));
    DP_TRY(session, connect(command.connection));
    RoutingRun run(*session, command.routing);
    DP_TRY(plan, run.plan(manifest));
    fmt::print("{}", render(plan));
    if (!plan.problems.empty())
        return fail(ErrorCode::Forbidden,
                    fmt::format("{} {}", plan.problems.front().number, plan.problems.front().sentence));
    if (!command.out.empty()) DP_CHECK(write_text(command.out, to_pretty_json(plan_to_json(plan))));
    return plan.changes.empty() ? kDone : kChanges;
}

/// `2026-11-21T13:00:00Z` with the milliseconds that snapshots have, so that times compare as text.
Result<std::string> time_of(std::string text) {
    static constexpr std::string_view kShape = "0000-00-00T00:00:00.000Z";
    if (text.size() == 20 && text.ends_with('Z')) text.insert(19, ".000");
    const bool fits = std::ranges::equal(
        text, kShape, [](char given, char wanted) { return wanted == '0' ? ascii::is_digit(given) : given == wanted; });
    if (!fits && !text.empty())
        return fail(ErrorCode::InvalidValue, "--to must be a time in UTC, such as 2026-01-31T12:00:00Z.", "to");
    return text;
}

/// The newest snapshot that is not after `to`; without `to` the newest that differs from what is live.
const RoutingSnapshot* wanted(const std::vector<RoutingSnapshot>& history, const std::string& to,
                              const json::value& live) {
    const auto found = std::ranges::find_if(history, [&](const RoutingSnapshot& snapshot) {
        return to.empty() ? snapshot.routing != live : snapshot.date <= to;
    });
    return found == history.end() ? nullptr : &*found;
}

class Rollback {
public:
    Rollback(ApiSession& session, std::string to, const Permissions& permissions)
        : estate_(session), to_(std::move(to)), permissions_(permissions) {}

    Result<void> run(const Manifest& manifest) {
        DP_TRY(live, estate_.read());
        for (const auto& [number, entry] : manifest.numbers) {
            const auto there = live.find(number);
            if (there == live.end()) continue;
            DP_CHECK(one(number, entry, there->second));
        }
        return {};
    }

private:
    Result<void> one(const std::string& number, const json::value& entry, const json::object& live) {
        // Without a time only what the manifest has put there goes back: a second run changes nothing.
        const bool is_as_said =
            make_plan({{number, live}}, Manifest{false, {{number, entry}}}, {true, true}).changes.empty();
        if (to_.empty() && !is_as_said) return told(number, "is not as the manifest says: left alone");
        const auto id = text_at(live, "id");
        DP_TRY(history, estate_.history(id));
        const auto* present = live.if_contains("routing");
        const json::value routing = present ? *present : json::value(nullptr);
        const auto* snapshot = wanted(history, to_, routing);
        if (!snapshot) return told(number, "has no routing to go back to");
        if (snapshot->routing == routing) return told(number, "has that routing");
        return go_back(number, live, routing, *snapshot);
    }
    Result<void> go_back(const std::string& number, const json::object& live, const json::value& routing,
                         const RoutingSnapshot& snapshot) {
        const auto flow = text_at(routing, "callflowId");
        if (!flow.empty() && text_at(snapshot.routing, "callflowId").empty() && !permissions_.drop_callflow)
            return fail(
                ErrorCode::Forbidden,
                fmt::format("{} would lose its callflowId {}. --allow-drop-callflow permits it.", number, flow));
        const auto version = live.at("version").to_number<std::int64_t>();
        DP_CHECK(estate_.rollback(text_at(live, "id"), snapshot, version));
        return told(number, fmt::format("is as it was at {}: {}", snapshot.date, json::serialize(snapshot.routing)));
    }
    static Result<void> told(const std::string& number, const std::string& what) {
        fmt::print("{} {}\n", number, what);
        return {};
    }

    NumberEstate estate_;
    std::string to_;
    Permissions permissions_;
};

Result<void> rolled_back(const RollbackCommand& command) {
    DP_TRY(to, time_of(command.to));
    DP_TRY(manifest, manifest_from(command.file));
    DP_TRY(session, connect(command.connection));
    return Rollback(*session, std::move(to), command.routing.permissions).run(manifest);
}

Result<std::string> exported(const ExportCommand& command) {
    DP_TRY(session, connect(command.connection));
    DP_TRY(live, NumberEstate(*session).read());
    const auto manifest = manifest_of(live);
    return command.format == Format::Json ? to_pretty_json(manifest) : to_yaml(manifest);
}

}  // namespace

int plan_routing(const PlanCommand& command) {
    const auto code = planned(command);
    return code ? *code : complain(code.error());
}

int roll_back_routing(const RollbackCommand& command) {
    const auto done = rolled_back(command);
    return done ? kDone : complain(done.error());
}

int export_routing(const ExportCommand& command) {
    const auto text = exported(command);
    if (!text) return complain(text.error());
    fmt::print("{}", *text);
    return kDone;
}

}  // namespace dp::app::cli

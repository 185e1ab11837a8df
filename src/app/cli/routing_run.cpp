#include "app/cli/routing_run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cstdio>

namespace dp::app::cli {

namespace json = boost::json;

namespace {

void tell(const std::string& number, std::string_view what) {
    fmt::print("{} {}\n", number, what);
    std::fflush(stdout);
}

Result<void> refused(const Plan& plan) {
    const auto& first = plan.problems.front();
    const auto others = plan.problems.size() - 1;
    return fail(ErrorCode::Forbidden, fmt::format("{} {}{}", first.number, first.sentence,
                                                  others ? fmt::format(" And {} more.", others) : ""));
}

/// A plan out of a file has been looked at with other flags than those given now.
Result<void> permit(const Plan& plan, const Permissions& permissions) {
    for (const auto& change : plan.changes) {
        if (change.kind == ChangeKind::Release && !permissions.release)
            return fail(ErrorCode::Forbidden,
                        fmt::format("{} would be released. --allow-release permits it.", change.number));
        if (change.kind == ChangeKind::Assign && !permissions.drop_callflow && !callflow_of(change.before).empty() &&
            callflow_of(change.after).empty())
            return fail(ErrorCode::Forbidden,
                        fmt::format("{} would lose its callflowId. --allow-drop-callflow permits it.", change.number));
    }
    return {};
}

}  // namespace

std::vector<json::value> manifests_of(const std::vector<json::value>& documents) {
    std::vector<json::value> out;
    std::ranges::copy_if(documents, std::back_inserter(out), is_manifest);
    return out;
}

Result<Plan> RoutingRun::plan(const Manifest& manifest) {
    DP_TRY(live, estate_.read());
    auto out = make_plan(live, manifest, options_.permissions);
    DP_TRY(objections, estate_.check(out));
    std::ranges::move(objections, std::back_inserter(out.problems));
    return out;
}

Result<void> RoutingRun::apply(const Plan& plan) {
    if (!plan.problems.empty()) return refused(plan);
    DP_CHECK(permit(plan, options_.permissions));
    DP_CHECK(order_all(plan));
    DP_CHECK(assign_all(plan));
    DP_CHECK(wait_for_orders());
    return release_all(plan);
}

Result<void> RoutingRun::order_all(const Plan& plan) {
    for (const auto& change : plan.changes) {
        if (change.kind != ChangeKind::Order) continue;
        DP_TRY(id, estate_.order(change));
        ordered_.push_back({change.number, id});
        tell(change.number, "ordered");
    }
    return {};
}

Result<void> RoutingRun::assign_all(const Plan& plan) {
    for (const auto& change : plan.changes) {
        if (change.kind != ChangeKind::Assign) continue;
        auto now = change;
        if (change.state != "active") {
            DP_CHECK(estate_.wait_active(change.number, change.id, options_.wait));
            DP_TRY(live, estate_.read());  // becoming active is a version of its own
            if (const auto there = live.find(change.number); there != live.end())
                now.version = there->second.at("version").to_number<std::int64_t>();
        }
        DP_CHECK(estate_.assign(now, options_.permissions));
        tell(change.number, "changed");
    }
    return {};
}

Result<void> RoutingRun::wait_for_orders() {
    for (const auto& [number, id] : ordered_) {
        DP_CHECK(estate_.wait_active(number, id, options_.wait));
        tell(number, "active");
    }
    return {};
}

Result<void> RoutingRun::release_all(const Plan& plan) {
    for (const auto& change : plan.changes) {
        if (change.kind != ChangeKind::Release) continue;
        DP_CHECK(estate_.release(change));
        tell(change.number, "released");
    }
    return {};
}

}  // namespace dp::app::cli

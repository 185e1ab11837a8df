#include "telephony/routing/call_flow.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace dp::telephony {
namespace {

Result<void> refuse(std::string field, std::string_view rule) {
    return fail(ErrorCode::InvalidValue, fmt::format("{} {}.", field, rule), field);
}

constexpr std::string_view kDigits = "0123456789*#";

Result<void> check_prompt(const FlowStep& step, const std::string& path) {
    if (step.prompt.empty()) return fail(ErrorCode::MissingField, path + ".prompt is required.", path + ".prompt");
    if (step.prompt.size() > CallFlow::kLongestPrompt)
        return refuse(path + ".prompt", fmt::format("may have at most {} characters", CallFlow::kLongestPrompt));
    return {};
}

Result<void> check_menu(const FlowStep& step, const std::string& path) {
    DP_CHECK(check_prompt(step, path));
    if (step.choices.empty()) return refuse(path + ".choices", "must have at least one entry");
    std::set<std::string> seen;
    for (std::size_t i = 0; i < step.choices.size(); ++i) {
        const std::string& digit = step.choices[i].digit;
        const std::string field = fmt::format("{}.choices[{}].digit", path, i);
        if (digit.size() != 1 || kDigits.find(digit[0]) == std::string_view::npos)
            return refuse(field, "must be one of 0-9, * and #");
        if (!seen.insert(digit).second) return refuse(field, "stands twice in this menu");
    }
    if (step.tries < 1 || step.tries > 10) return refuse(path + ".tries", "must be 1 to 10");
    if (step.digit_timeout < std::chrono::seconds(1) || step.digit_timeout > std::chrono::seconds(60))
        return refuse(path + ".timeoutSeconds", "must be 1 to 60");
    return {};
}

Result<void> check_step(const FlowStep& step, const std::string& path) {
    if (!is_valid_id(step.id)) return refuse(path + ".id", "must be 1 to 64 of A-Z a-z 0-9 . _ -");
    switch (step.kind) {
        case FlowStepKind::Announce:
            return check_prompt(step, path);
        case FlowStepKind::Menu:
            return check_menu(step, path);
        case FlowStepKind::Schedule:
            if (step.schedule_group.empty())
                return fail(ErrorCode::MissingField, path + ".scheduleGroupId is required.", path + ".scheduleGroupId");
            return {};
        case FlowStepKind::Transfer:
            if (!step.target) return fail(ErrorCode::MissingField, path + ".target is required.", path + ".target");
            return {};
        case FlowStepKind::Disconnect:
            return {};
    }
    return {};
}

/// Where a call may go from here without the caller's doing.
std::vector<std::string_view> automatic(const FlowStep& step) {
    switch (step.kind) {
        case FlowStepKind::Announce:
            return {step.next};
        case FlowStepKind::Menu:
            return {step.no_choice};
        case FlowStepKind::Schedule:
            return {step.open, step.next, step.holiday};
        case FlowStepKind::Transfer:
        case FlowStepKind::Disconnect:
            break;
    }
    return {};
}

Result<void> check_references(const CallFlow& flow, const FlowStep& step, const std::string& path) {
    const auto known = [&](const std::string& id) { return id.empty() || flow.find(id) != nullptr; };
    const auto check = [&](const std::string& id, std::string field) -> Result<void> {
        if (known(id)) return {};
        return refuse(path + field, fmt::format("names the step '{}', which this flow does not have", id));
    };
    DP_CHECK(check(step.next, step.kind == FlowStepKind::Schedule ? ".closed" : ".next"));
    DP_CHECK(check(step.no_choice, ".noChoice"));
    DP_CHECK(check(step.open, ".open"));
    DP_CHECK(check(step.holiday, ".holiday"));
    for (std::size_t i = 0; i < step.choices.size(); ++i)
        DP_CHECK(check(step.choices[i].next, fmt::format(".choices[{}].next", i)));
    return {};
}

enum class Mark : std::uint8_t { New, Open, Done };

/// Depth-first; at most kMostSteps deep.
bool circles(const CallFlow& flow, std::size_t at, std::vector<Mark>& marks) {
    if (marks[at] != Mark::New) return marks[at] == Mark::Open;
    marks[at] = Mark::Open;
    for (std::string_view next : automatic(flow.steps[at])) {
        const FlowStep* step = flow.find(next);
        if (step != nullptr && circles(flow, static_cast<std::size_t>(step - flow.steps.data()), marks)) return true;
    }
    marks[at] = Mark::Done;
    return false;
}

}  // namespace

const FlowStep* CallFlow::find(std::string_view step) const {
    const auto found = std::ranges::find(steps, step, &FlowStep::id);
    return step.empty() || found == steps.end() ? nullptr : &*found;
}

const FlowStep* CallFlow::first() const {
    if (!start.empty()) return find(start);
    return steps.empty() ? nullptr : steps.data();
}

Result<void> validate(const CallFlow& flow) {
    if (flow.steps.size() > CallFlow::kMostSteps)
        return refuse("steps", fmt::format("may have at most {} entries", CallFlow::kMostSteps));
    std::set<std::string_view> seen;
    for (std::size_t i = 0; i < flow.steps.size(); ++i) {
        const std::string path = fmt::format("steps[{}]", i);
        DP_CHECK(check_step(flow.steps[i], path));
        if (!seen.insert(flow.steps[i].id).second) return refuse(path + ".id", "stands twice in this flow");
    }
    if (!flow.start.empty() && flow.find(flow.start) == nullptr)
        return refuse("start", fmt::format("names the step '{}', which this flow does not have", flow.start));
    for (std::size_t i = 0; i < flow.steps.size(); ++i)
        DP_CHECK(check_references(flow, flow.steps[i], fmt::format("steps[{}]", i)));
    std::vector<Mark> marks(flow.steps.size(), Mark::New);
    for (std::size_t i = 0; i < flow.steps.size(); ++i)
        if (circles(flow, i, marks))
            return refuse(fmt::format("steps[{}]", i),
                          fmt::format("('{}') leads back to itself without a caller's choice", flow.steps[i].id));
    return {};
}

}  // namespace dp::telephony

/// @file `dialplane trunk test`: asks a carrier everything that a call would, and shows each step.
#include <fmt/format.h>

#include <boost/json.hpp>

#include "app/cli/commands.hpp"
#include "app/cli/documents.hpp"
#include "app/cli/resource_client.hpp"
#include "app/cli/text_table.hpp"

namespace dp::app::cli {

namespace json = boost::json;

namespace {

std::string milliseconds(const json::value& object) {
    const auto* value = member_at(object, "durationMs");
    return value && value->is_number() ? fmt::format("{:.1f} ms", value->to_number<double>()) : "";
}

std::string table_of(const json::value& report) {
    std::vector<std::vector<std::string>> rows{{"STEP", "VERDICT", "TIME", "DETAIL"}};
    const auto* steps = member_at(report, "steps");
    for (const auto& step : steps && steps->is_array() ? steps->get_array() : json::array{})
        rows.push_back({text_at(step, "step"), text_at(step, "verdict"),
                        text_at(step, "verdict") == "skipped" ? "" : milliseconds(step), text_at(step, "detail")});
    return text_table(rows) +
           one_line(fmt::format("{} {} in {}", text_at(report, "edge.name"), text_at(report, "verdict"),
                                milliseconds(report))) +
           "\n";
}

Result<json::value> tested(const TrunkTestCommand& command) {
    DP_TRY(kind, resource_kind("edges"));
    DP_TRY(session, connect(command.connection));
    DP_TRY(trunk, ResourceClient(*session).read(*kind, command.trunk));
    return session->request("POST", item_path(*kind, text_at(trunk.body, "id")) + "/test");
}

}  // namespace

int test_trunk(const TrunkTestCommand& command) {
    const auto report = tested(command);
    if (!report) return complain(report.error());
    fmt::print("{}", command.format == Format::Json ? to_pretty_json(*report) : table_of(*report));
    return text_at(*report, "verdict") == "passed" ? kDone : kFailed;
}

}  // namespace dp::app::cli

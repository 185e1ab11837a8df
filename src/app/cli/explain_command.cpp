/// @file `dialplane routing explain`: where a call to a number would go, step by step, without ringing anybody.
#include <fmt/format.h>

#include <boost/json.hpp>

#include "app/cli/commands.hpp"
#include "app/cli/documents.hpp"
#include "app/cli/text_table.hpp"

namespace dp::app::cli {

namespace json = boost::json;

namespace {

json::object question_of(const ExplainCommand& command) {
    json::object out{{"number", command.number}};
    if (!command.at.empty()) out["time"] = command.at;
    if (!command.digits.empty()) out["digits"] = command.digits;
    if (command.unanswered) out["answered"] = false;
    return out;
}

/// Which flow and step, queue or user a step is about.
std::string place_of(const json::value& step) {
    std::string out;
    for (const auto& [member, noun] :
         {std::pair{"flowId", "flow"}, {"stepId", "step"}, {"queueId", "queue"}, {"userId", "user"}})
        if (const auto id = text_at(step, member); !id.empty())
            out += fmt::format("{}{} {}", out.empty() ? "" : ", ", noun, id);
    return out;
}

std::string outcome_of(const json::value& answer) {
    const auto type = text_at(answer, "outcome.type");
    if (type == "user") return fmt::format("answered by user {}", text_at(answer, "outcome.id"));
    const auto reason = text_at(answer, "outcome.reason");
    return type == "unrouted" ? fmt::format("leads nowhere: {}", reason) : fmt::format("ends: {}", reason);
}

std::string table_of(const json::value& answer) {
    const auto number = text_at(answer, "numberId");
    std::string out =
        one_line(fmt::format("{}{} at {}", text_at(answer, "number"),
                             number.empty() ? "" : fmt::format(" ({})", number), text_at(answer, "time"))) +
        "\n";
    std::vector<std::vector<std::string>> rows{{"TIME", "STEP", "WHERE", "DETAIL"}};
    const auto* steps = member_at(answer, "steps");
    for (const auto& step : steps && steps->is_array() ? steps->get_array() : json::array{})
        rows.push_back({text_at(step, "time"), text_at(step, "type"), place_of(step), text_at(step, "detail")});
    if (rows.size() > 1) out += text_table(rows);
    return out + one_line(outcome_of(answer)) + "\n";
}

Result<json::value> explained(const ExplainCommand& command) {
    DP_TRY(session, connect(command.connection));
    return session->request("POST", "/api/v2/telephony/routing/explain", json::serialize(question_of(command)));
}

}  // namespace

int explain_routing(const ExplainCommand& command) {
    const auto answer = explained(command);
    if (!answer) return complain(answer.error());
    fmt::print("{}", command.format == Format::Json ? to_pretty_json(*answer) : table_of(*answer));
    const auto* routed = member_at(*answer, "routed");
    return routed && routed->is_bool() && routed->get_bool() ? kDone : kFailed;
}

}  // namespace dp::app::cli

#include "api/genesys/route_steps_json.hpp"

#include <boost/json.hpp>

namespace dp::api {

boost::json::array route_steps_json(const std::vector<telephony::RouteStep>& steps) {
    boost::json::array out;
    for (const telephony::RouteStep& step : steps) {
        boost::json::object entry{{"time", to_rfc3339(step.time)}, {"type", step.type}};
        const auto put = [&](std::string_view key, const std::string& value) {
            if (!value.empty()) entry[key] = value;
        };
        put("flowId", step.flow.str());
        put("stepId", step.step);
        put("queueId", step.queue.str());
        put("userId", step.user.str());
        put("detail", step.detail);
        out.push_back(std::move(entry));
    }
    return out;
}

}  // namespace dp::api

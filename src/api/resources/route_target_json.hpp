#pragma once
/// @file How a route target is written and read: `{type: user | queue | callflow, id}`.

#include <boost/json.hpp>

#include <optional>

#include "api/http/json_reader.hpp"
#include "telephony/routing/route_target.hpp"

namespace dp::api {

boost::json::object target_json(const telephony::RouteTarget& target);
/// Nothing when the field is absent; an error is kept in `body`.
std::optional<telephony::RouteTarget> read_target(JsonReader& body, std::string_view name);

}  // namespace dp::api

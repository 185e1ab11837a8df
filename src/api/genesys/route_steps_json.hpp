#pragma once
/// @file The steps of an inbound call's way through flows and queues, as JSON.

#include <boost/json/fwd.hpp>

#include <vector>

#include "telephony/routing/route_target.hpp"

namespace dp::api {

boost::json::array route_steps_json(const std::vector<telephony::RouteStep>& steps);

}  // namespace dp::api

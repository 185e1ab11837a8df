#pragma once
/// @file What is shown of phones beside themselves; each function adds its routes, as part of add_stations().

#include "api/api_context.hpp"
#include "api/http/router.hpp"

namespace dp::api {

void add_station_diagnosis(Router& router, ApiContext& context);
void add_topology(Router& router, ApiContext& context);

}  // namespace dp::api

#pragma once
/// @file Adds the outbound routes and number plans of sites. Called once at start-up; `context` outlives the router.

#include "api/api_context.hpp"
#include "api/http/router.hpp"

namespace dp::api {

void add_site_routing(Router& router, ApiContext& context);

}  // namespace dp::api

#pragma once
/// @file The gauges that are read rather than kept: conversations by status, trunks by registration, stations by state
/// and the store's queue, set when /metrics is asked for.
///
/// API thread.

#include "api/api_context.hpp"

namespace dp::api {

void set_live_figures(const ApiContext& context);

}  // namespace dp::api
